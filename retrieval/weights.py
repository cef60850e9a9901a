"""Weights in the order of passages, in one value, so that they can be chosen on questions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """Chosen on FinanceBench and MMLongBench-Doc; benchmarks/tuning.py measures them leaving one document out.

    `header`: what a word counts once more if it stands in the passage's header. `echo`: what the document's own words
    around those of the question count, together, beside the question's; anything from 0.5 to 2 does as well.
    `words`: what one standard deviation of the lexical score counts beside the cosine.
    """

    header: float = 0.5
    echo: float = 0.5
    words: float = 0.03


WEIGHTS = Weights()
