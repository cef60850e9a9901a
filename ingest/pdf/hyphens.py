"""Decides what a hyphen at the end of a printed line was: a broken word, or a compound that keeps it."""

from __future__ import annotations

import re
from collections import Counter

HYPHENS = ("-", "\u00ad", "\u2010")
MAX_VOCABULARY = 200_000
_KEPT_FIRST = frozenset((
    "self", "non", "well", "long", "short", "high", "low", "year", "full", "half", "part", "third", "first",
    "second", "mid", "ex", "all", "cross", "one", "two", "three", "four", "five", "six", "seven", "eight",
    "nine", "ten", "end", "day", "time", "state", "large", "small", "mass", "open", "real", "right", "left",
))  # fmt: skip
_KEPT_SECOND = frozenset((
    "based", "related", "term", "specific", "like", "free", "level", "oriented", "driven", "aware", "wide",
    "scale", "intensive", "efficient", "dependent", "source", "tuned", "to", "of", "in", "the", "and", "up",
    "off", "time",
))  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")


class Vocabulary:
    """The words a document has used so far; evidence for or against a hyphen."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def learn(self, text: str) -> None:
        """Count the words of a text, inner hyphens kept."""
        if len(self._counts) < MAX_VOCABULARY:
            pieces = text.lower().split()
            self._counts.update(filter(str.isalpha, pieces))  # most words; the search takes ten times as long
            self._counts.update(_WORD.findall(" ".join([piece for piece in pieces if not piece.isalpha()])))

    def keeps_hyphen(self, first: str, second: str) -> bool:
        """Say whether `first` + "-" + `second` is a compound ("long-term") and not a broken word."""
        before, after = _tail(first), _head(second)
        if not before or not after:
            return True
        joined, compound = self._counts[before + after], self._counts[f"{before}-{after}"]
        if joined or compound:
            return compound > joined
        if second[0].isupper() or (len(before) > 1 and first.rstrip("-").isupper()):
            return True
        return before in _KEPT_FIRST or after in _KEPT_SECOND or "-" in before


def _tail(text: str) -> str:
    found = _WORD.findall(text)
    return found[-1].lower() if found else ""


def _head(text: str) -> str:
    found = _WORD.match(text)
    return found.group().lower() if found else ""


def is_broken(first: str, second: str) -> bool:
    """Say whether a line that ends in `first` goes on, in the same word, with `second` on the next."""
    return len(first) > 1 and first.endswith(HYPHENS) and first[-2].isalpha() and second[:1].isalpha()
