"""A written sentence finds the sentences of the document that it rests on.

The passages that the model names are a hint, checked, not a truth: where they do not support the sentence and
others do, the others are cited. At most three sentences, and the smallest set that is enough.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from catena.agents.candidates import Candidate
from catena.agents.checking import support
from catena.agents.remembering import Remembering
from catena.retrieval.analysis import query_terms, terms
from catena.retrieval.embedder import Embedder
from catena.types import Evidence

MAX_EVIDENCE = 3
MAX_EMBEDDED = 24
WORDS = 2.0
"""What all of a statement's words are worth beside its meaning (chosen by `catena eval citing`)."""
MIN_SHARE, MIN_COSINE = 0.25, 0.5
"""A sentence that holds less of the statement's words, and means less of the same, is no evidence for it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A sentence or row of the passage that the model knows as `number`."""

    number: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class _Scored:
    number: int
    evidence: Evidence
    held: frozenset[str]

    def is_near(self, other: _Scored) -> bool:
        """Whether both stand in one passage, in two that follow each other, or in two documents that are compared."""
        documents = {one.evidence.spans[0].ref.document_id for one in (self, other)}
        return len(documents) > 1 or abs(self.number - other.number) <= 1


class Ground:
    """The sentences that the statements of an answer may rest on, each stemmed and embedded once."""

    def __init__(self, shown: Sequence[Numbered], embedder: Embedder) -> None:
        self._shown = shown
        self._embedder = Remembering(embedder)

    def find(self, statement: str, numbers: Sequence[int] = ()) -> tuple[Evidence, ...]:
        """The evidence for one statement, best first; nothing where no sentence comes near it.

        `numbers` are the passages that the model named.
        """
        named = [place for place, one in enumerate(self._shown) if one.number in numbers]
        first = _smallest(statement, self._rank(statement, named)) if named else ()
        if first and _mark(statement, first) == "supported":
            return first
        second = _smallest(statement, self._rank(statement, range(len(self._shown))))
        return second if not first or _mark(statement, second) == "supported" else first

    def _rank(self, statement: str, places: Sequence[int]) -> list[_Scored]:
        """By shared words, rare ones above all, and meaning; words choose what is embedded."""
        wanted = frozenset(query_terms(statement))
        rarity = {term: self._rarity(term) for term in wanted}
        total = sum(rarity.values()) or 1.0
        shares = [
            (sum(rarity[term] for term in wanted & self._terms[place]) / total, place) for place in places
        ]
        best = sorted(shares, key=lambda one: -one[0])[:MAX_EMBEDDED]
        if not best:
            return []
        texts = [self._shown[place].candidate.text for _, place in best]
        vectors = self._embedder.embed([statement, *texts])
        near = []
        for (share, place), text, cosine in zip(best, texts, vectors[1:] @ vectors[0], strict=True):
            one, held = self._shown[place], wanted & self._terms[place]
            if len(held) >= MIN_SHARE * len(wanted) or cosine >= MIN_COSINE:
                score = WORDS * share + float(cosine)
                near.append(_Scored(one.number, Evidence(one.candidate.evidence.spans, text, score), held))
        return sorted(near, key=lambda one: -one.evidence.score)

    @cached_property
    def _terms(self) -> list[frozenset[str]]:
        return [frozenset(terms(one.candidate.text)) for one in self._shown]

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(term for held in self._terms for term in held)

    def _rarity(self, term: str) -> float:
        """Its weight in BM25, over the sentences shown."""
        count = self._frequency[term]
        return math.log1p((len(self._shown) - count + 0.5) / (count + 0.5))


def _smallest(statement: str, ranked: Sequence[_Scored]) -> tuple[Evidence, ...]:
    """One sentence if one is enough, else the best one and those near it that add words of the statement.

    From further off almost any statement can be put together, a false one too.
    """
    for one in ranked[:MAX_EVIDENCE]:
        if _mark(statement, [one.evidence]) == "supported":
            return (one.evidence,)
    if not ranked:
        return ()
    best = ranked[0]
    chosen, held = [best.evidence], best.held
    if _mark(statement, chosen) == "contradicted":
        return tuple(chosen)  # more quotes would only hide it
    for one in ranked[1:]:
        if len(chosen) == MAX_EVIDENCE or _mark(statement, chosen) == "supported":
            break
        if one.held - held and one.is_near(best):
            chosen.append(one.evidence)
            held |= one.held
    return tuple(chosen)


def _mark(statement: str, evidence: Sequence[Evidence]) -> str:
    return support(statement, [one.text for one in evidence])
