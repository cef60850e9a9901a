"""Two models of confidence fitted on what was observed: whether a document holds the answer, whether the lead is right.

Both are logistic regressions on signs (`agents/extractive/answer_features.py`), with a limit each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catena.agents.extractive.answer_confidence import Model, can_be_likely
from catena.agents.extractive.answer_features import Signs
from catena.benchmarks.absent import Item

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MAX_FALSE_REFUSALS = 0.08
"""Of what limits are fitted on: on other sets it becomes a tenth."""
LIKELY_SHARE = 0.12
"""Of what is answered, the surest are called likely; docs/benchmarks.md says how many of them were right."""
RIDGE = 30.0
"""Strong, as there are few documents: on sets left out the ranking is better with 30 than with 1 to 10."""
WEIGHED = (
    "covered by quote",
    "covered by lead",
    "covered in English",
    "quoted in English",
    "known",
    "score",
    "margin",
    "cosine",
    "head in quote",
    "cosine of attribute",
    "kind found",
    "rarest unmet",
    "unmet noun",
    "unmet thing",
    "stranger",
    "unit lacking",
    "asks figure",
    "asks thing",
    "composed",
    "short",
    "short lacking",
    "qualifier lacking",
    "years near",
    "names near",
    "covered",
    "figures near",
    "years on page",
    "read",
    "read in quote",
)
"""Signs that get a weight; more of them ranked worse on sets left out."""
FOLDS = 8
PRIOR = {
    "covered": 1.92,
    "known": 0.91,
    "stranger": -1.88,
    "unmet thing": -0.94,
    "unmet noun": -0.3,
    "figures near": 0.68,
    "years on page": 1.04,
    "cosine": 1.33,
}
"""Former weights of the chance that a fact is there, fitted on 292 questions of MMLongBench-Doc, erc-round1 and
wrong documents: what ships is drawn to it. The report on sets left out is not, as this has seen some of them."""


@dataclass(frozen=True, slots=True)
class Observed:
    """`right`: whether what leads is right, None where no rule can tell."""

    item: Item
    signs: Signs
    right: bool | None


@dataclass(frozen=True, slots=True)
class Data:
    """All that was observed, as columns; `never`: what is never called likely."""

    names: tuple[str, ...]
    x: Floats
    never: Flags
    is_there: Flags
    is_right: Flags
    is_judged: Flags
    sets: NDArray[np.str_]
    files: NDArray[np.str_]

    @classmethod
    def of(cls, observed: Sequence[Observed]) -> Data:
        names = tuple(name for name in WEIGHED if name in observed[0].signs)
        return cls(
            names,
            np.array([[one.signs[name] for name in names] for one in observed], float),
            np.array([not can_be_likely(one.signs) for one in observed]),
            np.array([one.item.is_there for one in observed]),
            np.array([bool(one.right) for one in observed]),
            np.array([one.right is not None for one in observed]),
            np.array([one.item.of for one in observed]),
            np.array([one.item.file for one in observed]),
        )


def fit(x: Floats, y: Flags, ridge: float = RIDGE, prior: Floats | None = None) -> Floats:
    """Logistic regression on standardised signs, classes weighed alike, by Newton's method; weights of raw signs.

    `prior`: raw weights to which they are drawn, nought else.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = 1.0
    z = np.hstack([np.ones((len(x), 1)), (x - mean) / spread])
    balance = np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    centre = np.concatenate([[0.0], np.zeros(x.shape[1]) if prior is None else prior * spread])
    weights = centre.copy()
    penalty = ridge * np.diag([0.0, *[1.0] * x.shape[1]])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-z @ weights))
        slope = z.T @ (balance * (chance - y)) + penalty @ (weights - centre)
        curvature = (z * (balance * chance * (1 - chance))[:, None]).T @ z + penalty
        weights -= np.linalg.solve(curvature, slope)
    raw = weights[1:] / spread
    return np.concatenate([[weights[0] - raw @ mean], raw])


def chance_of(weights: Floats, x: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-weights[0] - x @ weights[1:]))
    return chance


def out_of_fold(x: Floats, y: Flags, files: NDArray[np.str_], prior: Floats | None = None) -> Floats:
    """The chance of each row from models that never saw its document: what limits are chosen on."""
    order = {file: place % FOLDS for place, file in enumerate(sorted(set(files)))}
    fold = np.array([order[file] for file in files])
    chance = np.zeros(len(x))
    for number in range(FOLDS):
        inside = fold == number
        if inside.any():
            chance[inside] = chance_of(fit(x[~inside], y[~inside], prior=prior), x[inside])
    return chance


def refusing_limit(chance: Floats, is_there: Flags) -> float:
    """The highest at which no more than MAX_FALSE_REFUSALS of what is there is refused."""
    return float(np.quantile(chance[is_there], MAX_FALSE_REFUSALS, method="lower"))


def likely_limit(chance: Floats) -> float:
    """From which on LIKELY_SHARE of what is answered lies."""
    return float(np.quantile(chance, 1 - LIKELY_SHARE)) if len(chance) else 1.0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of each question: its chances, whether it is answered, and whether that is called likely."""

    there: Floats
    right: Floats
    is_answered: Flags
    is_likely: Flags


def verdicts(data: Data, train: Flags, test: Flags) -> Verdicts:
    """Fit on some rows, with limits from their own documents left out in turn, and judge others."""
    there = fit(data.x[train], data.is_there[train])
    limit = refusing_limit(
        out_of_fold(data.x[train], data.is_there[train], data.files[train]), data.is_there[train]
    )
    answered = chance_of(there, data.x) >= limit
    judged = train & data.is_judged & ~data.never
    right = fit(data.x[judged], data.is_right[judged])
    seen = out_of_fold(data.x[judged], data.is_right[judged], data.files[judged])
    likely = likely_limit(seen[answered[judged]])
    chances = chance_of(right, data.x[test])
    is_answered = answered[test]
    return Verdicts(
        chance_of(there, data.x[test]),
        chances,
        is_answered,
        is_answered & (chances >= likely) & ~data.never[test],
    )


def left_out(data: Data, groups: Mapping[str, Flags]) -> dict[str, Verdicts]:
    """Each group judged by what the documents of the others taught."""
    found = {}
    for name, rows in groups.items():
        found[name] = verdicts(data, ~rows, rows)
    return found


def groups_of(data: Data) -> dict[str, Flags]:
    """A set with its questions asked of the wrong document."""
    names = [name.partition(",")[0] for name in data.sets.tolist()]
    return {name: np.array([one == name for one in names]) for name in dict.fromkeys(names)}


def auroc(chance: Floats, is_positive: Flags) -> float:
    """The chance that a positive scores above a negative; ties count half."""
    high, low = chance[is_positive][:, None], chance[~is_positive][None, :]
    return float(((high > low) + 0.5 * (high == low)).mean()) if high.size and low.size else float("nan")


def shipped_models(data: Data) -> tuple[Model, Model]:
    """Fitted on all sets."""
    prior = np.array([PRIOR.get(name, 0.0) for name in data.names])
    there = fit(data.x, data.is_there, prior=prior)
    seen_there = out_of_fold(data.x, data.is_there, data.files, prior)
    refusing = refusing_limit(seen_there, data.is_there)
    judged = data.is_judged & ~data.never
    right = fit(data.x[judged], data.is_right[judged])
    answered = (chance_of(there, data.x) >= refusing)[judged]
    seen = out_of_fold(data.x[judged], data.is_right[judged], data.files[judged])
    likely = likely_limit(seen[answered])
    return _model(data.names, there, refusing), _model(data.names, right, likely)


def _model(names: Sequence[str], weights: Floats, limit: float) -> Model:
    pairs = {name: round(float(weight), 3) for name, weight in zip(names, weights[1:], strict=True)}
    return Model(round(float(weights[0]), 3), pairs, round(limit, 4))


def to_toml(there: Model, right: Model) -> str:
    lines = ["# Written by `catena eval confidence --write`: see benchmarks/confidence.py."]
    for name, model in (("there", there), ("right", right)):
        lines += ["", f"[{name}]", f"bias = {model.bias}", f"limit = {model.limit}", "", f"[{name}.weights]"]
        lines += [f'"{sign}" = {weight}' for sign, weight in model.weights.items()]
    return "\n".join(lines) + "\n"
