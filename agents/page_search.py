"""From one or several searches to pages: fused by rank, or each document on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catena.types import PageHit, PageRef, Passage

CONSTANT = 60
"""Of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009)."""


class Retriever(Protocol):
    def retrieve(self, question: str, document_ids: Sequence[str], k: int, /) -> list[PageHit]: ...


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
