"""Writes logical lines down as a page's text, with the offsets of words and lines."""

from __future__ import annotations

from collections.abc import Iterable

from catena.ingest.glyphs import Ink, Run, is_wide
from catena.ingest.hyphens import Vocabulary, is_broken
from catena.ingest.rows import LogicalLine
from catena.types import Box, Line, Word

TOUCHING = 0.12  # in font sizes: narrower than any space


class Composition:
    """Text under construction. `text`, `words` and `lines` are the page's."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._pieces: list[str] = []
        self._length = 0
        self.words: list[Word] = []
        self.lines: list[Line] = []

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def write(self, logical: Iterable[LogicalLine]) -> None:
        for line in logical:
            self._write_line(line)

    def _write_line(self, line: LogicalLine) -> None:
        if self._pieces:
            self._append("\n")
        start = self._length
        last: tuple[Run, Ink] | None = None
        for part in line.parts:
            is_new_part = last is not None
            for run in part:
                for ink in run.inks:
                    if last is not None:
                        self._separate(last, (run, ink), is_new_part)
                    is_new_part = False
                    self._write_ink(ink, run)
                    last = (run, ink)
        self.lines.append(Line(start, self._length, line.kind))

    def _separate(self, last: tuple[Run, Ink], this: tuple[Run, Ink], is_new_part: bool) -> None:
        before, after = last[1], this[1]
        if is_new_part:
            if is_broken(before.text, after.text) and after.x0 < before.x1:
                if (
                    not self._vocabulary.keeps_hyphen(before.text[:-1], after.text)
                    and after.text[0].islower()
                ):
                    self._drop_hyphen()
                return
            if is_wide(before.text[-1]) and is_wide(after.text[0]):
                return
        else:
            gap = max(after.x0 - before.x1, before.x0 - after.x1)
            size = this[0].size
            if last[0] is not this[0] and gap < TOUCHING * size:
                return
            if gap < size and is_wide(before.text[-1]) and is_wide(after.text[0]):
                return
        self._append(" ")

    def _drop_hyphen(self) -> None:
        self._pieces[-1] = self._pieces[-1][:-1]
        self._length -= 1
        word = self.words[-1]
        self.words[-1] = Word(word.start, word.end - 1, word.box)

    def _write_ink(self, ink: Ink, run: Run) -> None:
        text = ink.text
        if not text.isascii() and len(text) > 1 and any(map(is_wide, text)):
            self._write_wide(text, ink.box, run.is_vertical or run.turn % 2 == 1)
            return
        self.words.append(Word(self._length, self._length + len(text), ink.box))
        self._append(text)

    def _write_wide(self, text: str, box: Box, is_vertical: bool) -> None:
        """Chinese and Japanese: each character gets its share of the box."""
        shares = [2 if is_wide(character) or not character.isascii() else 1 for character in text]
        x0, y0, x1, y1 = box
        length, total, done = (y1 - y0 if is_vertical else x1 - x0), sum(shares), 0
        for character, share in zip(text, shares, strict=True):
            start, end = length * done / total, length * (done + share) / total
            part = (x0, y0 + start, x1, y0 + end) if is_vertical else (x0 + start, y0, x0 + end, y1)
            self.words.append(Word(self._length, self._length + 1, part))
            self._append(character)
            done += share

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
