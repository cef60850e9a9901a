"""A written sentence finds the sentences of the document that it rests on.

The passages that the model names are a hint, checked, not a truth: where they do not support the sentence and
others do, the others are cited. At most three sentences, and the smallest set that is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catena.agents.candidates import Candidate
from catena.agents.checking import support
from catena.retrieval.analysis import query_terms, terms
from catena.retrieval.embedder import Embedder
from catena.types import Evidence

MAX_EVIDENCE = 3
MAX_EMBEDDED = 24
MIN_SHARE, MIN_COSINE = 0.25, 0.5
"""A sentence that holds less of the statement's words, and means less of the same, is no evidence for it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A sentence or row of the passage that the model knows as `number`."""

    number: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class _Scored:
    evidence: Evidence
    held: frozenset[str]


def ground(
    statement: str, numbers: Sequence[int], shown: Sequence[Numbered], embedder: Embedder
) -> tuple[Evidence, ...]:
    """The evidence for one statement, best first; nothing where no sentence comes near it."""
    named = [one.candidate for one in shown if one.number in numbers]
    first = _smallest(statement, _rank(statement, named, embedder)) if named else ()
    if first and _mark(statement, first) == "supported":
        return first
    second = _smallest(statement, _rank(statement, [one.candidate for one in shown], embedder))
    return second if not first or _mark(statement, second) == "supported" else first


def _rank(statement: str, found: Sequence[Candidate], embedder: Embedder) -> list[_Scored]:
    """By shared words and meaning; words choose what is embedded."""
    wanted = frozenset(query_terms(statement))
    pairs = []
    for candidate in found:
        held = wanted & frozenset(terms(candidate.text))
        pairs.append((len(held) / max(1, len(wanted)), held, candidate))
    pairs.sort(key=lambda pair: -pair[0])
    pairs = pairs[:MAX_EMBEDDED]
    if not pairs:
        return []
    vectors = embedder.embed([statement, *(candidate.text for _, _, candidate in pairs)])
    cosines = vectors[1:] @ vectors[0]
    near = [
        (share + float(cosine), held, candidate)
        for (share, held, candidate), cosine in zip(pairs, cosines, strict=True)
        if share >= MIN_SHARE or cosine >= MIN_COSINE
    ]
    near.sort(key=lambda one: -one[0])
    return [
        _Scored(Evidence(candidate.evidence.spans, candidate.text, score), held)
        for score, held, candidate in near
    ]


def _smallest(statement: str, ranked: Sequence[_Scored]) -> tuple[Evidence, ...]:
    """One sentence if one is enough, else the best one and those that add words of the statement to it."""
    for one in ranked[:MAX_EVIDENCE]:
        if _mark(statement, [one.evidence]) == "supported":
            return (one.evidence,)
    if not ranked:
        return ()
    chosen, held = [ranked[0].evidence], ranked[0].held
    if _mark(statement, chosen) == "contradicted":
        return tuple(chosen)  # more quotes would only hide it
    for one in ranked[1:]:
        if len(chosen) == MAX_EVIDENCE or _mark(statement, chosen) == "supported":
            break
        if one.held - held:
            chosen.append(one.evidence)
            held |= one.held
    return tuple(chosen)


def _mark(statement: str, evidence: Sequence[Evidence]) -> str:
    return support(statement, [one.text for one in evidence])
