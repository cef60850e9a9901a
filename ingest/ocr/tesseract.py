"""Reads pages that are pictures with Tesseract: each in a process of its own, several at once, each in its time.

Runs in the parser's child process, which has no network and writes no files; a page that crashes Tesseract or takes
too long is a page without text.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from statistics import mean
from typing import Any

import numpy as np
import pymupdf

from catena.ingest.confinement.confinement import die_with_parent
from catena.ingest.frames import FrameDecoder, write_all
from catena.ingest.ocr.chart_letters import letters_of
from catena.ingest.page_image import scale_for
from catena.types import Box

DPI = 300  # what Tesseract was trained on; sharper pictures cost time and gain nothing
DOUBT = 70.0  # mean confidence below which a page may stand on its head; good scans have 90 and more
ROW_HEIGHT = 0.9  # of the font size: Tesseract's row is as high as its tallest letters reach, up and down
CHART_SIZES = (1.0, 2 / 3)
"""Of DPI: letters of charts differ in size more than those of pages, and where one reading fails the other may not."""
BEST_HEIGHT = 36.0  # pixels, of a line with the tails of its letters: as high as the rows of the LSTM
_EDGES = "_|~—–'\"“”‘’"
SURE_ON_CHARTS = 55.0  # of 100; below it words on charts are mostly ticks, markers and patterns
_CHUNK = 1 << 16

RecognisedWord = tuple[str, float, float, float, float, float]
"""Text, confidence from 0 to 100, and the box in points on the page as displayed."""
RecognisedRow = tuple[float, Sequence[RecognisedWord]]
"""Font size in points, and the words that stand on one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a page to recognise; `is_sparse`: words stand one by one on it, as on a chart."""

    box: Box
    is_sparse: bool = False


@dataclass(slots=True)
class _Pending:
    process: int
    output: int
    deadline: float


class Recogniser:
    """Pages are begun in order and finished in order; pages that are `known` cost nothing."""

    def __init__(self, order: Mapping[str, Any], known: int | None = None) -> None:
        """`order`: `languages` ("eng+deu"), `tessdata` (a folder), `seconds` a page, `processes`.

        `known`: a descriptor of what an earlier run recognised.
        """
        self._order = order
        self._known = _known(known)
        self._pending: dict[tuple[int, bool], _Pending] = {}
        self.num_ahead: int = order["processes"]

    def begin(self, number: int, page: pymupdf.Page, places: Sequence[Place] = ()) -> None:
        """Start to recognise a page, or some places of it."""
        key = number, bool(places)
        if key in self._known:
            return
        scale = scale_for(page.rect.width, page.rect.height, DPI)
        wanted: Sequence[Place | None] = places or [None]
        parts = [(_picture(page, scale, place.box if place else None), place) for place in wanted]
        engine = self._engine
        output, theirs = os.pipe()
        parent = os.getpid()
        process = os.fork()
        if process == 0:
            code = 1
            try:
                os.close(output)
                die_with_parent(parent)
                rows = [
                    row for picture, place in parts for row in _placed_rows(engine, picture, scale, place)
                ]
                write_all(theirs, json.dumps(rows).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(theirs)
        self._pending[key] = _Pending(process, output, time.monotonic() + self._order["seconds"])

    def finish(self, number: int, *, in_part: bool = False) -> tuple[bytes, bool]:
        """Wait for a page that was begun: what `decoded` reads, nothing if there was no time; whether it is new."""
        key = number, in_part
        if key in self._known:
            return self._known.pop(key), False
        return _result(self._pending.pop(key)), True

    @property
    def _engine(self) -> Any:
        return open_engine(self._order["tessdata"], self._order["languages"])


@cache
def open_engine(tessdata: str, languages: str) -> Any:
    """Tesseract with its data; of these one is used in a process."""
    import tesserocr  # an optional package, and only needed for documents with pictures of pages

    return tesserocr.PyTessBaseAPI(path=tessdata, lang=languages, psm=tesserocr.PSM.AUTO)


def _known(descriptor: int | None) -> dict[tuple[int, bool], bytes]:
    """Words that an earlier run recognised, of pages and of parts of pages."""
    if descriptor is None:
        return {}
    with os.fdopen(descriptor, "rb") as file:
        frames = FrameDecoder().feed(file.read())
        return {(int(header["number"]), bool(header.get("in_part"))): body for header, body in frames}


def _picture(page: pymupdf.Page, scale: float, box: Box | None) -> pymupdf.Pixmap:
    return page.get_pixmap(
        matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY, alpha=False, clip=box
    )


def _placed_rows(
    engine: Any, picture: pymupdf.Pixmap, scale: float, place: Place | None
) -> list[RecognisedRow]:
    """Recognise a picture of a page or of a part of it; boxes are on the page."""
    is_sparse = place is not None and place.is_sparse
    rows = _sparse_rows(engine, picture, scale) if is_sparse else _rows(engine, picture, scale)
    x, y = round(picture.x / scale, 2), round(picture.y / scale, 2)
    if not (x or y):
        return rows
    return [
        (size, [(text, sure, x0 + x, y0 + y, x1 + x, y1 + y) for text, sure, x0, y0, x1, y1 in words])
        for size, words in rows
    ]


def _rows(engine: Any, picture: pymupdf.Pixmap, scale: float) -> list[RecognisedRow]:
    """Recognise a picture as it is, and on its head where that makes little sense; `scale` is pixels per point.

    Tesseract finds lines that run downwards by itself, but none that run upwards or upside down.
    """
    rows = _recognise(engine, picture.samples, picture, scale)
    if 0.0 < _confidence(rows) < DOUBT:
        turned = _recognise(engine, picture.samples[::-1], picture, scale)
        if _confidence(turned) > _confidence(rows):
            width, height = round(picture.width / scale, 2), round(picture.height / scale, 2)
            return [(size, [_on_its_head(word, width, height) for word in words]) for size, words in turned]
    return rows


def _sparse_rows(engine: Any, picture: pymupdf.Pixmap, scale: float) -> list[RecognisedRow]:
    """Recognise words that stand one by one, on what is left of a picture without its shapes; in two sizes."""
    from tesserocr import PSM

    found: list[tuple[float, float, RecognisedWord]] = []
    engine.SetPageSegMode(PSM.SPARSE_TEXT)
    for share in CHART_SIZES:
        size = max(8, round(picture.width * share)), max(8, round(picture.height * share))
        smaller = pymupdf.Pixmap(picture, *size, None) if share < 1 else picture
        grey = np.frombuffer(smaller.samples, np.uint8).reshape(smaller.height, smaller.stride)
        ink = letters_of(grey[:, : smaller.width], scale * share)
        rows = _recognise(engine, ink.tobytes(), smaller, scale * share)
        found += [(_misfit(size, scale * share), size, _bare(word)) for size, words in rows for word in words]
    engine.SetPageSegMode(PSM.AUTO)
    kept: list[tuple[float, RecognisedWord]] = []
    for _, height, word in sorted((one for one in found if _is_word(one[2])), key=lambda one: one[0]):
        if not any(_overlap(word, other) for _, other in kept):
            kept.append((height, word))
    return _side_by_side(kept)


def _side_by_side(words: list[tuple[float, RecognisedWord]]) -> list[RecognisedRow]:
    """Put words that follow one another closely on one line into one row."""
    rows: list[tuple[float, list[RecognisedWord]]] = []
    for height, word in sorted(words, key=lambda one: one[1][2]):
        for row_height, row in rows:
            last = row[-1]
            is_level = abs(last[3] + last[5] - word[3] - word[5]) < 0.5 * row_height
            if is_level and 0 <= word[2] - last[4] < 0.6 * row_height:
                row.append(word)
                break
        else:
            rows.append((height, [word]))
    return sorted(rows, key=lambda row: (row[1][0][3], row[1][0][2]))


def _bare(word: RecognisedWord) -> RecognisedWord:
    """A word without the ends of lines and ticks at its edges."""
    return word[0].strip(_EDGES), *word[1:]


def _is_word(word: RecognisedWord) -> bool:
    return word[1] >= SURE_ON_CHARTS and any(map(str.isalnum, word[0]))


def _misfit(size: float, scale: float) -> float:
    """How far letters of a font size are from the size that Tesseract reads best."""
    return abs(log(max(size * scale, 1.0) / BEST_HEIGHT))


def _overlap(one: RecognisedWord, other: RecognisedWord) -> bool:
    across = min(one[4], other[4]) - max(one[2], other[2])
    down = min(one[5], other[5]) - max(one[3], other[3])
    return across > 0.3 * min(one[4] - one[2], other[4] - other[2]) and down > 0.3 * min(
        one[5] - one[3], other[5] - other[3]
    )


def _recognise(engine: Any, samples: bytes, picture: pymupdf.Pixmap, scale: float) -> list[RecognisedRow]:
    from tesserocr import RIL, iterate_level

    engine.SetImageBytes(samples, picture.width, picture.height, 1, picture.width)
    engine.SetSourceResolution(round(72 * scale))
    if not engine.Recognize():
        return []
    rows: list[tuple[float, list[RecognisedWord]]] = []
    for item in iterate_level(engine.GetIterator(), RIL.WORD):
        if item.IsAtBeginningOf(RIL.TEXTLINE) or not rows:
            size = item.RowAttributes()["row_height"] / ROW_HEIGHT / scale
            rows.append((round(size, 2), []))
        text = item.GetUTF8Text(RIL.WORD).strip()
        if text:
            x0, y0, x1, y1 = (round(value / scale, 2) for value in item.BoundingBox(RIL.WORD))
            rows[-1][1].append((text, round(item.Confidence(RIL.WORD), 1), x0, y0, x1, y1))
    return [row for row in rows if row[1]]


def _confidence(rows: list[RecognisedRow]) -> float:
    """The mean of the words', 0 where there are none."""
    return mean([word[1] for _, words in rows for word in words] or [0.0])


def _on_its_head(word: RecognisedWord, width: float, height: float) -> RecognisedWord:
    text, confidence, x0, y0, x1, y1 = word
    return text, confidence, width - x1, height - y1, width - x0, height - y0


def _result(pending: _Pending) -> bytes:
    """Read until the process ends; nothing when it fails or is not done by its deadline."""
    data = b""
    is_whole = False
    while select.select([pending.output], [], [], max(0.0, pending.deadline - time.monotonic()))[0]:
        chunk = os.read(pending.output, _CHUNK)
        if not chunk:
            is_whole = True
            break
        data += chunk
    os.close(pending.output)
    if not is_whole:
        os.kill(pending.process, signal.SIGKILL)
    _, status = os.waitpid(pending.process, 0)
    return data if is_whole and status == 0 else b""


def decoded(data: bytes) -> list[RecognisedRow]:
    """The rows of a page that was recognised."""
    return json.loads(data) if data else []
