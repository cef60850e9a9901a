"""The numbers that Word puts before list items and clauses: "3.2", "(b)", "iv."."""

from __future__ import annotations

import re
from collections import defaultdict
from xml.etree.ElementTree import Element

from catena.ingest.formats.safe_xml import attribute, local

_SLOT = re.compile(r"%([1-9])")
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)
_Level = tuple[str, str, int]  # format, text with slots, first number


class Numbering:
    """Counts as Word does: a number at one level starts the deeper ones anew."""

    def __init__(self, root: Element | None) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._of: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        for element in root if root is not None else ():
            if local(element) == "abstractNum":
                self._abstract[attribute(element, "abstractNumId") or ""] = _levels(element)
            elif local(element) == "num":
                self._of[attribute(element, "numId") or ""] = _child(element, "abstractNumId", "")

    def label(self, number: str, level: int) -> str:
        """The next label of a list; a bullet is "•", no list is ""."""
        if number in ("", "0"):
            return ""
        levels = self._abstract.get(self._of.get(number, ""), {})
        kind, text, _ = levels.get(level, ("bullet", "", 1))
        if kind == "none":
            return ""
        if kind == "bullet":
            return "•"
        counts = self._counts[number]
        counts[level] = counts.get(level, levels[level][2] - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        return _SLOT.sub(lambda slot: _slot(int(slot[1]) - 1, levels, counts), text)


def _slot(level: int, levels: dict[int, _Level], counts: dict[int, int]) -> str:
    kind, _, first = levels.get(level, ("decimal", "", 1))
    return format_number(counts.setdefault(level, first), kind)


def format_number(number: int, kind: str) -> str:
    """Write a number in a format of Word: "lowerRoman", "upperLetter", "decimalZero" …"""
    if number < 1:
        return str(number)
    if kind in ("lowerLetter", "upperLetter"):
        letters = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 8)
        return letters.upper() if kind == "upperLetter" else letters
    if kind in ("lowerRoman", "upperRoman"):
        return _roman(number).upper() if kind == "upperRoman" else _roman(number)
    return f"{number:02}" if kind == "decimalZero" else str(number)


def _roman(number: int) -> str:
    letters = ""
    for value, letter in _ROMAN:
        while number >= value and len(letters) < 20:
            letters, number = letters + letter, number - value
    return letters


def _levels(abstract: Element) -> dict[int, _Level]:
    levels: dict[int, _Level] = {}
    for element in abstract:
        level = attribute(element, "ilvl") or ""
        if local(element) == "lvl" and level.isdecimal() and len(level) == 1:
            first = _child(element, "start", "1")
            start = int(first) if first.isdecimal() and len(first) < 6 else 1
            levels[int(level)] = (_child(element, "numFmt", "decimal"), _child(element, "lvlText", ""), start)
    return levels


def _child(element: Element, name: str, default: str) -> str:
    return next((attribute(child, "val") or default for child in element if local(child) == name), default)
