"""Text under something, or in the colour of its ground, is left out and counted; what can be read stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from catena.ingest.pdf.pdf_reader import PdfReading
from tests.ingest.printing import put, save_pdf

SHOWN, SECRET = "The fee is what everybody sees.", "Harold Pym is the witness"
BOX = (35, 88, 220, 104)


def secret(page: Any, **more: Any) -> None:
    put(page, 40, 60, SHOWN)
    put(page, 40, 100, SECRET, **more)


def black_box(page: Any) -> None:
    secret(page)
    page.draw_rect(BOX, color=None, fill=(0, 0, 0))


def white_box(page: Any) -> None:
    secret(page)
    page.draw_rect(BOX, color=None, fill=(1, 1, 1))


def own_colour(page: Any) -> None:
    put(page, 40, 60, SHOWN)
    page.draw_rect(BOX, color=None, fill=(0.1, 0.2, 0.5))
    put(page, 40, 100, SECRET, color=(0.1, 0.2, 0.5))


def black_on_black(page: Any) -> None:
    page.draw_rect(BOX, color=None, fill=(0, 0, 0))
    secret(page)


def annotation(page: Any) -> None:
    secret(page)
    page.add_rect_annot(BOX).set_colors(stroke=(0, 0, 0), fill=(0, 0, 0))
    next(page.annots()).update(fill_color=(0, 0, 0))


def turned(page: Any) -> None:
    black_box(page)
    page.set_rotation(90)


@pytest.mark.parametrize("draw", [black_box, white_box, own_colour, black_on_black, annotation, turned])
def test_covered_text_is_left_out_and_counted(tmp_path: Path, draw: Callable[[Any], None]) -> None:
    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw))
    (page,) = reading.pages("d")
    assert page.text == SHOWN
    assert reading.tally.num_hidden_words == len(SECRET.split())
    assert "words that no reader sees were left out: 5" in reading.outcome().message


def test_only_the_covered_words_of_a_line_are_left_out(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 40, 100, SECRET)
        page.draw_rect(
            (39, 88, 40 + pymupdf.get_text_length("Harold Pym", "helv", 10), 104), color=None, fill=(0, 0, 0)
        )

    (page,) = PdfReading(save_pdf(tmp_path / "a.pdf", draw)).pages("d")
    assert page.text == "is the witness"


def box_before(page: Any) -> None:
    page.draw_rect(BOX, color=None, fill=(0.8, 0.9, 1))
    secret(page)


def highlight(page: Any) -> None:
    secret(page)
    page.add_highlight_annot(page.search_for(SECRET))


def see_through(page: Any) -> None:
    secret(page)
    page.draw_rect(BOX, color=None, fill=(1, 1, 0), fill_opacity=0.4)


def redaction_not_applied(page: Any) -> None:
    secret(page)
    page.add_redact_annot(pymupdf.Rect(BOX), fill=(0, 0, 0))


def row_by_row(page: Any) -> None:
    """Each row's ground is drawn after the row above, and reaches to its foot."""
    put(page, 40, 60, SHOWN)
    page.draw_rect((35, 90, 220, 104), color=None, fill=(0.9, 0.9, 0.9))
    put(page, 40, 100, SECRET)
    page.draw_rect((35, 104, 220, 118), color=None, fill=(1, 1, 1))


def strike(page: Any) -> None:
    secret(page)
    page.draw_rect((35, 96, 220, 97), color=None, fill=(0, 0, 0))


@pytest.mark.parametrize(
    "draw", [box_before, highlight, see_through, redaction_not_applied, row_by_row, strike]
)
def test_text_that_can_be_read_stays(tmp_path: Path, draw: Callable[[Any], None]) -> None:
    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw))
    (page,) = reading.pages("d")
    assert SECRET in page.text
    assert reading.tally.num_hidden_words == 0
