"""FinanceBench's figures: is the number that an answer names first the right one?"""

from __future__ import annotations

import re
from math import isclose

from catena.agents.citations.quantities import Quantity, is_year, quantities

_BARE = re.compile(r"(?:US)?\$?\s?[-(]?\$?[\d,]*\.?\d+\)?\s?%?")
_ASKED_SCALE = re.compile(r"\bin (?:USD |US\$ ?|\$ ?)?(thousand|million|billion)s?\b", re.IGNORECASE)
_SCALES = {"": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
TOLERANCE = 0.01
"""As MMLongBench-Doc compares floats; gold figures are rounded to two decimals."""


def gold_number(question: str, answer: str) -> tuple[float, str] | None:
    """Value in full, and unit ("$", "%" or ""), of an answer that is one number; its scale is in the question."""
    if not _BARE.fullmatch(answer.strip()):
        return None
    found = quantities(answer)
    asked = _ASKED_SCALE.search(question)
    scale = _SCALES[asked[1].lower()] if asked and found and found[0].unit != "%" else 1.0
    return (found[0].value * scale, found[0].unit) if found else None


def names_number(question: str, answer: str, text: str) -> bool | None:
    """Tell whether the first number of a text is the one asked for; None for an answer that is no bare number.

    A text that prints no scale may have meant the one asked for. Years that the question names do not count.
    """
    gold = gold_number(question, answer)
    if gold is None:
        return None
    found = [one for one in quantities(text) if not (is_year(one) and one.digits in question)]
    return bool(found) and _is_same(found[0], *gold, question)


def _is_same(found: Quantity, value: float, unit: str, question: str) -> bool:
    asked = _ASKED_SCALE.search(question)
    readings = [found.full]
    if asked and not found.scale:
        readings.append(found.value * _SCALES[asked[1].lower()])
    is_percent = (unit == "%") == (found.unit == "%")
    return is_percent and any(isclose(one, value, rel_tol=TOLERANCE, abs_tol=1e-9) for one in readings)
