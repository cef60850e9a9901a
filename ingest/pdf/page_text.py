"""Writes logical lines down as a page's text, with the offsets of words and lines.

A hyphen at the end of a printed line was a broken word, or a compound that keeps it: the words of the document tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from catena.ingest.pdf.page_words import WIDE, is_wide
from catena.ingest.pdf.paragraphs import LogicalLine
from catena.ingest.pdf.word_runs import Run
from catena.types import Box, Line
from catena.word_boxes import WordRecord, Words

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
TOUCHING = 0.12  # in font sizes: narrower than any space


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


class Composition:
    """Text under construction. `text`, `words` and `lines` are the page's."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._pieces: list[str] = []
        self._length = 0
        self._words: list[WordRecord] = []
        self.lines: list[Line] = []

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def words(self) -> Words:
        return Words.of(self._words)

    def write(self, logical: Iterable[LogicalLine]) -> None:
        for line in logical:
            self._write_line(line)

    def _write_line(self, line: LogicalLine) -> None:
        if self._pieces:
            self._append("\n")
        start = self._length
        last: Run | None = None
        for part in line.parts:
            is_new_part = last is not None
            for run in part:
                if last is not None:
                    self._separate(last, run, is_new_part)
                    is_new_part = False
                self._write_run(run)
                last = run
        self.lines.append(Line(start, self._length, line.kind))

    def _write_run(self, run: Run) -> None:
        """Write the words of a run with single spaces between them."""
        text = " ".join(run.texts)
        if not text.isascii() and _has_wide(text):
            self._write_wide_run(run)
            return
        start, record = self._length, self._words.append
        for word, (x0, y0, x1, y1) in zip(run.texts, run.boxes, strict=True):
            end = start + len(word)
            record((start, end, x0, y0, x1, y1))
            start = end + 1
        self._append(text)

    def _write_wide_run(self, run: Run) -> None:
        """Chinese and Japanese: no space between two words that are, and a box for each character."""
        after_wide = False
        for index, (word, box) in enumerate(zip(run.texts, run.boxes, strict=True)):
            if index and not (after_wide and is_wide(word[0])):
                self._append(" ")
            if _has_wide(word):
                self._record_characters(word, box, run.is_vertical or run.turn % 2 == 1)
            else:
                self._words.append((self._length, self._length + len(word), *box))
            self._append(word)
            after_wide = is_wide(word[-1])

    def _separate(self, last: Run, run: Run, is_new_part: bool) -> None:
        """Write what stands between two runs: a space, or nothing where a word goes on."""
        before, after = last.texts[-1], run.texts[0]
        is_new_part = is_new_part or run.y0 > last.y0 + 0.5 * (last.y1 - last.y0) and run.y1 > last.y1
        if is_wide(before[-1]) and is_wide(after[0]) and (is_new_part or run.x0 - last.x1 < run.size):
            return
        if not is_new_part:
            gap = max(last.last_x0 - run.first_x1, run.x0 - last.x1)
            is_initial = last.size > 1.5 * run.size and len(before) == 1 and before.isalpha()
            if gap < (0.6 if is_initial else TOUCHING) * run.size:
                return
        elif is_broken(before, after) and run.x0 < last.x1:
            if not self._vocabulary.keeps_hyphen(before[:-1], after):
                self._drop_hyphen()
            return
        self._append(" ")

    def _drop_hyphen(self) -> None:
        self._pieces[-1] = self._pieces[-1][:-1]
        self._length -= 1
        start, end, x0, y0, x1, y1 = self._words[-1]
        self._words[-1] = (start, end - 1, x0, y0, x1, y1)

    def _record_characters(self, word: str, box: Box, is_upright: bool) -> None:
        """Each character gets its share of the word's box."""
        shares = [2 if is_wide(character) else 1 for character in word]
        x0, y0, x1, y1 = box
        unit = (y1 - y0 if is_upright else x1 - x0) / sum(shares)
        done = 0
        for place, share in enumerate(shares, self._length):
            start, end = unit * done, unit * (done + share)
            spot = (x0, y0 + start, x1, y0 + end) if is_upright else (x0 + start, y0, x0 + end, y1)
            self._words.append((place, place + 1, *spot))
            done += share

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def _has_wide(text: str) -> bool:
    return WIDE.search(text) is not None
