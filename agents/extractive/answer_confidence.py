"""Confidence of the embedded reader that its quotes answer: two fitted probabilities, put in words.

One is the chance that the documents hold the answer at all: below its limit nothing is said, and what came closest is
shown. The other is that what leads the answer is right: from its limit on the answer is `likely`, else `possible`.
Weights and limits come from `catena eval confidence`, which says how well they do on sets that they never saw.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from catena.agents.document_view import DocumentView
from catena.agents.extractive.answer_features import Seen, Signs, measure
from catena.retrieval.embedder import Embedder
from catena.types import Confidence

NEVER_LIKELY = ("asks of many", "asks yes or no")
"""What a quote alone does not answer, however well it fits: what is counted or compared, and yes or no."""


@dataclass(frozen=True, slots=True)
class Model:
    """A chance from signs: `bias` and `weights`, and the `limit` that decides."""

    bias: float
    weights: Mapping[str, float]
    limit: float

    def chance(self, signs: Signs) -> float:
        """From 0 to 1; a sign without a weight counts for nothing."""
        total = self.bias + sum(weight * signs[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-total))


@dataclass(frozen=True, slots=True)
class Models:
    """Tell whether the documents hold the answer, and whether what leads is right."""

    there: Model
    right: Model


def how_sure(seen: Seen, view: DocumentView, embedder: Embedder) -> Confidence:
    """Judge what would be said; "closest" where the documents may not say at all."""
    return in_words(measure(seen, view, embedder), shipped())


def in_words(signs: Signs, models: Models) -> Confidence:
    if models.there.chance(signs) < models.there.limit or lacks_figure(signs):
        return "closest"
    is_sure = models.right.chance(signs) >= models.right.limit
    return "likely" if is_sure and can_be_likely(signs) else "possible"


def lacks_figure(signs: Signs) -> bool:
    """Tell whether a figure is asked for and the lead holds none: of 300 answers observed 11 did, all of them wrong."""
    return bool(signs["asks figure"]) and not signs["kind found"]


def can_be_likely(signs: Signs) -> bool:
    """Tell whether the question is one that a quote may answer."""
    return not any(signs[name] for name in NEVER_LIKELY) or signs["short"] > 0


@cache
def shipped() -> Models:
    """The models of `confidence.toml`."""
    text = (files("catena.agents.extractive") / "confidence.toml").read_text("utf-8")
    found = tomllib.loads(text)
    return Models(Model(**found["there"]), Model(**found["right"]))
