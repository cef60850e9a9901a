"""MMLongBench-Doc's rules: a score per answer format, and F1 over questions.

Ma et al., arXiv 2407.01523, section 4.1; behaviour as in their eval/eval_score.py of 2025-09, with two differences:
lists are read as literals, never executed, and one that cannot be read counts as a list of one; what their script
crashes on scores 0.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from math import isclose

NOT_ANSWERABLE = "Not answerable"
MIN_SIMILARITY = 0.5
"""Strings no more alike than this score 0."""
TOLERANCE = 0.01
_EXACT = re.compile(
    r".*https://.*|.*\.py|.*ipynb|page.*"
    r"|\d+(?:-\d+|\s\d+)?"  # a telephone number, and any whole number
    r"|.*[ap]\.m\..*"
    r"|\d{4}[-\s]\d{2}(?:[-\s]\d{2})?"
    r"|[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
    re.DOTALL,
)
"""Answers that are right or wrong: addresses, files, pages, numbers, times, dates."""


def score(gold: str, predicted: str, answer_format: str) -> float:
    """Compare a short answer with the gold one by the gold answer's format: Int, Float, Str, None or List."""
    if answer_format == "Int":
        return float(_is_same_int(gold, predicted))
    if answer_format == "Float":
        return float(_is_same_float(gold, predicted))
    if answer_format in ("Str", "None"):
        return _similarity(_clean(gold), _clean(predicted))
    return _list_score(_as_list(gold), _as_list(predicted))


def _is_same_int(gold: str, predicted: str) -> bool:
    try:
        return int(gold) == int(float(predicted))
    except (ValueError, OverflowError):
        return False


def _is_same_float(gold: str, predicted: str) -> bool:
    """As given, as a percentage or as its share; within 1%, or equal when rounded."""
    try:
        wanted, given = float(_clean(gold)), float(_clean(predicted))
    except ValueError:
        return False
    return any(_is_near(one, given) for one in (wanted / 100, wanted, wanted * 100))


def _is_near(wanted: float, given: float) -> bool:
    places = max(min(_decimals(given), _decimals(wanted)), 2)
    return isclose(wanted, given, rel_tol=TOLERANCE) or round(given, places) == round(wanted, places)


def _decimals(value: float) -> int:
    _, point, behind = str(value).partition(".")
    return len(behind) if point else 3


def _similarity(gold: str, predicted: str) -> float:
    """1 or 0 for what must be exact, else ANLS: 1 minus the edit distance over the longer length."""
    return float(gold == predicted) if _EXACT.fullmatch(gold) else _anls(gold, predicted)


def _anls(gold: str, predicted: str) -> float:
    longer = max(len(gold), len(predicted))
    similarity = 1 - edit_distance(gold, predicted) / longer if longer else 1.0
    return similarity if similarity > MIN_SIMILARITY else 0.0


def edit_distance(one: str, other: str) -> int:
    """Levenshtein's: insertions, deletions and replacements of characters."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        left_above, row[0] = row[0], number
        for at, rival in enumerate(other, 1):
            left_above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, left_above + (letter != rival))
    return row[-1]


def _list_score(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """The worst pair counts; lists of different length score 0."""
    if len(gold) != len(predicted):
        return 0.0
    wanted, given = sorted(map(_clean, gold)), sorted(map(_clean, predicted))
    if not wanted:
        return 1.0
    if _is_float(wanted[0]) or _EXACT.fullmatch(wanted[0]):
        return float(wanted == given)
    # Not by `_similarity`: in lists only the first gold answer decides whether all must be exact.
    return min(_anls(one, other) for one, other in zip(wanted, given, strict=True))


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_list(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text) if text.startswith("[") else [text]
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = [text]
    return [str(one) for one in found]


def _clean(text: str) -> str:
    """Lower case, without brackets' content, outer quotes, leading $ and trailing %."""
    text = re.sub(r"\s*\([^)]*\)", "", text.lower().strip()).strip()
    text = re.sub(r"^['\"]|['\"]$", "", text).strip()
    return text.lstrip("$").strip().rstrip("%").strip()


def f1_terms(score: float, *, is_answerable: bool, is_answered: bool) -> tuple[float, float]:
    """Return the addends of a question to numerator and denominator of F1.

    Recall is the score over answerable questions, precision over those answered with something else than "Not
    answerable"; their harmonic mean is twice the score over the sum of both numbers.
    """
    return (2 * score if is_answerable else 0.0), float(is_answerable + is_answered)
