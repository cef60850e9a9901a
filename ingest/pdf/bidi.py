"""Right-to-left lines: from the order in which characters stand on the page to the order in which they are read.

The inverse of the Unicode Bidirectional Algorithm (UAX #9): a line's characters from left to right give its logical
order. Where two orders would be printed alike, what stands together is read together.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import bidirectional

MIRRORED = str.maketrans("()[]{}<>«»‹›≤≥", ")(][}{><»«›‹≥≤")
"""Signs that are printed the other way round between right-to-left letters: the pairs of BidiMirroring.txt in texts."""
_SPACES = ("WS", "B", "S", "BN")
_LETTERS = ("L", "R", "AL")


def logical_order(characters: Sequence[str], *, is_rtl: bool) -> tuple[list[int], list[bool]]:
    """The indices of a line's characters in reading order, and which of them stand in right-to-left text.

    `characters` stand from left to right, each one or a base with its marks; `is_rtl`: of their paragraph.
    """
    classes = [bidirectional(character[0]) for character in characters]
    kinds = _with_numbers(classes)
    sides = _right_to_left(classes, kinds) if is_rtl else _left_to_right(kinds)
    order: list[int] = []
    for is_turned, start, end in _stretches(sides):
        stretch = _reversed_but_numbers(kinds, start, end) if is_turned else list(range(start, end))
        order = stretch + order if is_rtl else order + stretch
    return order, sides


def _with_numbers(classes: list[str]) -> list[str]:
    """Each character as "L", "R", "N" (of a number) or "" (neutral); rules W2 to W6 of the algorithm."""
    kinds = ["R" if kind == "AL" else kind if kind in ("L", "R") else "" for kind in classes]
    is_arabic = False
    for index in range(len(classes) - 1, -1, -1):  # what comes before a number stands right of it
        if classes[index] in _LETTERS:
            is_arabic = classes[index] == "AL"
        elif classes[index] in ("EN", "AN"):
            kinds[index] = "A" if is_arabic or classes[index] == "AN" else "E"
    for index in range(1, len(classes) - 1):
        before, after = kinds[index - 1], kinds[index + 1]
        if before == after and (
            classes[index] == "CS" and before in ("A", "E") or classes[index] == "ES" and before == "E"
        ):
            kinds[index] = before
    for order in (range(1, len(classes)), range(len(classes) - 2, -1, -1)):
        step = -1 if order.step > 0 else 1
        for index in order:
            if classes[index] == "ET" and not kinds[index] and kinds[index + step] == "E":
                kinds[index] = "E"
    return ["N" if kind in ("A", "E") else kind for kind in kinds]


def _right_to_left(classes: list[str], kinds: list[str]) -> list[bool]:
    """Characters of a right-to-left line that are no part of a left-to-right phrase.

    A phrase begins and ends with letters or numbers; a number that touches right-to-left letters is none of it.
    """
    sides = [True] * len(kinds)
    for start, end in _phrases(classes, kinds):
        if any(kind == "L" for kind in kinds[start:end]):
            sides[start:end] = [False] * (end - start)
    return sides


def _phrases(classes: list[str], kinds: list[str]) -> list[tuple[int, int]]:
    """The stretches without right-to-left letters, from their first letter or number to the last."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for index in range(len(kinds) + 1):
        if index < len(kinds) and kinds[index] != "R":
            start = index if start is None else start
            continue
        if start is not None:
            found += _trimmed(classes, kinds, start, index)
        start = None
    return found


def _trimmed(classes: list[str], kinds: list[str], start: int, end: int) -> list[tuple[int, int]]:
    if end < len(kinds):  # the letters on the right have what touches them, "ב-2019"
        edge = end
        while edge > start and classes[edge - 1] not in _SPACES:
            edge -= 1
        end = edge if "L" not in kinds[edge:end] else end
    while start < end and not kinds[start]:
        start += 1
    while end > start and not kinds[end - 1]:
        end -= 1
    return [(start, end)] if start < end else []


def _left_to_right(kinds: list[str]) -> list[bool]:
    """Characters of a left-to-right line that are right-to-left text: from letter to letter."""
    sides = [False] * len(kinds)
    last: int | None = None
    for index, kind in enumerate(kinds):
        if kind == "R":
            start = index if last is None else last
            sides[start : index + 1] = [True] * (index + 1 - start)
            last = index
        elif kind == "L":
            last = None
    return sides


def _stretches(sides: list[bool]) -> list[tuple[bool, int, int]]:
    found: list[tuple[bool, int, int]] = []
    start = 0
    for index in range(1, len(sides) + 1):
        if index == len(sides) or sides[index] != sides[start]:
            found.append((sides[start], start, index))
            start = index
    return found


def _reversed_but_numbers(kinds: list[str], start: int, end: int) -> list[int]:
    order: list[int] = []
    index = end
    while index > start:
        first = index - 1
        while kinds[first] == "N" and first > start and kinds[first - 1] == "N":
            first -= 1
        order += range(first, index)
        index = first
    return order
