"""Builds pages and documents from frames of a child that nobody trusts: everything is checked first."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from catena.ingest.file_metadata import FIELDS, MAX_LENGTH, MAX_VALUES
from catena.ingest.frames import MAX_NAME, MAX_PAGE_CHARS, BadFrame, Header
from catena.types import (
    Box,
    DocumentStatus,
    FailureReason,
    Figure,
    FigureState,
    FigureText,
    LineKind,
    OutlineEntry,
    Page,
    PageRef,
    Section,
    TextSource,
)
from catena.word_boxes import Words, lines_of

_WORD = np.dtype([("start", "<i4"), ("end", "<i4"), ("box", "<f4", 4)])
_LINE_KINDS = frozenset(get_args(LineKind))
_SOURCES = frozenset(get_args(TextSource))
_REASONS = frozenset(get_args(FailureReason))
_STATUSES = frozenset(get_args(DocumentStatus))
_MAX_COORDINATE = 1e7
MAX_OUTLINE = 100_000
MAX_SECONDS = 1e9
MAX_CAPTION, MAX_FIGURE_TEXTS = 5_000, 2_000
_FIGURE_STATES = frozenset(get_args(FigureState))


def check_page(header: Header, body: bytes, number: int) -> None:
    """Raise BadFrame unless the frame is page `number`, with everything inside its text."""
    if header.get("number") != number:
        raise BadFrame(f"page {header.get('number')!r} in place of {number}")
    text = _text(header, "text", MAX_PAGE_CHARS)
    _text(header, "label", 200)
    for name in ("width", "height"):
        _number(header.get(name), 0, _MAX_COORDINATE)
    if header.get("source") not in _SOURCES:
        raise BadFrame("a page with an unknown source")
    _check_lines(header.get("lines"), text)
    _check_sections(header.get("sections"), text)
    _check_words(body, text)


def page_of(header: Header, body: bytes, document_id: str) -> Page:
    """Build the page of a checked frame."""
    return Page(
        ref=PageRef(document_id, header["number"]),
        text=header["text"],
        label=header["label"],
        words=Words(body),
        lines=lines_of(header["lines"]),
        sections=tuple(Section(start, tuple(path)) for start, path in header["sections"]),
        width=float(header["width"]),
        height=float(header["height"]),
        source=header["source"],
    )


def figure_of(header: Header, document_id: str, number: int, length: int) -> Figure:
    """Build a figure of page `number`, whose text has `length` characters. Raises BadFrame."""
    if header.get("number") != number or header.get("state") not in _FIGURE_STATES:
        raise BadFrame(f"a figure of page {header.get('number')!r} after page {number}")
    span = header.get("caption_span")
    if span is not None:
        end = int(_number(_list(span, 2)[1], 0, length, whole=True))
        span = int(_number(span[0], 0, end, whole=True)), end
    return Figure(
        PageRef(document_id, number),
        _box(header.get("box")),
        label=_text(header, "label", 200),
        caption=_text(header, "caption", MAX_CAPTION),
        caption_span=span,
        state=header["state"],
        texts=tuple(_figure_text(one) for one in _list(header.get("texts"), MAX_FIGURE_TEXTS)),
    )


def _figure_text(given: Any) -> FigureText:
    if not isinstance(given, list) or len(given) != 3 or given[2] not in _SOURCES:
        raise BadFrame("a text of a figure that is none")
    return FigureText(_text({"text": given[0]}, "text", MAX_PAGE_CHARS), _box(given[1]), given[2])


def _box(given: Any) -> Box:
    values = _list(given, 4)
    if len(values) != 4:
        raise BadFrame("a box that is none")
    x0, y0, x1, y1 = (_number(value, -_MAX_COORDINATE, _MAX_COORDINATE) for value in values)
    return x0, y0, x1, y1


def _check_lines(lines: Any, text: str) -> None:
    last = 0
    for line in _list(lines, len(text) + 1):
        if not (isinstance(line, list) and len(line) in (3, 6) and line[2] in _LINE_KINDS):
            raise BadFrame("a line that is none")
        start, end = _span(line, text)
        _check_cells(line[3] if len(line) > 3 else [], start, text[:end])
        if start < last or "\n" in text[start:end]:
            raise BadFrame("lines that overlap or hold a newline")
        if len(line) > 3 and not isinstance(line[4], bool):
            raise BadFrame("a line that may be a head, or not")
        _check_cues(line[5] if len(line) > 3 else [], start, end)
        last = end


def _check_cells(cells: Any, last: int, text: str) -> None:
    """Raise BadFrame unless they follow each other inside of their line, which begins at `last` and ends the text."""
    for cell in _list(cells, len(text)):
        if not (isinstance(cell, list) and len(cell) == 3):
            raise BadFrame("a cell that is none")
        start, end = _span(cell, text)
        if start < last:
            raise BadFrame("cells that overlap, or lie outside of their row")
        _text({"name": cell[2]}, "name", 20)
        last = end


def _check_cues(cues: Any, start: int, end: int) -> None:
    for cue in _list(cues, end - start + 1):
        if len(_list(cue, 5)) != 5:
            raise BadFrame("a cue that is none")
        start = int(_number(cue[0], start, end, whole=True))
        start = int(_number(cue[1], start, end, whole=True))
        _number(cue[3], _number(cue[2], 0, MAX_SECONDS), MAX_SECONDS)
        _text({"speaker": cue[4]}, "speaker", 1_000)


def _check_sections(sections: Any, text: str) -> None:
    for section in _list(sections, len(text) + 1):
        if not (isinstance(section, list) and len(section) == 2):
            raise BadFrame("a section that is none")
        _number(section[0], 0, len(text), whole=True)
        for part in _list(section[1], 32):
            _text({"part": part}, "part", 10_000)


def _check_words(body: bytes, text: str) -> None:
    if len(body) % _WORD.itemsize:
        raise BadFrame("words that are not whole")
    words = np.frombuffer(body, _WORD)
    start, end, box = words["start"], words["end"], words["box"]
    if not (np.all(start >= 0) and np.all(start <= end) and np.all(end <= len(text))):
        raise BadFrame("words outside the text")
    if not (np.isfinite(box).all() and np.all(np.abs(box) <= _MAX_COORDINATE)):
        raise BadFrame("boxes that are not finite")


def outcome_of(header: Header, num_pages: int) -> dict[str, Any]:
    """Check the last frame; return what of it goes into the Document."""
    status, reason = header.get("status"), header.get("reason")
    if status not in _STATUSES or not (reason is None or reason in _REASONS):
        raise BadFrame("an unknown status or reason")
    with_text = _number(header.get("pages_with_text"), 0, num_pages, whole=True)
    return {
        "status": status,
        "reason": reason,
        "message": _text(header, "message", 2_000),
        "remedy": _text(header, "remedy", 2_000),
        "num_pages": num_pages,
        "num_pages_with_text": int(with_text),
        "outline": tuple(_outline_entry(entry) for entry in _list(header.get("outline"), MAX_OUTLINE)),
    }


def name_of(header: Header) -> str:
    """The name of an attached file, without a folder."""
    return _text(header, "name", MAX_NAME).replace("/", "_").replace("\0", "_")


def title_of(header: Header) -> str:
    return _text(header, "title", 2_000)


def metadata_of(header: Header) -> dict[str, list[str]]:
    """Check what a file says it is cited by."""
    given = header.get("metadata", {})
    if not isinstance(given, dict) or not set(given) <= set(FIELDS):
        raise BadFrame("no usable metadata")
    for values in given.values():
        if not isinstance(values, list) or len(values) > MAX_VALUES:
            raise BadFrame("no usable metadata")
        for value in values:
            _text({"metadata": value}, "metadata", MAX_LENGTH)
    return given


def failure_of(header: Header) -> tuple[FailureReason, str, str]:
    """Check a frame that says why there is no document."""
    if header.get("reason") not in _REASONS:
        raise BadFrame("an unknown reason")
    return header["reason"], _text(header, "message", 2_000), _text(header, "remedy", 2_000)


def _outline_entry(entry: Any) -> OutlineEntry:
    if not (isinstance(entry, list) and len(entry) == 3):
        raise BadFrame("an outline entry that is none")
    level = int(_number(entry[0], 0, 100, whole=True))
    page = int(_number(entry[2], 0, 10**9, whole=True))
    return OutlineEntry(level, _text({"title": entry[1]}, "title", 10_000), page)


def _span(values: list[Any], text: str) -> tuple[int, int]:
    end = _number(values[1], 0, len(text), whole=True)
    return int(_number(values[0], 0, end, whole=True)), int(end)


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise BadFrame("a list that is none, or too long")
    return value


def _text(header: Header, name: str, most: int) -> str:
    value = header.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise BadFrame(f"no usable {name}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadFrame(f"a lone surrogate in {name}") from error
    return value


def _number(value: Any, least: float, most: float, *, whole: bool = False) -> float:
    right = isinstance(value, int) if whole else isinstance(value, int | float)
    if not right or isinstance(value, bool) or not least <= value <= most:  # a NaN is never between
        raise BadFrame(f"{value!r} is no number from {least} to {most}")
    return float(value)
