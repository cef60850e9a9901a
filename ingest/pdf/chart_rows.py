"""Charts among the figures of a PDF page: their values become rows of words, each behind the labels it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import numpy as np
import pymupdf

from catena.ingest.figures.chart_canvas import Canvas, ChartWord
from catena.ingest.figures.chart_reading import ChartReading, read_chart
from catena.ingest.figures.figure_regions import union
from catena.ingest.pdf.word_runs import FigurePlace, Glyphs, Run, is_inside
from catena.types import Box

DPI = 144
MAX_WORDS = 400  # on one chart; what has more is no chart
MAX_PIXELS = 3_000_000
MAX_SIZE = 1.6
"""Of the usual font size on the chart: what is recognised as larger has a tick or a line in its box."""
WORD_GAP = 0.5  # in font sizes: labels of a chart may stand closer than columns of a table


def read_charts(page: Any, glyphs: Glyphs) -> None:
    """Note the rows of each figure that reads as a chart, and the words left over."""
    for figure in glyphs.figures:
        pieces = [piece for run in runs_in(figure.box, glyphs) for piece in _pieces(run)]
        numeric = sum(any(map(str.isdigit, piece.text)) for piece in pieces)
        if not 2 <= numeric <= len(pieces) <= MAX_WORDS:
            continue
        readings = read_chart(_canvas(page, figure, pieces))
        figure.rows = [[pieces[place] for place in _places(one)] for one in readings]
        used = {place for one in readings for place in _places(one)}
        figure.rest = [piece for place, piece in enumerate(pieces) if place not in used] if readings else []


def runs_in(box: Box, glyphs: Glyphs) -> list[Run]:
    return [run for run in (*glyphs.runs, *glyphs.inset) if is_inside(*union(run.boxes), [box])]


def _places(reading: ChartReading) -> tuple[int, ...]:
    return (*reading.series, *reading.category, reading.value)


def _canvas(page: Any, figure: FigurePlace, pieces: Sequence[Run]) -> Canvas:
    place = pymupdf.Rect(figure.box) & page.rect
    scale = min(DPI / 72, (MAX_PIXELS / max(1.0, place.get_area())) ** 0.5)
    picture = page.get_pixmap(
        matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False, annots=False, clip=place
    )
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.stride // 3, 3)
    largest = MAX_SIZE * median(piece.size for piece in pieces)
    words = []
    for number, piece in enumerate(pieces):
        x0, y0, x1, y1 = (value * scale for value in union(piece.boxes))
        own = x0 - picture.x, y0 - picture.y, x1 - picture.x, y1 - picture.y
        words.append(ChartWord(piece.text, own, min(piece.size, largest) * scale, number))
    return Canvas(pixels.astype(np.int16), words)


def _pieces(run: Run) -> Iterator[Run]:
    """Cut a run at gaps wider than a space."""
    if run.turn or run.is_rtl:
        yield run
        return
    start = 0
    for index in range(1, len(run.texts) + 1):
        is_end = index == len(run.texts)
        if is_end or run.boxes[index][0] - run.boxes[index - 1][2] > WORD_GAP * run.size:
            yield _part(run, start, index)
            start = index


def _part(run: Run, start: int, end: int) -> Run:
    boxes = run.boxes[start:end]
    x0, y0, x1, y1 = union(boxes)
    return Run(
        x0, y0, x1, y1, boxes[0][2], boxes[-1][0], run.size, run.is_bold, run.texts[start:end], boxes,
        run.turn, run.is_rtl, run.is_vertical, run.baseline,
    )  # fmt: skip
