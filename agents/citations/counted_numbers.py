"""Numbers with what they count, so that two texts can be compared: "forty hours", "$1.5 billion", "31 March"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from catena.agents.citations.quantities import CURRENCIES, quantities, word_numbers

Agreement = Literal["same", "unproved", "other", "absent"]
"""Of a number in another text: it is there; its scale or unit is not; another one is there; none of its kind is."""

_UNITS = {
    "second": "second seconds sec secs s",
    "minute": "minute minutes min mins",
    "hour": "hour hours hr hrs h",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years yr yrs",
    "decade": "decade decades",
    "century": "century centuries",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "cm": "cm centimetre centimetres centimeter centimeters",
    "m": "m metre metres meter meters",
    "km": "km kilometre kilometres kilometer kilometers",
    "inch": "inch inches",
    "foot": "foot feet ft",
    "yard": "yard yards",
    "mile": "mile miles",
    "g": "g gram grams gramme grammes",
    "kg": "kg kilogram kilograms kilo kilos",
    "pound": "lb lbs",
    "ounce": "ounce ounces oz",
    "ton": "ton tons tonne tonnes",
    "litre": "l litre litres liter liters",
    "ml": "ml millilitre millilitres milliliter milliliters",
    "gallon": "gallon gallons",
    "barrel": "barrel barrels",
    "acre": "acre acres",
    "hectare": "hectare hectares ha",
    "kB": "kb kilobyte kilobytes",
    "MB": "mb megabyte megabytes",
    "GB": "gb gigabyte gigabytes",
    "TB": "tb terabyte terabytes",
    "W": "w watt watts",
    "kW": "kw kilowatt kilowatts",
    "MW": "mw megawatt megawatts",
    "degree": "degree degrees",
    "bp": "bps bp",
    "cent": "cent cents",
    "$": "dollar dollars",
    "€": "euro euros",
    "¥": "yen",
    "%": "percent",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_NEXT_WORD = re.compile(r"[\s-]{0,2}([^\W\d_]+)")
_CALENDAR = re.compile(
    r"\b(?:(january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|(monday|tuesday|wednesday|thursday|friday|saturday|sunday))\b",
    re.IGNORECASE,
)
_ROUGHLY = re.compile(r"\b(?:about|approximately|around|roughly|nearly|almost|some|over|more than)\s*$", re.I)
_ROUGH = 0.05
"""How far a number said to be rough may be off."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is as printed, `full` with its scale; `unit` is canonical or "" where none is printed.

    `decimals` is how many it prints, `None` for a number in words; `is_rough`: "about" stands before it.
    """

    value: float
    full: float
    unit: str
    scale: str = ""
    decimals: int | None = None
    is_rough: bool = False


def figures(text: str) -> list[Figure]:
    """Every number in digits or in words; "one" is as often a pronoun, so it is none."""
    found = []
    for one in quantities(text):
        unit = one.unit or _unit_after(text, one.end)
        decimals = len(one.digits.partition(".")[2])
        is_rough = bool(_ROUGHLY.search(text[: one.start]))
        found.append(Figure(abs(one.value), abs(one.full), unit, one.scale, decimals, is_rough))
    for start, value in word_numbers(text):
        if value > 1:
            word = re.match(r"[^\W\d_]+(?:-[^\W\d_]+)?", text[start:])
            after = _unit_after(text, start + (word.end() if word else 0))
            found.append(Figure(value, value, after))
    return found


def agreement(figure: Figure, others: Sequence[Figure], words: Iterable[str]) -> Agreement:
    """Compare a number of a statement with those of its quotes; `words` are the quotes' words, lower case."""
    equal = [other for other in others if _is_equal(figure, other)]
    if not equal:
        kinds = {other.unit for other in others}
        return "other" if figure.unit in kinds or not figure.unit else "absent"
    known = set(words)
    marks = [_proof(figure, other, known) for other in equal]
    return "same" if "same" in marks else "unproved" if "unproved" in marks else "other"


def calendar(text: str) -> tuple[set[str], set[str]]:
    """The months and the days of the week that a text names, capitalised."""
    found = [match for match in _CALENDAR.finditer(text) if match.group()[0].isupper()]
    months = {match[1].casefold() for match in found if match[1]}
    return months, {match[2].casefold() for match in found if match[2]}


def _is_equal(figure: Figure, other: Figure) -> bool:
    if figure.full in (other.full, other.value) or figure.value == other.full:
        return True
    if figure.value == other.value:
        return True  # the scale is another question
    if figure.is_rough and abs(figure.full - other.full) <= _ROUGH * other.full:
        return True
    step = 10.0 ** -(figure.decimals or 0) * (figure.full / figure.value if figure.value else 1.0)
    is_rounded = bool(figure.decimals) or (bool(figure.scale) and figure.scale != other.scale)
    return is_rounded and abs(figure.full - other.full) <= step / 2


def _proof(figure: Figure, other: Figure, words: set[str]) -> Agreement:
    """Of two numbers with the same digits: whether scale and unit agree too, or stand elsewhere in the quotes."""
    if figure.unit and other.unit and figure.unit != other.unit:
        return "other"
    if figure.full != other.full and figure.value == other.value:
        if other.scale:
            return "other"  # 5 million is not 5 billion, and not 5
        if not {figure.scale, f"{figure.scale}s"} & words:
            return "unproved"
    if figure.unit and not other.unit and figure.unit not in CURRENCIES.values():
        return "same" if {figure.unit, *_UNITS[figure.unit].split()} & words else "unproved"
    return "same"  # tables print the currency once, in a corner


def _unit_after(text: str, end: int) -> str:
    found = _NEXT_WORD.match(text, end)
    return _UNIT_OF.get(found[1].casefold(), "") if found else ""
