"""Figures over the kept questions of a run, each a ratio of two sums, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catena.benchmarks.intervals import ratio_interval
from catena.benchmarks.kept import Kept
from catena.benchmarks.scoring.mmlongbench_rules import f1_terms


@dataclass(frozen=True, slots=True)
class Measure:
    """`terms` is what a question adds to numerator and denominator; None if the figure does not apply to it."""

    name: str
    terms: Callable[[Kept], tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95% bootstrap interval and the number of questions under it."""

    value: float
    low: float
    high: float
    num: int


def mean(name: str, score: str, where: Callable[[Kept], bool] = lambda one: True) -> Measure:
    """The mean of one score over the questions that have it, or over those of them that `where` picks."""
    return Measure(name, lambda one: (one.scores[score], 1.0) if score in one.scores and where(one) else None)


def share(name: str, part: str, whole: str) -> Measure:
    """The sum of one score over the sum of another, where the other is not 0."""

    def terms(one: Kept) -> tuple[float, float] | None:
        of = one.scores.get(whole, 0.0)
        return (one.scores.get(part, 0.0), of) if of else None

    return Measure(name, terms)


def official_f1() -> Measure:
    """MMLongBench-Doc's F1."""

    def terms(one: Kept) -> tuple[float, float]:
        is_answered = bool(one.scores["answered"])
        return f1_terms(one.scores["score"], is_answerable=one.is_answerable, is_answered=is_answered)

    return Measure("F1", terms)


def figure(measure: Measure, kept: Sequence[Kept]) -> Figure | None:
    """The measure with its interval; None if it applies to no question."""
    terms = [(one.document, found) for one in kept if (found := measure.terms(one)) is not None]
    part, whole = (sum(found[place] for _, found in terms) for place in (0, 1))
    if not whole:
        return None
    return Figure(part / whole, *ratio_interval(terms), len(terms))
