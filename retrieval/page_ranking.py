"""Scored passages become pages, best first; of several searches, the pages are fused by rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catena.retrieval.document_cache import OpenedDocument
from catena.retrieval.protocols import Retriever
from catena.types import PageHit, PageRef, Passage

CONSTANT = 60
"""Of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009)."""


@dataclass(frozen=True, slots=True)
class Scored:
    """`scores[ordinal]` of every passage; minus infinity where it was no candidate."""

    document: OpenedDocument
    scores: NDArray[np.float32]


def page_hits(scored: Sequence[Scored], k: int, retriever: str) -> list[PageHit]:
    """The `k` best pages over all documents; each hit holds all passages of its page, best first."""
    best: list[tuple[float, int, int]] = []  # score, place in `scored`, page
    for place, one in enumerate(scored):
        pages: dict[int, float] = defaultdict(lambda: -np.inf)
        for page, score in zip(one.document.pages.tolist(), one.scores.tolist(), strict=True):
            pages[page] = max(pages[page], score)
        best.extend((score, place, page) for page, score in pages.items() if score > -np.inf)
    best.sort(key=lambda hit: (-hit[0], hit[1], hit[2]))
    return [_hit(scored[place], page, score, retriever) for score, place, page in best[:k]]


def _hit(scored: Scored, page: int, score: float, retriever: str) -> PageHit:
    ordinals = np.flatnonzero(scored.document.pages == page)
    ordered = sorted(ordinals.tolist(), key=lambda ordinal: (-scored.scores[ordinal], ordinal))
    passages = tuple(scored.document.passages[ordinal] for ordinal in ordered)
    return PageHit(passages[0].ref, score, retriever, passages)


def find(retriever: Retriever, queries: Sequence[str], document_ids: Sequence[str], k: int) -> list[PageHit]:
    """Up to `k` pages, best first; of several searches, what several rank high comes first."""
    ranked = [retriever.retrieve(query, document_ids, k) for query in queries]
    return ranked[0] if len(ranked) == 1 else fuse(ranked)[:k]


def find_in_each(
    retriever: Retriever, queries: Sequence[str], document_ids: Sequence[str], k: int
) -> list[PageHit]:
    """Up to `k` pages of each document, so that none is crowded out."""
    found = [hit for one in document_ids for hit in find(retriever, queries, [one], k)]
    return sorted(found, key=lambda hit: -hit.score)


def fuse(ranked: Sequence[Sequence[PageHit]]) -> list[PageHit]:
    """Reciprocal rank fusion of pages; a page brings the passages of every list that has it."""
    scores: dict[PageRef, float] = {}
    passages: dict[PageRef, dict[int, Passage]] = {}
    names: dict[PageRef, str] = {}
    for hits in ranked:
        for place, hit in enumerate(hits, 1):
            scores[hit.ref] = scores.get(hit.ref, 0.0) + 1 / (CONSTANT + place)
            passages.setdefault(hit.ref, {}).update({one.ordinal: one for one in hit.passages})
            names.setdefault(hit.ref, hit.retriever)
    best = sorted(scores, key=lambda ref: -scores[ref])
    return [PageHit(ref, scores[ref], names[ref], tuple(passages[ref].values())) for ref in best]
