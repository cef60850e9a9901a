"""Intervals of a figure: 95% bootstrap over whole documents, because the questions of one are alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

RESAMPLES = 2000
Terms = tuple[float, float]
"""Addends of a question to the numerator and the denominator of a figure."""


def ratio_interval(terms: Iterable[tuple[str, Terms]]) -> tuple[float, float]:
    """The interval of a ratio of two sums, from document and terms of each question. One denominator is not 0."""
    by_document: dict[str, list[Terms]] = defaultdict(list)
    for document, one in terms:
        by_document[document].append(one)
    sums = np.array([np.sum(own, axis=0) for own in by_document.values()])  # (documents, 2)
    draws = np.random.default_rng(0).integers(0, len(sums), (RESAMPLES, len(sums)))
    parts, wholes = np.moveaxis(sums[draws].sum(axis=1), 1, 0)
    low, high = np.percentile(parts[wholes > 0] / wholes[wholes > 0], [2.5, 97.5])
    return float(low), float(high)


def interval(values: Sequence[float], documents: Sequence[str]) -> tuple[float, float]:
    """The interval of a mean."""
    return ratio_interval((document, (value, 1.0)) for document, value in zip(documents, values, strict=True))
