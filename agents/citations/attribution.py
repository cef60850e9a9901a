"""A written sentence finds the sentences of the document that it rests on.

The passages that the model names are a hint, checked, not a truth: where they do not support the sentence and
others do, the others are cited. At most three sentences, and the smallest set that is enough.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from catena.agents.candidates import Candidate
from catena.agents.citations.support_check import support
from catena.agents.extractive.sentence_ranking import label_terms, own_text
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence

MAX_EVIDENCE = 3
MAX_EMBEDDED = 24
WORDS = 2.0
"""What all of a statement's words are worth beside its meaning (chosen, as what follows, by `catena eval citing`)."""
K, B = 1.2, 0.75
"""BM25's: how much less a long sentence is worth that holds the same words."""
HEADING, LABEL = 0.5, 0.6
"""What a row's heading is worth beside its own words, and its label if the statement names all of it: a row holds
few words of a statement, and a figure that was computed is in no row, but the statement names what it is made of."""
MIN_SHARE, MIN_COSINE, MIN_WORDS = 0.25, 0.5, 0.4
"""A sentence that holds fewer of the statement's words, means less of the same, and is worth less by its words, is no
evidence for it."""


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
        """Tell whether both stand in one passage, in two adjacent ones, or in two documents that are compared."""
        documents = {one.evidence.spans[0].ref.document_id for one in (self, other)}
        return len(documents) > 1 or abs(self.number - other.number) <= 1


class Attributor:
    """The sentences that the statements of an answer may rest on, each stemmed and embedded once."""

    def __init__(self, shown: Sequence[Numbered], embedder: Embedder) -> None:
        self._shown = shown
        self._embedder = CachingEmbedder(embedder)
        self._rows: dict[int, tuple[frozenset[str], frozenset[str]]] = {}

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

    def named(self, statement: str, numbers: Sequence[int]) -> tuple[Evidence, ...]:
        """Of the passages that the model named, the sentence that shares most figures and names with a statement.

        For what cannot be compared word by word; without passages named, only one that shares some is taken.
        """
        wanted = _across_languages(statement)
        best: tuple[int, Evidence] | None = None
        for one in self._shown:
            score = sum(_across_languages(one.candidate.text)[key] > 0 for key in wanted)
            is_named = one.number in numbers
            if (is_named or (not numbers and score)) and (best is None or score > best[0]):
                text = one.candidate.text
                best = score, Evidence(one.candidate.evidence.spans, text, float(score))
        return (best[1],) if best else ()

    def _rank(self, statement: str, places: Sequence[int]) -> list[_Scored]:
        """By shared words, rare ones above all, and meaning; words choose what is embedded."""
        wanted = frozenset(query_terms(statement))
        worth = [(self._words(wanted, place), place) for place in places]
        best = sorted(worth, key=lambda one: -one[0])[:MAX_EMBEDDED]
        if not best:
            return []
        texts = [self._shown[place].candidate.text for _, place in best]
        vectors = self._embedder.embed([statement, *texts])
        near = []
        for (words, place), text, cosine in zip(best, texts, vectors[1:] @ vectors[0], strict=True):
            one, held = self._shown[place], wanted & self._terms[place]
            if len(held) >= MIN_SHARE * len(wanted) or cosine >= MIN_COSINE or words >= MIN_WORDS:
                score = WORDS * words + float(cosine)
                near.append(_Scored(one.number, Evidence(one.candidate.evidence.spans, text, score), held))
        return sorted(near, key=lambda one: -one.evidence.score)

    def _words(self, wanted: frozenset[str], place: int) -> float:
        """Weight of the words shared with a statement: all of them 1, of a row up to twice as much."""
        total, held = self._weight(wanted) or 1.0, wanted & self._terms[place]
        length = self._lengths[place] / self._mean_length
        words = self._weight(held) / total * (K + 1) / (1 + K * (1 - B + B * length))
        if self._shown[place].candidate.kind != "row":
            return words
        heading, label = self._about(place)
        words += HEADING * self._weight(wanted & heading - held) / total
        named = self._weight(wanted & label) / (self._weight(label) or 1.0)
        return words + LABEL * named * min(1.0, len(label) / 2)  # one word alone names many rows

    def _about(self, place: int) -> tuple[frozenset[str], frozenset[str]]:
        """The terms of a row's heading, and those of its label."""
        if place not in self._rows:
            row = self._shown[place].candidate
            label = (term for term in label_terms(own_text(row)) if not term[:1].isdigit())
            self._rows[place] = frozenset(terms(row.heading)), frozenset(label)
        return self._rows[place]

    @cached_property
    def _terms(self) -> list[frozenset[str]]:
        return [frozenset(terms(one.candidate.text)) for one in self._shown]

    @cached_property
    def _lengths(self) -> list[int]:
        return [len(terms(one.candidate.text)) for one in self._shown]

    @cached_property
    def _mean_length(self) -> float:
        return sum(self._lengths) / len(self._lengths) or 1.0

    def _weight(self, held: Iterable[str]) -> float:
        return sum(self._rarity(term) for term in held)

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(term for held in self._terms for term in held)

    def _rarity(self, term: str) -> float:
        """Its weight in BM25, over the sentences shown."""
        count = self._frequency[term]
        return math.log1p((len(self._shown) - count + 0.5) / (count + 0.5))


def _across_languages(text: str) -> Counter[str]:
    """Tokens written alike in many languages: figures, without their separators, and words of Latin script."""
    figures = (re.sub(r"\D", "", one) for one in re.findall(r"\d[\d.,\u00a0\u202f'’]*", text))
    words = (word.casefold() for word in re.findall(r"[A-Za-z]{4,}", text))
    return Counter([*(one for one in figures if one), *words])


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


class CachingEmbedder:
    """Keeps the vector of every text that it was asked for, as long as it lives."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text (n, d)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])
