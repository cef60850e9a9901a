from __future__ import annotations

import numpy as np
import pytest

from catena.agents.abstain import Signs
from catena.evaluation.absent import Item, Kind
from catena.evaluation.abstention import (
    MAX_FALSE_REFUSALS,
    Observed,
    auroc,
    cross_validate,
    fit,
    judge,
    threshold,
    to_markdown,
)


def observed(number: int, *, is_there: bool) -> Observed:
    kind: Kind = "answerable" if is_there else "not answerable"
    item = Item(f"{number}", "Who?", f"{number % 7}.pdf", kind, (1,) if is_there else ())
    chance = np.random.default_rng(number).random()
    seen = 0.5 + 0.5 * chance if is_there else 0.5 * chance
    return Observed(item, Signs(seen, 1.0, 1.0, chance, 1.0, 0.5), is_there)


OBSERVED = [observed(number, is_there=number % 3 > 0) for number in range(120)]


def test_a_telling_sign_gets_the_weight_and_a_false_one_none() -> None:
    signs = np.array([[one.signs.covered, one.signs.cosine] for one in OBSERVED])
    weights = fit(signs, np.array([one.item.is_there for one in OBSERVED]))
    assert weights[1] > 1
    assert abs(weights[2]) < 0.01


def test_about_one_refusal_in_ten_is_allowed() -> None:
    chance, is_there = np.linspace(0, 1, 101), np.ones(101, bool)
    assert (chance < threshold(chance, is_there)).mean() == pytest.approx(MAX_FALSE_REFUSALS, abs=0.01)


def test_ranking_is_measured_between_half_and_one() -> None:
    is_there = np.array([True, True, False, False])
    assert auroc(np.array([0.9, 0.8, 0.2, 0.1]), is_there) == 1.0
    assert auroc(np.full(4, 0.5), is_there) == 0.5


def test_a_document_is_judged_by_what_others_taught() -> None:
    chance, _ = cross_validate(OBSERVED)
    liar = [
        Observed(one.item, Signs(0, 0, 0, 0, 0, 0), False) for one in OBSERVED if one.item.file == "0.pdf"
    ]
    others = [one for one in OBSERVED if one.item.file != "0.pdf"]
    changed, _ = cross_validate([*others, *liar])
    kept = [n for n, one in enumerate(OBSERVED) if one.item.file != "0.pdf"]
    assert not np.allclose(chance[kept], changed[: len(others)])
    assert np.allclose(changed[len(others) :], changed[len(others)])


def test_the_report_says_what_always_and_never_cost() -> None:
    report = to_markdown(judge(OBSERVED))
    assert "| always answers | 0.000 | 1.000 |" in report
    assert "| never answers | 1.000 | 0.000 |" in report
