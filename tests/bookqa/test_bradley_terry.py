"""Strengths from wins: planted ones are found, intervals cover them, and nothing becomes infinite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from catena.bookqa.bradley_terry import PRIOR, fit, intervals

PLANTED = np.array([-1.0, -0.4, 0.0, 0.5, 0.9])
GAMES = 60
Floats = NDArray[np.float64]


def strengths_of(wins: ArrayLike, prior: float = PRIOR) -> Floats:
    found: Floats = fit(np.asarray(wins, float)[None], prior)[0]
    return found


def chances(strengths: Floats) -> Floats:
    beats: Floats = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    return beats


def play(chance: np.random.Generator, num: int = GAMES, leaning: float = 0.0) -> Floats:
    """Wins on each question (Q, N, N), each pair shown in both orders; `leaning` of all verdicts go to the first."""
    draws = chance.random((num, 5, 5))
    better = draws < chances(PLANTED)  # who is better on this question, whatever the order
    first_wins = np.where(chance.random((num, 5, 5)) < leaning, True, better)
    second_wins = np.where(chance.random((num, 5, 5)) < leaning, False, better)
    score = (first_wins + second_wins.astype(float)) / 2
    upper = np.triu(np.ones((5, 5)), 1)
    wins: Floats = score * upper + ((1 - score) * upper).transpose(0, 2, 1)
    return wins


def logistic(wins: Floats, prior: float) -> Floats:
    """The same strengths by scikit-learn: a row of +1 and -1 a pair, once for each winner, weighted by the wins."""
    rows, won, weights = [], [], []
    for i, j in zip(*np.triu_indices(len(wins), 1), strict=True):
        row = np.zeros(len(wins))
        row[i], row[j] = 1.0, -1.0
        rows += [row, row]
        won += [1, 0]
        weights += [wins[i, j], wins[j, i]]
    model = LogisticRegression(C=1 / prior, fit_intercept=False, tol=1e-12, max_iter=10_000)
    model.fit(np.array(rows), won, sample_weight=weights)
    found: Floats = model.coef_[0] - model.coef_[0].mean()
    return found


def test_planted_strengths_are_recovered() -> None:
    chance = np.random.default_rng(1)
    found = np.array([strengths_of(play(chance).sum(axis=0)) for _ in range(200)])
    assert np.abs(found.mean(axis=0) - (PLANTED - PLANTED.mean())).max() < 0.05
    assert (np.argsort(found, axis=1) == np.arange(5)).all(axis=1).mean() > 0.7


@pytest.mark.parametrize("prior", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equals_logistic_regression_with_the_same_prior(prior: float, seed: int) -> None:
    wins = play(np.random.default_rng(seed), leaning=0.2).sum(axis=0)
    assert strengths_of(wins, prior) == pytest.approx(logistic(wins, prior), abs=1e-6)


@pytest.mark.slow
def test_intervals_cover_the_truth() -> None:
    chance, truth = np.random.default_rng(3), PLANTED - PLANTED.mean()
    covered = np.zeros(5)
    for number in range(2000):
        found = intervals(play(chance), resamples=200, seed=number)
        covered += [one.low <= true <= one.high for one, true in zip(found, truth, strict=True)]
    assert ((covered / 2000 >= 0.92) & (covered / 2000 <= 0.98)).all(), covered / 2000


def test_a_judge_who_leans_to_the_first_moves_nobody() -> None:
    chance = np.random.default_rng(4)
    leaning = strengths_of(play(chance, 4000, leaning=0.5).sum(axis=0))
    # Half of all verdicts say nothing, so everybody comes closer, in order and around the same middle.
    assert (np.diff(leaning) > 0).all()
    assert np.corrcoef(leaning, PLANTED)[0, 1] > 0.99
    always = strengths_of(play(chance, 50, leaning=1.0).sum(axis=0))
    assert always == pytest.approx([0.0] * 5)


@pytest.mark.parametrize(
    "wins",
    [
        [[0, 10], [0, 0]],
        [[0, 5, 0, 0], [1, 0, 0, 0], [0, 0, 0, 7], [0, 0, 0, 0]],
        [[0, 1e6, 1e6], [0, 0, 1e6], [0, 0, 0]],
        [[0, 0], [0, 0]],
    ],
    ids=["all won", "two islands", "a million", "no game"],
)
def test_strengths_stay_finite_with_mean_zero(wins: Sequence[Sequence[float]]) -> None:
    found = strengths_of(wins)
    assert np.isfinite(found).all()
    assert sum(found) == pytest.approx(0.0, abs=1e-9)
    assert all(
        (found[i] - found[i + 1]) * (wins[i][i + 1] - wins[i + 1][i]) >= 0 for i in range(len(wins) - 1)
    )


def test_nobody_beats_themselves_and_nobody_is_nobody() -> None:
    assert strengths_of([[9, 2], [2, 9]]) == pytest.approx([0.0, 0.0])
    assert strengths_of([[0]]) == pytest.approx([0.0])


def test_three_wins_of_four_are_three_quarters() -> None:
    assert chances(strengths_of([[0, 30], [10, 0]], prior=1e-9))[0, 1] == pytest.approx(0.75)
