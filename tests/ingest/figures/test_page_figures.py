"""Figures of PDFs: boxes, captions, and what is printed in them, as text or as pixels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest

from catena.ingest.frames import BadFrame
from catena.ingest.ocr.chart_letters import letters_of
from catena.ingest.ocr.text_recognition import engine
from catena.ingest.pdf.pdf_reader import PdfReading
from catena.ingest.sandbox.frame_validation import figure_of
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from catena.types import Box, Document, Figure, Page
from tests.ingest.charts import NAMES, PLACE, VALUES, bars, captioned, pictured
from tests.ingest.printing import column, put, save_pdf

needs_engine = pytest.mark.skipif(not engine(), reason='no Tesseract: pip install "catena-qa[ocr]"')
vector = partial(captioned, draw=bars)
raster = partial(captioned, draw=lambda page: pictured(page, bars))


def figures(path: Path, *pages: Any) -> tuple[list[Page], list[Figure]]:
    reading = PdfReading(save_pdf(path, *pages))
    return list(reading.pages("d")), reading.take_figures()


def parsed(tmp_path: Path, *pages: Any, **settings: Any) -> tuple[Document, list[Figure]]:
    path = save_pdf(tmp_path / "a.pdf", *pages)
    with (
        ParserPool(load_settings(home=tmp_path / "home", **settings)) as pool,
        pool.parsing(path, document_id="d" * 64) as parsing,
    ):
        list(parsing.pages())
        return parsing.document, parsing.figures


def shared(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    inner = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return inner / (sum(areas) - inner)


def test_a_drawn_chart_is_a_figure_with_caption_and_texts(tmp_path: Path) -> None:
    (page,), (figure,) = figures(tmp_path / "a.pdf", vector)
    assert shared(figure.box, PLACE) > 0.8
    assert (figure.label, figure.state) == ("Figure 2", "read")
    start, end = figure.caption_span or (0, 0)
    assert page.text[start:end] == figure.caption == "Figure 2: Rain days of three stations in 2019."
    assert {one.text for one in figure.texts} == {*NAMES, *map(str, VALUES)}
    assert {one.source for one in figure.texts} == {"text"}


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_is_turned_keeps_its_figure(tmp_path: Path, rotation: int) -> None:
    def turned(page: Any) -> None:
        vector(page)
        page.set_rotation(rotation)

    (page,), (figure,) = figures(tmp_path / "a.pdf", turned)
    assert len(figure.texts) == 6
    assert 0 <= figure.box[0] < figure.box[2] <= page.width and figure.box[3] <= page.height


def test_text_alone_and_tables_are_no_figures(tmp_path: Path) -> None:
    def table(page: Any) -> None:
        for row in range(8):
            page.draw_line((40, 100 + 20 * row), (360, 100 + 20 * row))
            put(page, 50, 114 + 20 * row, "Krems")
            put(page, 300, 114 + 20 * row, str(70 + row))

    _, found = figures(tmp_path / "a.pdf", lambda page: column(page, 40, 80, ["Only words."] * 9), table)
    assert found == []


@needs_engine
def test_a_raster_chart_is_read_where_it_stands(tmp_path: Path) -> None:
    document, (figure,) = parsed(tmp_path, raster)
    assert document.status == "ready"
    assert (figure.label, figure.state, figure.number) == ("Figure 2", "read", 1)
    assert shared(figure.box, PLACE) > 0.95
    assert {*NAMES, *map(str, VALUES)} <= {one.text for one in figure.texts}
    assert {one.source for one in figure.texts} == {"ocr"}


def test_a_raster_chart_that_is_not_recognised_is_counted(tmp_path: Path) -> None:
    many = partial(bars, names=[f"Station {number}" for number in range(5)], values=range(7010, 7060, 10))
    draw = partial(captioned, draw=lambda page: pictured(page, many))
    document, (figure,) = parsed(tmp_path, draw, ocr=False)
    assert (figure.state, figure.texts) == ("unread", ())
    assert document.status == "partial"
    assert "pictures with some words in them that were not read: 1" in document.message


@needs_engine
def test_a_figure_without_words_says_so(tmp_path: Path) -> None:
    def photograph(page: Any) -> None:
        grey = np.tile(np.arange(200, dtype=np.uint8), (150, 1))
        page.insert_image(PLACE, pixmap=pymupdf.Pixmap(pymupdf.csGRAY, 200, 150, grey.tobytes(), False))

    document, (figure,) = parsed(tmp_path, partial(captioned, draw=photograph))
    assert (document.status, figure.state, figure.texts) == ("ready", "no text", ())


@needs_engine
def test_a_picture_alone_on_a_page_is_a_figure(tmp_path: Path) -> None:
    _, (figure,) = parsed(tmp_path, lambda page: pictured(page, bars))
    assert (figure.state, figure.label) == ("read", "")


def test_figures_come_from_pages_read_ahead_too(tmp_path: Path) -> None:
    _, found = parsed(tmp_path, *[vector] * 12, ocr=False)
    assert [one.ref.number for one in found] == [*range(1, 13)]
    assert [one.number for one in found] == [*range(1, 13)]


GOOD = {
    "number": 3,
    "state": "read",
    "box": [0, 0, 9, 9],
    "label": "",
    "caption": "",
    "caption_span": [0, 4],
    "texts": [["a", [0, 0, 1, 1], "ocr"]],
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 4},
        {"state": "fine"},
        {"box": [0, 0, 9]},
        {"box": [0, 0, 9, float("nan")]},
        {"label": "x" * 201},
        {"caption": "\ud800"},
        {"caption_span": [0, 11]},
        {"caption_span": [5, 4]},
        {"texts": [["a", [0, 0, 1, 1], "guess"]]},
        {"texts": "abc"},
    ],
)
def test_what_a_child_says_of_a_figure_is_checked(wrong: dict[str, Any]) -> None:
    assert figure_of(GOOD, "d", 3, 10).caption_span == (0, 4)
    with pytest.raises(BadFrame):
        figure_of({**GOOD, **wrong}, "d", 3, 10)


def test_letters_are_left_when_bars_and_axes_go() -> None:
    grey = np.full((300, 400), 255, np.uint8)
    grey[50:250, 100:180] = 90  # a bar
    grey[250:253, 20:380] = 0  # an axis
    grey[253:260, 300:302] = 0  # a tick of it
    grey[100:120, 130:134] = 255  # a stroke on the bar
    grey[20:40, 300:304] = 0  # one on the paper
    ink = letters_of(grey, 300 / 72) < 128
    assert ink[100:120, 131:133].all() and ink[20:40, 301:303].all()
    ink[98:122, 128:136] = ink[18:42, 298:306] = False
    assert not ink.any()
