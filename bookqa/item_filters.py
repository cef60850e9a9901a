"""Why an item is thrown away: each filter is one reason, counted in the report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from catena.agents.generative.prompt_passages import show
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import NOT_FOUND, plain, read_reply
from catena.bookqa.book import Book
from catena.bookqa.item_slots import Slot, tenth
from catena.bookqa.item_writer import FOLDER, Draft
from catena.bookqa.items import LONG_KINDS, Item
from catena.bookqa.rule_judge import gives_away, is_same
from catena.llm.protocol import LLM, chat
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms
from catena.types import Passage

Reason = Literal[
    "no_passage",
    "unreadable",
    "no_evidence",
    "one_passage_cited",
    "elsewhere",
    "names_subject",
    "gives_away",
    "closed_book",
    "one_passage",
    "answerable",
    "duplicate",
]
REASONS: dict[Reason, str] = {
    "no_passage": "nothing fit to ask about in the parts of the book that were asked for",
    "unreadable": "no question could be read from the model's reply",
    "no_evidence": "evidence missing",
    "one_passage_cited": "evidence in one passage, where a long span was wanted",
    "elsewhere": "position: evidence not in the parts of the book that were asked for",
    "names_subject": "names openly what it is about",
    "gives_away": "the question holds its answer",
    "closed_book": "answerable without the book",
    "one_passage": "answerable from one passage, where a long span was wanted",
    "answerable": "meant as unanswerable, but the book answers it",
    "duplicate": "asks what another item asks",
}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
MIN_TENTHS = 2
"""Of the three tenths asked for, how many must hold evidence."""
MAX_SINGLE = 4
"""Passages that are given alone to the model, to see whether one is enough."""
NUM_SEARCHED = 12
"""Passages of the whole book, the nearest by words, that must not answer an unanswerable question."""
MAX_REPLY, MAX_SENTENCES = 200, 3
"""Tokens and sentences of an answer that is only looked at."""
SAME_QUESTION = 0.92
SAME_BOTH = 0.8
"""Cosines above which two questions are one; the lower one where their answers are as near, too."""
MIN_TOLD = 3
"""Words of an answer; that two names, or two choices of (a) and (b), are the same says little. Such items are one where
they rest on one quote."""


async def examine(
    draft: Draft, slot: Slot, subject_words: frozenset[str], book: Book, llm: LLM | None
) -> Reason | None:
    """The first reason to throw a draft away; without a model what code can tell. Raises ModelError and Stopped."""
    reason = by_code(draft, slot, subject_words, book)
    return reason if reason or llm is None else await by_model(draft, slot, book, llm)


def by_code(draft: Draft, slot: Slot, subject_words: frozenset[str], book: Book) -> Reason | None:
    """Check without a model: return the first reason to throw a draft away."""
    is_long = slot.kind in LONG_KINDS
    places = [book.place(citation) for citation in draft.citations]
    tenths = {tenth(at) for _, at in places}
    if slot.kind != "unanswerable" and not draft.citations:
        return "no_evidence"
    if is_long and len({passage for passage, _ in places}) < 2:
        return "one_passage_cited"
    if slot.kind != "unanswerable" and len(tenths & {*slot.tenths}) < (MIN_TENTHS if is_long else 1):
        return "elsewhere"
    if is_long and subject_words & set(_WORD.findall(draft.question.casefold())):
        return "names_subject"
    if gives_away(draft.question, draft.answer):
        return "gives_away"
    return None


async def by_model(draft: Draft, slot: Slot, book: Book, llm: LLM) -> Reason | None:
    """Check with a reader: return the first reason to throw a draft away. Raises ModelError and Stopped."""
    if slot.kind == "unanswerable":
        found = await _answer(draft.question, nearest(draft.question, book), book, llm)
        return "answerable" if found else None
    if await _is_known(draft, book, llm):
        return "closed_book"
    if slot.kind in LONG_KINDS and await _is_in_one(draft, book, llm):
        return "one_passage"
    return None


async def _is_known(draft: Draft, book: Book, llm: LLM) -> bool:
    """Tell whether the model answers with no context but the book's title."""
    user = render("closed", FOLDER, title=book.title, question=draft.question)
    system = render("closed_system", FOLDER)
    done = await llm.complete(chat(system, user), max_tokens=MAX_REPLY, role="closed")
    return is_same(plain(done.text), draft.answer, draft.question)


async def _is_in_one(draft: Draft, book: Book, llm: LLM) -> bool:
    """Tell whether the model finds the whole answer in one of the passages that are cited."""
    ordinals = list(dict.fromkeys(book.place(citation)[0] for citation in draft.citations))
    for passage in book.passages(book.id, ordinals[:MAX_SINGLE]):
        reply = await _answer(draft.question, [passage], book, llm)
        if reply and is_same(reply, draft.answer, draft.question):
            return True
    return False


async def _answer(question: str, passages: Sequence[Passage], book: Book, llm: LLM) -> str:
    """The model's answer from these passages; nothing if it says that they do not tell."""
    shown = show(passages, range(1, len(passages) + 1), book.view)
    form = render("form_answer", max_sentences=str(MAX_SENTENCES))
    system = render("answer_system", form=form, not_found=NOT_FOUND)
    user = render("answer", passages=shown.text, question=question)
    done = await llm.complete(chat(system, user), max_tokens=MAX_REPLY, role="check")
    reply = read_reply(done.text, range(1, len(passages) + 1))
    return "" if reply.denies or reply.declines else " ".join(claim.text for claim in reply.claims)


def nearest(question: str, book: Book) -> list[Passage]:
    """Of all passages of the book the best by BM25, in reading order."""
    scores = book.index.score(query_terms(question))
    best = np.argsort(-scores, kind="stable")[:NUM_SEARCHED]
    return book.passages(book.id, sorted(int(ordinal) for ordinal in best))


def duplicates(items: Sequence[Item], embedder: Embedder) -> list[int]:
    """The places of items that ask, by the embedder, what one before them asks; of a pair the first is kept."""
    if not items:
        return []
    questions = embedder.embed([item.question for item in items])  # (items, dimensions)
    answers = embedder.embed([item.answer or item.question for item in items])
    is_telling = np.array([len(query_terms(item.answer)) >= MIN_TOLD for item in items])
    kept: list[int] = []
    repeated: list[int] = []
    quoted: set[str] = set()
    for place, item in enumerate(items):
        quotes = {citation.quote for citation in item.citations}
        asked = questions[kept] @ questions[place]
        told = answers[kept] @ answers[place]
        is_same = (asked >= SAME_QUESTION) | (is_telling[place] & (asked >= SAME_BOTH) & (told >= SAME_BOTH))
        if np.any(is_same) or (not is_telling[place] and quotes & quoted):
            repeated.append(place)
        else:
            kept.append(place)
            quoted |= quotes
    return repeated
