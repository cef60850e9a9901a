"""Numbers as documents print them: "$1,577", "(3.2)%", "1.5 billion", "twenty-one"; value, unit, scale."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
CURRENCIES = {
    "$": "$",
    "US$": "$",
    "€": "€",
    "£": "£",
    "¥": "¥",
    "₹": "₹",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
}
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_WORDS = {word: value for value, word in enumerate(f"{_SMALL} seventeen eighteen nineteen".split())}
_WORDS |= {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
NUMBER = re.compile(
    r"(?P<open>\()?\s?(?P<sign>(?<![\w.,)])[-−–](?=\s?[$€£¥₹]?\s?\d))?(?P<currency>US\$|[$€£¥₹]|\b(?:USD|EUR|GBP)\b)?\s?"
    r"(?P<inner>\(\s?)?(?P<minus>(?<![\w.,)])[-−](?=\d))?"
    r"(?<![\w.,])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?![\d])"
    r"(?P<close>\s?\))?"
    r"(?:\s?(?P<percent>%|\bper\s?cent\b|\bpercent\b|\bpercentage points\b)"
    r"|[\s-]?(?P<scale>thousand|million|billion|trillion|bn\b|mn\b)s?\b|(?P<letter>(?-i:(?(currency)[KMB]|K)))\b)?"
    r"(?P<late>\s?\))?",
    re.IGNORECASE,
)
_ALIASES = {"bn": "billion", "mn": "million", "k": "thousand", "m": "million", "b": "billion"}
_WORD_NUMBER = re.compile(
    rf"\b(?:{'|'.join(_WORDS)}|hundred)(?:[-\s](?:{'|'.join(_WORDS)}))?\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` is as printed, signed, without `scale` ("", "million" …); `unit` is a currency sign, "%" or ""."""

    value: float
    unit: str
    scale: str
    start: int
    end: int
    digits: str

    @property
    def full(self) -> float:
        return self.value * SCALES.get(self.scale, 1.0)


def quantities(text: str) -> list[Quantity]:
    """Every number in digits, in order. Brackets around a bare number make it negative, as accountants write."""
    found = []
    for match in NUMBER.finditer(text):
        digits = match["digits"]
        value = float(digits.replace(",", ""))
        if math.isinf(value):  # of 309 digits and more: no quantity, and arithmetic fails on it
            continue
        if _is_negative(match):
            value = -value
        scale = (match["scale"] or match["letter"] or "").lower()
        unit = "%" if match["percent"] else CURRENCIES.get((match["currency"] or "").upper(), "")
        lead = match["open"] is not None and not _is_closed(match)
        start = match.start() + (1 if lead else 0)
        while text[start].isspace():
            start += 1
        found.append(Quantity(value, unit, _ALIASES.get(scale, scale), start, match.end(), digits))
    return found


def _is_closed(match: re.Match[str]) -> bool:
    return bool(match["close"] or match["late"])


def _is_negative(match: re.Match[str]) -> bool:
    is_bracketed = bool(match["open"] or match["inner"]) and _is_closed(match)
    return bool(match["sign"] or match["minus"]) or is_bracketed


def word_numbers(text: str) -> list[tuple[int, float]]:
    """Numbers written as words up to ninety-nine, with their offsets: "twenty-one" -> 21."""
    found = []
    for match in _WORD_NUMBER.finditer(text):
        parts = re.split(r"[-\s]", match.group().lower())
        if parts[0] == "hundred":
            found.append((match.start(), 100.0))
        else:
            found.append((match.start(), float(sum(_WORDS[part] for part in parts))))
    return found


def is_year(quantity: Quantity) -> bool:
    return (
        len(quantity.digits) == 4
        and quantity.digits.isdigit()
        and 1500 <= quantity.value <= 2100
        and not quantity.unit
        and not quantity.scale
    )
