"""ROUGE (Lin, 2004) over lower-case words: L by the longest common subsequence, 1 by single words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.evaluation.scoring.text import NOTHING, Overlap, of_shares, overlap

_WORD = re.compile(r"[\u3041-\u9fff]|[^\W_]+")
"""Chinese and Japanese count by character."""


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def rouge_l(predicted: str, accepted: Sequence[str]) -> Overlap:
    """ROUGE-L of the accepted answer that fits best by F1."""
    return max((_by_subsequence(words(predicted), words(one)) for one in accepted), key=_f1, default=NOTHING)


def rouge_1(predicted: str, accepted: Sequence[str]) -> Overlap:
    """ROUGE-1 of the accepted answer that fits best by F1."""
    return max((overlap(words(predicted), words(one)) for one in accepted), key=_f1, default=NOTHING)


def _by_subsequence(predicted: Sequence[str], gold: Sequence[str]) -> Overlap:
    common = longest_common(predicted, gold)
    return of_shares(common / len(predicted), common / len(gold)) if common else NOTHING


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        left_above = 0
        for at, rival in enumerate(other, 1):
            left_above, row[at] = row[at], left_above + 1 if word == rival else max(row[at], row[at - 1])
    return row[-1]


def _f1(found: Overlap) -> float:
    return found.f1
