"""Look-up in a manual of what a search passes over: definitions, and sections whose heading asks the same.

"What is a blank?" shares one common word with the line that defines it; the index of a book would lead there at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from catena.agents.document_view import DocumentView
from catena.agents.extractive.instructions import asked_name, asks_how, asks_the_same, defines
from catena.agents.extractive.numeric_question import core
from catena.agents.extractive.question_form import plain_form
from catena.retrieval.text_analysis import query_terms
from catena.types import PageHit, Passage

MAX_DOCUMENTS = 8
MAX_PASSAGES = 3
"""Of one document."""
MIN_SAME = 0.6
NAME = "looked up"


def looked_up(question: str, view: DocumentView, found: Sequence[PageHit]) -> list[PageHit]:
    """Passages that define what is asked for, or stand under a heading that asks the same, and were not found."""
    text = core(plain_form(question))
    name = asked_name(text)
    if not found or not (name or asks_how(text)) or len(view.document_ids) > MAX_DOCUMENTS:
        return []
    known = {passage.key for hit in found for passage in hit.passages}
    chosen = [
        passage
        for document_id in view.document_ids
        for passage in _best(name, query_terms(text), view.passages(document_id))
    ]
    return [PageHit(one.ref, found[0].score, NAME, (one,)) for one in chosen if one.key not in known]


def _best(name: str, asked: Sequence[str], passages: Sequence[Passage]) -> list[Passage]:
    ranked = []
    for passage in passages:
        same = max((asks_the_same(line, asked) for line in passage.header.split("\n")[1:2]), default=0.0)
        worth = same if same >= MIN_SAME else 0.0
        if name and worth < 1 and _is_defined(name, passage):
            worth = 1.0
        if worth:
            ranked.append((worth, passage))
    ranked.sort(key=lambda pair: (-pair[0], pair[1].ordinal))
    return [passage for _, passage in ranked[:MAX_PASSAGES]]


def _is_defined(name: str, passage: Passage) -> bool:
    """Tell whether a line of the passage defines the name, or is the name alone above its definition."""
    if name.casefold() not in passage.text.casefold():
        return False
    before = ""
    for line in passage.text.split("\n"):
        if defines(name, line, before):
            return True
        before = line
    return False
