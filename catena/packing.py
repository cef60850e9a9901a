"""Words as bytes: six little-endian 32-bit numbers each (start, end, x0, y0, x1, y1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from catena.types import Word

_RECORD = struct.Struct("<iiffff")


def pack_words(words: Iterable[Word]) -> bytes:
    """Encode words for the parser's pipe and for the library."""
    return b"".join(_RECORD.pack(word.start, word.end, *word.box) for word in words)


def unpack_words(data: bytes) -> tuple[Word, ...]:
    """Decode `pack_words`. Raises ValueError when the length is not a whole number of records."""
    if len(data) % _RECORD.size:
        raise ValueError(f"{len(data)} bytes are not whole word records")
    return tuple(
        Word(start, end, (x0, y0, x1, y1)) for start, end, x0, y0, x1, y1 in _RECORD.iter_unpack(data)
    )
