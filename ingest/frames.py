"""Frames from the parser child to its parent: length-prefixed, a JSON header and bytes. No pickle."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

from catena.types import Figure, Page
from catena.word_boxes import line_values, pack_words

Header = dict[str, Any]
Frame = tuple[Header, bytes]
Send = Callable[..., None]

_LENGTHS = struct.Struct("<II")
NEWS = struct.Struct("<i")
"""A process id, then an exit code: what the warm process tells of a job on a pipe of its own."""
MAX_HEADER_BYTES = 64 << 20
MAX_BODY_BYTES = 64 << 20
# A page of text has 3,000 characters; the largest page of the development documents has 60,000.
MAX_PAGE_CHARS = 5_000_000
MAX_NAME = 255
"""Characters of the name of an attached file."""
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


class BadFrame(ValueError):
    """The child broke the rules of the pipe."""


def encode(header: Header, body: bytes = b"") -> bytes:
    data = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    return _LENGTHS.pack(len(data), len(body)) + data + body


class FrameDecoder:
    """Cuts a stream of bytes into frames; refuses oversized ones before they are buffered."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def num_waiting(self) -> int:
        """Bytes of a frame whose end has not come."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._buffer += data
        while len(self._buffer) >= _LENGTHS.size:
            header_size, body_size = _LENGTHS.unpack_from(self._buffer)
            if header_size > MAX_HEADER_BYTES or body_size > MAX_BODY_BYTES:
                raise BadFrame(f"a frame of {header_size + body_size} bytes")
            end = _LENGTHS.size + header_size + body_size
            if len(self._buffer) < end:
                return
            header = bytes(self._buffer[_LENGTHS.size : _LENGTHS.size + header_size])
            body = bytes(self._buffer[_LENGTHS.size + header_size : end])
            del self._buffer[:end]
            yield _decode_header(header), body


def _decode_header(data: bytes) -> Header:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"a header that is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise BadFrame("a header that is no object")
    return header


def page_frame(page: Page) -> Frame:
    """Take a page apart for the pipe; characters that UTF-8 cannot hold become U+FFFD, one for one."""
    header = {
        "type": "page",
        "number": page.ref.number,
        "text": _UNSENDABLE.sub("\ufffd", page.text),
        "label": _UNSENDABLE.sub("\ufffd", page.label),
        "lines": line_values(page.lines),
        "sections": [
            (section.start, [_UNSENDABLE.sub("\ufffd", part) for part in section.path])
            for section in page.sections
        ],
        "width": page.width,
        "height": page.height,
        "source": page.source,
    }
    return header, pack_words(page.words)


def figure_frame(figure: Figure) -> Frame:
    """Take a figure apart for the pipe: it follows its page."""
    header = {
        "type": "figure",
        "number": figure.ref.number,
        "box": figure.box,
        "label": _UNSENDABLE.sub("\ufffd", figure.label),
        "caption": _UNSENDABLE.sub("\ufffd", figure.caption),
        "caption_span": figure.caption_span,
        "state": figure.state,
        "texts": [(_UNSENDABLE.sub("\ufffd", one.text), one.box, one.source) for one in figure.texts],
    }
    return header, b""


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything to a pipe or socket."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
