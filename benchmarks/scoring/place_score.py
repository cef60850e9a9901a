"""Citations against the evidence that a set names: pages, sections or passages."""

from __future__ import annotations

from collections.abc import Set

from catena.benchmarks.scoring.word_score import NOTHING, Overlap, of_shares


def place_overlap(cited: Set[int], gold: Set[int]) -> Overlap:
    """Score the overlap of cited units and evidence."""
    common = len(cited & gold)
    return of_shares(common / len(cited), common / len(gold)) if common else NOTHING
