"""A reply that repeats itself for ever: seen while it comes, so that it is not paid to its end."""

from __future__ import annotations

LEAST_REPEATS, LEAST_CHARACTERS = 6, 360
"""Of one unit, behind each other, at the end of a reply: tables and verses repeat less."""
MAX_UNIT = 400
LOOKED_AT_EVERY = 120
"""Characters."""


class LoopWatch:
    """Told of each piece; says whether the reply has begun to repeat itself."""

    def __init__(self) -> None:
        self._text = ""
        self._next = LEAST_CHARACTERS

    def sees(self, piece: str) -> bool:
        self._text += piece
        if len(self._text) < self._next:
            return False
        self._next = len(self._text) + LOOKED_AT_EVERY
        return is_looping(self._text)


def is_looping(text: str) -> bool:
    """Tell whether a text ends in one unit again and again."""
    tail = text[-MAX_UNIT * LEAST_REPEATS - MAX_UNIT :]
    last = tail[-24:]
    if len(tail) < LEAST_CHARACTERS or not any(char.isalnum() for char in last):
        return False
    at = tail.rfind(last, 0, len(tail) - 1)
    unit = len(tail) - len(last) - at
    if at < 0 or unit > MAX_UNIT:
        return False
    repeats = max(LEAST_REPEATS, LEAST_CHARACTERS // unit)
    return len(tail) >= unit * repeats and tail[-unit * repeats :] == tail[-unit:] * repeats
