"""Line breaks in any script, and the order of words on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import bidirectional

# Han, kana and their punctuation break after every character; Hangul, Arabic, Latin at spaces.
_TOKENS = re.compile(
    "[\u2e80-\u30ff\u31c0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
    "|[^\\s\u2e80-\u30ff\u31c0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+"
)
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that are not broken over two lines."""
    for match in _TOKENS.finditer(text):
        yield match.span()


def has_right_to_left(text: str) -> bool:
    """Tell whether any letter of the text is read from right to left."""
    return not text.isascii() and bool(_RIGHT_TO_LEFT.search(text))


def is_right_to_left(text: str) -> bool:
    """Tell by the first letter with a direction."""
    if not has_right_to_left(text):
        return False
    for character in text:
        direction = bidirectional(character)
        if direction == "L":
            return False
        if direction in ("R", "AL"):
            return True
    return False


def visual_order(directions: list[bool], base: bool) -> list[int]:
    """Order a line's tokens from left to right; runs against the base direction keep their own order."""
    if base not in directions or all(direction == base for direction in directions):
        order = list(range(len(directions)))
        return order[::-1] if directions and directions[0] else order
    runs: list[list[int]] = []
    for index, direction in enumerate(directions):
        if runs and directions[runs[-1][0]] == direction:
            runs[-1].append(index)
        else:
            runs.append([index])
    ordered = [run[::-1] if directions[run[0]] else run for run in runs]
    return [index for run in (ordered[::-1] if base else ordered) for index in run]
