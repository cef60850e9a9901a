"""Figures over the kept questions of a run: means, MMLongBench-Doc's F1, and how sure they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from catena.evaluation.kept import Kept
from catena.evaluation.scoring import mmlongbench

RESAMPLES = 1000

Statistic = Callable[[Sequence[Kept]], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """A named figure over those questions that it applies to."""

    name: str
    applies: Callable[[Kept], bool]
    of: Statistic


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95% bootstrap interval and the number of questions under it."""

    value: float
    low: float
    high: float
    num: int


def mean(name: str, score: str, where: Callable[[Kept], bool] = lambda one: True) -> Measure:
    """The mean of one score over the questions that have it, or over those of them that `where` picks."""

    def of(kept: Sequence[Kept]) -> float:
        return fmean(one.scores[score] for one in kept)

    return Measure(name, lambda one: score in one.scores and where(one), of)


def share(name: str, part: str, whole: str) -> Measure:
    """The sum of one score over the sum of another, where the other is not 0."""

    def of(kept: Sequence[Kept]) -> float:
        return sum(one.scores.get(part, 0.0) for one in kept) / sum(one.scores[whole] for one in kept)

    return Measure(name, lambda one: one.scores.get(whole, 0.0) > 0, of)


def official_f1() -> Measure:
    """MMLongBench-Doc's F1 over answerable and answered questions."""

    def of(kept: Sequence[Kept]) -> float:
        return mmlongbench.f1(
            [
                mmlongbench.Outcome(one.scores["score"], one.is_answerable, bool(one.scores["answered"]))
                for one in kept
            ]
        )

    return Measure("F1", lambda one: "score" in one.scores, of)


def figure(measure: Measure, kept: Sequence[Kept]) -> Figure | None:
    """The measure with its interval; None if it applies to no question.

    Whole documents are drawn, because the questions of one are alike.
    """
    asked = [one for one in kept if measure.applies(one)]
    if not asked:
        return None
    by_document: dict[str, list[Kept]] = defaultdict(list)
    for one in asked:
        by_document[one.document].append(one)
    groups = list(by_document.values())
    draws = np.random.default_rng(0).integers(0, len(groups), (RESAMPLES, len(groups)))
    values = [measure.of([one for number in draw for one in groups[number]]) for draw in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return Figure(measure.of(asked), float(low), float(high), len(asked))
