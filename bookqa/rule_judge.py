"""The judge that needs no model: it knows the right answer and its evidence, and compares words. Named "rules".

It cannot tell a paraphrase from a wrong answer, so it says less of systems that write than of those that quote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from catena.bookqa.games import Verdict
from catena.bookqa.items import Item
from catena.bookqa.responses import Response
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Citation

SAME = 0.6
"""Share of an answer's telling words that another one must hold."""
GIVEN_AWAY = 0.8
"""Share of an answer's words that a question must not hold."""
CLOSER = 0.15
"""By how much the overlap (F1) of one response must be better."""
ON_EVIDENCE = 0.5
"""Share of the shorter of two quotes that both cover, to be the same evidence."""
_OPTION = re.compile(r"\((?P<letter>[ab])\) “(?P<text>[^“”]+)”")
_LETTER = re.compile(r"(?<!\w)\(?([ab])\)", re.IGNORECASE)


def telling(answer: str, question: str) -> set[str]:
    """The terms of an answer that its question does not give; all of them, if it gives all."""
    said = set(query_terms(answer))
    return said - set(terms(question)) or said


def is_same(reply: str, answer: str, question: str) -> bool:
    """Tell whether a reply holds what the answer tells."""
    wanted = telling(answer, question)
    return bool(wanted) and len(wanted & set(terms(reply))) >= SAME * len(wanted)


def gives_away(question: str, answer: str) -> bool:
    """Tell whether the question holds its answer."""
    said = {term for term in query_terms(answer) if len(term) > 1}  # "(a)" names a choice of the question
    return bool(said) and len(said & set(terms(question))) >= GIVEN_AWAY * len(said)


@dataclass(frozen=True, slots=True)
class Marks:
    """Criteria, of which the first difference decides: right, quotes the evidence, closeness of the words."""

    is_right: bool
    has_evidence: bool
    overlap: float


class RuleJudge:
    name = "rules"
    version = "2"

    async def compare(self, item: Item, first: Response, second: Response) -> Verdict:
        """Compare by gold evidence and overlap with the right answer; the order shown plays no part."""
        one, other = marks(item, first), marks(item, second)
        for mine, theirs in (
            (one.is_right, other.is_right),
            (one.has_evidence, other.has_evidence),
        ):
            if mine != theirs:
                return "first" if mine else "second"
        if abs(one.overlap - other.overlap) < CLOSER:
            return "tie"
        return "first" if one.overlap > other.overlap else "second"


def marks(item: Item, response: Response) -> Marks:
    """Mark a response. To refuse is right where the book does not say, and nothing else is."""
    if not item.is_answerable or response.is_refusal:
        is_right = response.is_refusal and not item.is_answerable
        return Marks(is_right, has_evidence=False, overlap=float(is_right))
    has_evidence = any(is_same_place(ours, gold) for ours in response.citations for gold in item.citations)
    if options(item):  # both sentences stand in the question, and both are cited as evidence
        is_right = chosen(item, response.text) == item.answer.strip("()")
        return Marks(is_right, has_evidence, float(is_right))
    wanted = telling(item.answer, item.question)
    said = telling(response.text, item.question)
    shared = len(wanted & set(terms(response.text)))
    recall = shared / max(1, len(wanted))
    precision = shared / max(1, len(said))
    overlap = 2 * precision * recall / (precision + recall) if shared else 0.0
    return Marks(recall >= SAME, has_evidence, overlap)


def is_same_place(left: Citation, right: Citation) -> bool:
    """Tell whether two citations quote the same sentence, or one a part of the other's."""
    for ours in left.parts:
        for theirs in right.parts:
            both = min(ours.end, theirs.end) - max(ours.start, theirs.start)
            shorter = min(ours.end - ours.start, theirs.end - theirs.start)
            if ours.ref == theirs.ref and both >= ON_EVIDENCE * max(1, shorter):
                return True
    return False


def options(item: Item) -> Mapping[str, str]:
    """The sentences of an item by their letter; empty for an item that offers none."""
    found = {one["letter"]: one["text"] for one in _OPTION.finditer(item.question)}
    return found if item.answer.strip("()") in found else {}


def chosen(item: Item, reply: str) -> str:
    """The letter that a reply names, or the one whose sentence it quotes; empty where it says both or neither."""
    letters = {letter.lower() for letter in _LETTER.findall(reply)}
    if not letters:
        said = _plain(reply)
        letters = {letter for letter, text in options(item).items() if _plain(text) in said}
    return letters.pop() if len(letters) == 1 else ""


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
