"""Answers compared by their words: token F1 as SQuAD and L-CiteEval have it; whether one stands in a text."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


class Overlap(NamedTuple):
    precision: float
    recall: float
    f1: float


NOTHING = Overlap(0.0, 0.0, 0.0)


def normal(text: str) -> list[str]:
    """Words in lower case, without punctuation and articles, in that order, as the official scripts do it."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def token_overlap(predicted: str, accepted: Sequence[str]) -> Overlap:
    """Each of precision, recall and F1 at its best over the accepted answers."""
    found = [overlap(normal(predicted), normal(one)) for one in accepted]
    return Overlap(*(max(values) for values in zip(NOTHING, *found, strict=True)))


def overlap(predicted: Sequence[str], gold: Sequence[str]) -> Overlap:
    """Words in common, counted as often as both have them."""
    common = (Counter(predicted) & Counter(gold)).total()
    return of_shares(common / len(predicted), common / len(gold)) if common else NOTHING


def of_shares(precision: float, recall: float) -> Overlap:
    """Precision and recall with their harmonic mean."""
    both = precision + recall
    return Overlap(precision, recall, 2 * precision * recall / both if both else 0.0)


def holds(text: str, accepted: Sequence[str]) -> bool:
    """Tell whether one of the answers stands in the text, word for word."""
    inside = f" {_words(text)} "
    return any(f" {_words(one)} " in inside for one in accepted if _words(one))


def _words(text: str) -> str:
    """Punctuation separates here: "peat-stack" holds "peat"."""
    return " ".join(re.findall(r"\w+", _ARTICLES.sub(" ", text.lower())))
