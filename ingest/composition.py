"""Writes logical lines down as a page's text, with the offsets of words and lines."""

from __future__ import annotations

from collections.abc import Iterable

from catena.ingest.glyphs import Ink, Run, is_wide
from catena.ingest.hyphens import Vocabulary, is_broken
from catena.ingest.paragraphs import LogicalLine
from catena.types import Line, Word

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
        length, words, pieces = self._length, self.words, self._pieces
        after_wide = needs_space = False
        for ink in run.inks:
            text = ink.text
            if needs_space and not (after_wide and is_wide(text[0])):
                pieces.append(" ")
                length += 1
            needs_space, after_wide = True, False
            if not text.isascii() and _has_wide(text):
                length = self._write_wide(ink, run, length)
                after_wide = is_wide(text[-1])
                continue
            end = length + len(text)
            words.append(Word(length, end, ink.box))
            pieces.append(text)
            length = end
        self._length = length

    def _separate(self, last: Run, run: Run, is_new_part: bool) -> None:
        """Write what stands between two runs: a space, or nothing where a word goes on."""
        before, after = last.inks[-1], run.inks[0]
        is_new_part = is_new_part or run.y0 > last.y0 + 0.5 * (last.y1 - last.y0) and run.y1 > last.y1
        if (
            is_wide(before.text[-1])
            and is_wide(after.text[0])
            and (is_new_part or run.x0 - last.x1 < run.size)
        ):
            return
        if not is_new_part:
            gap = max(before.x0 - after.x1, after.x0 - before.x1)
            is_initial = last.size > 1.5 * run.size and len(before.text) == 1 and before.text.isalpha()
            if gap < (0.6 if is_initial else TOUCHING) * run.size:
                return
        elif is_broken(before.text, after.text) and after.x0 < before.x1:
            if not self._vocabulary.keeps_hyphen(before.text[:-1], after.text):
                self._drop_hyphen()
            return
        self._append(" ")

    def _drop_hyphen(self) -> None:
        self._pieces[-1] = self._pieces[-1][:-1]
        self._length -= 1
        word = self.words[-1]
        self.words[-1] = Word(word.start, word.end - 1, word.box)

    def _write_wide(self, ink: Ink, run: Run, length: int) -> int:
        """Chinese and Japanese: each character gets its share of the word's box."""
        text = ink.text
        shares = [2 if is_wide(character) else 1 for character in text]
        x0, y0, x1, y1 = ink.box
        is_upright = run.is_vertical or run.turn % 2 == 1
        unit = (y1 - y0 if is_upright else x1 - x0) / sum(shares)
        done = 0
        for share in shares:
            start, end = unit * done, unit * (done + share)
            box = (x0, y0 + start, x1, y0 + end) if is_upright else (x0 + start, y0, x0 + end, y1)
            self.words.append(Word(length, length + 1, box))
            length += 1
            done += share
        self._pieces.append(text)
        return length

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def _has_wide(text: str) -> bool:
    return any(is_wide(character) for character in text)
