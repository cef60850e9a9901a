"""Bradley-Terry: from how often each beat each other to one strength for each, and how sure it is.

Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika 1952: P(i beats j) = e^si / (e^si + e^sj).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

PRIOR = 0.1
"""Weight of the squared strengths: about a fortieth of a game, enough to keep who won all of them finite."""
RESAMPLES = 1000
AT_ONCE = 200
"""Resamples fitted together: bounds memory for many systems."""
MAX_STEPS, CLOSE = 100, 1e-10
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strength:
    """A log-strength (mean over all systems 0) with its 95% interval."""

    value: float
    low: float
    high: float


def fit(wins: ArrayLike, prior: float = PRIOR, start: Floats | None = None) -> Floats:
    """Log-strengths, mean zero, of several win matrices at once: (R, N, N) -> (R, N).

    `wins[r][i][j]`: how often i beat j, a tie is half a win each way. Maximises sum wins[i][j] log P(i beats j) -
    prior/2 * sum s^2 by Newton's method. The prior keeps systems that won all, lost all or never met the others
    finite. `start` (N) is where to begin to climb.
    """
    won = np.array(wins, dtype=float)
    num = won.shape[1]
    won[:, range(num), range(num)] = 0.0  # nobody plays against themselves
    strengths: Floats = np.zeros(won.shape[:2]) if start is None else np.tile(start, (len(won), 1))
    value = _objective(won, strengths, prior)
    for _ in range(MAX_STEPS):
        gradient, curvature = _derivatives(won, strengths, prior)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        if np.abs(step).max(initial=0.0) < CLOSE:
            break
        # Far from the top a full step can overshoot; it is halved for those that would go down.
        scale = np.ones(len(won))
        for _ in range(30):
            tried = strengths + scale[:, None] * step
            now = _objective(won, tried, prior)
            worse = now < value - 1e-12 * (1 + np.abs(value))
            if not worse.any():
                break
            scale[worse] /= 2
        strengths, value = tried, now
    centred: Floats = strengths - strengths.mean(axis=1, keepdims=True)
    return centred


def covariance(wins: ArrayLike, strengths: ArrayLike, prior: float = PRIOR) -> Floats:
    """Return the covariance of the strengths (Laplace's approximation): (N, N)."""
    won = np.array(wins, dtype=float)
    np.fill_diagonal(won, 0.0)
    _, curvature = _derivatives(won[None], np.asarray(strengths, dtype=float)[None], prior)
    inverse: Floats = np.linalg.inv(curvature[0])
    return inverse


def intervals(
    per_question: ArrayLike, *, prior: float = PRIOR, resamples: int = RESAMPLES, seed: int = 0
) -> list[Strength]:
    """Strengths with 95% intervals by drawing questions with replacement.

    `per_question` (Q, N, N) holds the wins on each question. Games on one question hang together, so questions are
    drawn and not games. The percentiles are those that few questions need (Hesterberg, "What teachers should know
    about the bootstrap", 2015: the expanded percentile interval). Raises ValueError where there is no question.
    """
    games = np.asarray(per_question, dtype=float)
    num = len(games)
    if not num:
        raise ValueError("there is no question to draw")
    point = fit(games.sum(axis=0)[None], prior)[0]
    chance = np.random.default_rng(seed)
    flat = games.reshape(num, -1)
    drawn = []
    for first in range(0, resamples, AT_ONCE):
        counts = chance.multinomial(num, np.full(num, 1 / num), size=min(AT_ONCE, resamples - first))
        drawn.append(fit((counts @ flat).reshape(-1, *games.shape[1:]), prior, point))
    tail = 100 * _expanded_tail(num)
    low, high = np.percentile(np.concatenate(drawn), [tail, 100 - tail], axis=0)
    return [Strength(float(p), float(a), float(b)) for p, a, b in zip(point, low, high, strict=True)]


def _expanded_tail(num: int, tail: float = 0.025) -> float:
    """The share of resamples to cut off at each end, so that `num` drawn things cover as they should."""
    normal, freedom = NormalDist(), max(1, num - 1)
    z = normal.inv_cdf(1 - tail)
    student = z + (z**3 + z) / (4 * freedom)  # the first terms of its expansion around the normal
    return normal.cdf(-student * (num / freedom) ** 0.5)


def _objective(won: Floats, strengths: Floats, prior: float) -> Floats:
    gaps = strengths[:, :, None] - strengths[:, None, :]
    likely: Floats = -(won * np.logaddexp(0.0, -gaps)).sum(axis=(1, 2))
    penalised: Floats = likely - prior / 2 * (strengths**2).sum(axis=1)
    return penalised


def _derivatives(won: Floats, strengths: Floats, prior: float) -> tuple[Floats, Floats]:
    """Gradient (R, N) and minus the Hessian (R, N, N)."""
    num = won.shape[1]
    wins_here = 1 / (1 + np.exp(np.clip(strengths[:, None, :] - strengths[:, :, None], -500, 500)))
    games = won + won.transpose(0, 2, 1)
    gradient = (won - games * wins_here).sum(axis=2) - prior * strengths
    weight = games * wins_here * (1 - wins_here)
    curvature = -weight
    curvature[:, range(num), range(num)] += weight.sum(axis=2) + prior
    return gradient, curvature
