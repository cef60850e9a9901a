"""Bytes to text: marks, declarations, then the encodings that real files have."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset\s*=|encoding\s*=)\s*["']?\s*([\w.:-]{2,40})""", re.I)
_WINDOW = 4096
# Python's codecs that are no character sets (zip, hex, rot13 ...) never get here: they are not `_is_text_encoding`.


def decode(data: bytes) -> str:
    """Decode plain text: by its mark, as UTF-8, as UTF-16 without a mark, else as Windows-1252."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data[len(mark) if codec == "utf-8" else 0 :].decode(codec, "replace")
    if unmarked := _unmarked_utf16(data):
        return data.decode(unmarked, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(data) - 4 or _is_nearly_utf8(data):  # cut off, or a stray byte in a UTF-8 file
            return data.decode("utf-8", "replace")
    return data.decode("cp1252", "replace")


def decode_markup(data: bytes) -> str:
    """Decode HTML or XML: a mark wins over the declaration, which wins over guessing."""
    if data.startswith(tuple(mark for mark, _ in _BOMS)):
        return decode(data)
    declared = _DECLARED.search(data[:_WINDOW])
    codec = _codec(declared[1].decode("ascii")) if declared else None
    if codec is None:
        return decode(data)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return decode(data)


def _codec(name: str) -> str | None:
    name = name.lower()
    if name in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        return "cp1252"  # what browsers take it for
    try:
        info = codecs.lookup(name)
    except LookupError:
        return None
    is_text = getattr(info, "_is_text_encoding", False)
    return (
        info.name if is_text and not info.name.startswith(("utf-16", "utf-32", "idna", "punycode")) else None
    )


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 of Latin text has a zero in every other byte."""
    window = data[:_WINDOW]
    if len(window) < 4 or window.count(0) < len(window) * 0.3:
        return None
    return "utf-16-le" if window[1::2].count(0) > window[::2].count(0) else "utf-16-be"


def _is_nearly_utf8(data: bytes) -> bool:
    text = data[: 1 << 20].decode("utf-8", "replace")
    wide = sum(1 for character in text if ord(character) > 127)
    return wide > 20 and text.count("\ufffd") * 20 < wide
