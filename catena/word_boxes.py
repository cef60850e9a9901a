"""Words as bytes: six little-endian 32-bit numbers each (start, end, x0, y0, x1, y1); lines as plain values."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from itertools import starmap
from typing import Any, overload

from catena.types import Cue, Line, SheetCell, Word

_RECORD = struct.Struct("<iiffff")

WordRecord = tuple[int, int, float, float, float, float]


class Words(Sequence[Word]):
    """The words of a page as bytes; a `Word` is made when one is asked for. A page has 500, and most go unread."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        """Raises ValueError when `data` is not a whole number of records."""
        if len(data) % _RECORD.size:
            raise ValueError(f"{len(data)} bytes are not whole word records")
        self.data = data

    @classmethod
    def of(cls, records: Iterable[WordRecord]) -> Words:
        return cls(b"".join(starmap(_RECORD.pack, records)))

    def __len__(self) -> int:
        return len(self.data) // _RECORD.size

    def __iter__(self) -> Iterator[Word]:
        for start, end, *box in _RECORD.iter_unpack(self.data):
            yield Word(start, end, (box[0], box[1], box[2], box[3]))

    @overload
    def __getitem__(self, index: int) -> Word: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Word]: ...

    def __getitem__(self, index: int | slice) -> Word | Sequence[Word]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


def pack_words(words: Sequence[Word]) -> bytes:
    """Encode words for the parser's pipe and for the library."""
    if isinstance(words, Words):
        return words.data
    return b"".join([_RECORD.pack(word.start, word.end, *word.box) for word in words])


def line_values(lines: Sequence[Line]) -> list[tuple[Any, ...]]:
    """Lines as plain values: cells of a spreadsheet's row, whether it is a head, and cues stand behind its kind."""
    return [_line_values(line) for line in lines]


def lines_of(values: Iterable[Sequence[Any]]) -> tuple[Line, ...]:
    return tuple(map(_line, values))


def _line_values(line: Line) -> tuple[Any, ...]:
    values = (line.start, line.end, line.kind)
    if not line.cells and not line.cues:
        return values
    cells = [(cell.start, cell.end, cell.name) for cell in line.cells]
    return (*values, cells, line.is_head, [astuple(cue) for cue in line.cues])


def _line(values: Sequence[Any]) -> Line:
    absent: tuple[Any, ...] = ((), False, ())
    start, end, kind, cells, is_head, cues = (*values, *absent[len(values) - 3 :])
    return Line(
        start, end, kind, tuple(SheetCell(*one) for one in cells), is_head, tuple(Cue(*one) for one in cues)
    )
