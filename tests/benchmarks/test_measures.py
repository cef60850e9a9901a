"""Figures and their intervals over kept questions."""

from __future__ import annotations

import pytest

from catena.benchmarks.kept import Kept
from catena.benchmarks.measures import Measure, figure, mean, share


def kept(document: str, **scores: float) -> Kept:
    return Kept("key", document, {}, True, [], [], "", scores, {}, None)


ASKED = [
    kept("a", hit=1, told=2, of=4),
    kept("a", hit=0, told=0, of=0),
    kept("b", hit=1, told=1, of=1),
    kept("c"),
]


@pytest.mark.parametrize(
    ("measure", "value", "num"), [(mean("hits", "hit"), 2 / 3, 3), (share("told", "told", "of"), 3 / 5, 2)]
)
def test_what_does_not_apply_does_not_count(measure: Measure, value: float, num: int) -> None:
    found = figure(measure, ASKED)
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.num == num


def test_an_interval_draws_whole_documents() -> None:
    found = figure(mean("hits", "hit"), ASKED)
    assert found is not None
    # of documents a and b: a twice gives 1/2, b twice 1
    assert (found.low, found.high) == (0.5, 1.0)


def test_where_picks_questions() -> None:
    assert figure(mean("hits", "hit", lambda one: one.document == "c"), ASKED) is None
    assert figure(mean("hits", "hit"), []) is None
