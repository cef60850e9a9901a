"""Scored passages become pages, best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catena.retrieval.document_cache import OpenedDocument
from catena.types import PageHit


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
