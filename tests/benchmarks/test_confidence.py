"""Fitting and judging, on signs made up for the purpose."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from catena.agents.extractive.answer_confidence import Model
from catena.benchmarks.absent import Item, Kind
from catena.benchmarks.confidence import report
from catena.benchmarks.confidence_fit import (
    LIKELY_SHARE,
    Data,
    Observed,
    auroc,
    fit,
    likely_limit,
    refusing_limit,
    shipped_models,
    to_toml,
)
from catena.benchmarks.rightness import is_right

NEVER = {"asks of many": 0.0, "asks yes or no": 0.0, "short": 0.0}


def observed(number: int) -> Observed:
    """A third are absent; what is there is right where `telling` is high."""
    chance = np.random.default_rng(number).random()
    is_there, is_good = number % 3 > 0, number % 6 > 2
    kind: Kind = "answerable" if is_there else "not answerable"
    item = Item(f"{number}", "Who?", f"{number % 14}.pdf", kind, of=f"set {number % 4}")
    seen = 0.5 + 0.5 * chance if is_there else 0.5 * chance
    telling = 0.6 + 0.4 * chance if is_good else 0.6 * chance
    return Observed(item, {"margin": telling, "cosine": chance, "known": seen, **NEVER}, is_there and is_good)


OBSERVED = [observed(number) for number in range(240)]


def test_a_telling_sign_gets_the_weight_and_a_false_one_none() -> None:
    data = Data.of(OBSERVED)
    weights = dict(zip(data.names, fit(data.x, data.is_there)[1:], strict=True))
    assert weights["known"] > 5
    assert weights["short"] == 0


def test_limits_are_where_they_should_be() -> None:
    chance = np.linspace(0, 1, 101)
    assert (chance < refusing_limit(chance, np.ones(101, bool))).mean() == pytest.approx(0.08, abs=0.02)
    assert (chance >= likely_limit(chance)).mean() == pytest.approx(LIKELY_SHARE, abs=0.02)


def test_weights_are_drawn_to_what_was_known_before() -> None:
    data = Data.of(OBSERVED)
    prior = np.full(len(data.names), 5.0)
    free, drawn = (fit(data.x, data.is_there, 1e6, one)[1:] for one in (None, prior))
    assert np.allclose(free, 0, atol=0.1)
    assert np.allclose(drawn, 5, atol=0.1)


def test_ranking_is_measured_between_half_and_one() -> None:
    is_there = np.array([True, True, False, False])
    assert auroc(np.array([0.9, 0.8, 0.2, 0.1]), is_there) == 1.0
    assert auroc(np.full(4, 0.5), is_there) == 0.5


def test_the_report_leaves_each_set_out_and_what_is_written_is_read() -> None:
    data = Data.of(OBSERVED)
    text = report(data)
    assert all(f"| set {number} |" in text for number in range(4))
    assert "| all, each set left out in turn | 160 |" in text
    models = tomllib.loads(to_toml(*shipped_models(data)))
    assert Model(**models["there"]).chance(OBSERVED[1].signs) > Model(**models["there"]).chance(
        OBSERVED[0].signs
    )


@pytest.mark.parametrize(
    ("accepted", "said", "pages", "short", "right"),
    [
        ("Ada Brook", "Ada Brook is its head.", (7,), "", True),
        ("Ada Brook", "Ada Brook is its head.", (30,), "", False),
        ("Ada Brook", "Bell Brook is its head.", (7,), "", False),
        ("Ada Brook", "Ada Brook is its head.", (7,), "Bell", False),
        ("$1577.00", "Purchases of property (1,577) (1,373)", (7,), "", True),
        ("12%", "It grew by 13%.", (7,), "", False),
        ("three", "It had three mills.", (8,), "", True),
        ("Yes", "It is allowed.", (7,), "", None),
        ("Yes", "It is allowed.", (7,), "Yes", True),
    ],
)
def test_what_leads_is_judged_by_answer_and_page(
    accepted: str, said: str, pages: tuple[int, ...], short: str, right: bool | None
) -> None:
    item = Item("1", "Who?", "a.pdf", "answerable", (7,), (accepted,))
    assert is_right(item, said, pages, short) is right


def test_an_answer_to_what_is_absent_is_wrong() -> None:
    assert is_right(Item("1", "Who?", "a.pdf", "wrong document"), "Ada", (1,)) is False
