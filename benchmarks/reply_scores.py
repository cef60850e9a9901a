"""Scores that every benchmark takes of an answer: refusals, marks, cited places, quotes, entailment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catena.benchmarks.datasets.benchmark_items import Item
from catena.benchmarks.scoring import alce
from catena.benchmarks.scoring.entailment import FULLY, Entailment
from catena.benchmarks.scoring.judge import ModelJudge
from catena.benchmarks.scoring.place_score import place_overlap
from catena.benchmarks.scoring.word_score import Overlap, holds
from catena.types import Answer, Citation, QuoteStatus, Statement

VERIFIED: QuoteStatus = "verified"
MARKS = ("supported", "partial", "unsupported", "contradicted")
Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, the units that each of its citations quotes, who judges, and the short answer if one is scored.

    Only the citations of statements count: a refusal shows the closest passages, which prove nothing.
    """

    item: Item
    answer: Answer
    cited: Sequence[frozenset[int]]
    entailment: Entailment
    judge: ModelJudge | None = None
    short: str = ""

    @property
    def is_refusal(self) -> bool:
        return self.answer.status == "not_in_document"

    @property
    def text(self) -> str:
        """Return the text of the reply, on one line; nothing for a refusal."""
        return "" if self.is_refusal else " ".join(self.answer.text.split())

    def citations(self, statement: Statement) -> list[Citation]:
        """The verified citations of a statement."""
        found = [self.answer.citations[number] for number in statement.citations]
        return [citation for citation in found if citation.status == VERIFIED]

    def units(self, statement: Statement) -> list[int]:
        """The units that a statement cites, each once, in the order of its citations."""
        numbers = [number for n in statement.citations for number in sorted(self.cited[n])]
        return list(dict.fromkeys(numbers))

    async def entails(self, premise: str, claim: str) -> bool:
        return await self.entailment.support(self.item.question, claim, premise) == FULLY


async def general(reply: Reply) -> Scores:
    """The scores that every set has; a score that does not apply is left out."""
    scores = {"refused": float(reply.is_refusal)} | _marks(reply)
    if reply.item.is_answerable:
        scores["quoted"] = float(_is_quoted(reply))
        scores |= _places(reply)
    scores |= shares("quotes", await _by_quotes(reply))
    return scores


def shares(name: str, found: Overlap | None) -> Scores:
    """Precision, recall and F1 under names of their own."""
    if found is None:
        return {}
    return {f"{name}_precision": found.precision, f"{name}_recall": found.recall, f"{name}_f1": found.f1}


def _marks(reply: Reply) -> Scores:
    statements = reply.answer.statements
    marks = [statement.support for statement in statements]
    return {
        "statements": float(len(statements)),
        "verified": float(sum(bool(reply.citations(statement)) for statement in statements)),
        **{mark: float(marks.count(mark)) for mark in MARKS if mark in marks},
    }


def _is_quoted(reply: Reply) -> bool:
    """Tell whether an accepted answer stands in the quotes, read in the order of the document."""
    cited = {number for statement in reply.answer.statements for number in statement.citations}
    citations = sorted(
        (reply.answer.citations[number] for number in cited),
        key=lambda one: (one.parts[0].ref.number, one.parts[0].start),
    )
    return holds(" ".join(citation.quote for citation in citations), reply.item.answers)


def _places(reply: Reply) -> Scores:
    """Cited units against the evidence. Nothing cited is recall 0 and F1 0, and has no precision."""
    if not reply.item.gold:
        return {}
    cited = {unit for statement in reply.answer.statements for unit in reply.units(statement)}
    scores = shares("places", place_overlap(cited, reply.item.gold))
    scores["places_hit"] = float(bool(cited & reply.item.gold))
    if not cited:
        del scores["places_precision"]
    return scores


async def _by_quotes(reply: Reply) -> Overlap | None:
    """Each statement against its quotes; a quote that is not verified proves nothing."""
    quotes: list[str] = []
    claims = []
    for statement in reply.answer.statements:
        own = [citation.quote for citation in reply.citations(statement)]
        claims.append(alce.Claim(statement.text, tuple(range(len(quotes) + 1, len(quotes) + len(own) + 1))))
        quotes += own
    return await alce.citation_overlap(claims, quotes, reply.entails, max_cited=None)
