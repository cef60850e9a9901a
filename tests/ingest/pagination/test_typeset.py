"""Typeset pages: every word has its box, boxes and picture agree, any script fits."""

import time

import numpy as np
import pymupdf
import pytest

from catena.ingest.formats.plain_text import parse_text
from catena.ingest.pagination.blocks import Block, Book, heading, paragraph, row
from catena.ingest.pagination.paged_book import FlowReading, print_sheet
from catena.ingest.pagination.typeset import typeset, visual_order
from tests.ingest.formats.test_plain_text import WRAPPED

SCRIPTS = [
    "Call me Ishmael, said the “captain” – quietly.",
    "吾輩は猫である。名前はまだ無い。" * 8,
    "한국어 문장은 띄어쓰기가 있습니다. " * 5,
    "כל בני האדם נולדו בני חורין ושווים 1948 בערכם ובזכויותיהם. " * 3,
    "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. " * 3,
    "English with שלום עולם inside.",
    "सभी मनुष्यों को गौरव और अधिकारों",
    "Emoji 📖 and a" + "very" * 60 + "long word.",
]


def block(text: str) -> Block:
    made = paragraph(text)
    assert made is not None
    return made


@pytest.mark.parametrize("text", SCRIPTS)
def test_every_character_is_in_a_box_inside_the_page(text: str) -> None:
    sheet = typeset([block(text)])
    assert "".join(sheet.text[w.start : w.end] for w in sheet.words) == "".join(sheet.text.split())
    for word in sheet.words:
        x0, y0, x1, y1 = word.box
        assert 0 < x0 < x1 <= sheet.width
        assert 0 < y0 < y1 <= sheet.height


@pytest.mark.parametrize("text", SCRIPTS)
def test_boxes_hold_the_ink(text: str) -> None:
    """Paint over all boxes, and nothing printed is left but the page's label."""
    reading = FlowReading(_book(text))
    page = next(reading.pages("d" * 64))
    picture = reading.render(1, 72)
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.width, 3).copy()
    assert (pixels < 128).any()
    for word in page.words:
        x0, y0, x1, y1 = (round(value) for value in word.box)
        pixels[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 255
    pixels[int(page.height) - 40 :] = 255
    assert not (pixels < 128).any()


def test_boxes_are_where_mupdf_finds_the_words() -> None:
    reading = FlowReading(_book("A needle in a haystack of plain words. " * 30))
    page = next(reading.pages("d" * 64))
    with pymupdf.open() as document:
        sheet = document.new_page(width=page.width, height=page.height)
        print_sheet(sheet, typeset([block("A needle in a haystack of plain words. " * 30)]), "1")
        found = sheet.search_for("needle")
    ours = [word.box for word in page.words if page.text[word.start : word.end] == "needle"]
    assert len(found) == len(ours)
    for rect, box in zip(found, ours, strict=True):
        assert abs(rect.x0 - box[0]) < 0.6
        assert abs(rect.x1 - box[2]) < 0.6


def test_logical_lines() -> None:
    blocks = [heading("Head", 1), paragraph("Some text."), row(["a", "1"], 1), row(["b", "22"], 1)]
    sheet = typeset([made for made in blocks if made])
    assert sheet.text == "Head\nSome text.\na 1\nb 22"
    assert [line.kind for line in sheet.lines] == ["heading", "text", "row", "row"]


def test_wide_tables_widen_the_page_within_bounds() -> None:
    cells = [f"column {n} with words" for n in range(40)]
    made = row(cells, 1)
    assert made is not None
    sheet = typeset([made])
    assert 432 < sheet.width < 2000
    assert max(word.box[2] for word in sheet.words) <= sheet.width


@pytest.mark.parametrize(
    ("directions", "base", "order"),
    [
        ([False, False], False, [0, 1]),
        ([True, True, True], True, [2, 1, 0]),
        ([True, False, False, True], True, [3, 1, 2, 0]),
        ([False, True, True, False], False, [0, 2, 1, 3]),
        ([True, True], False, [1, 0]),
        ([False, False], True, [0, 1]),
    ],
)
def test_order_on_the_page(directions: list[bool], base: bool, order: list[int]) -> None:
    assert visual_order(directions, base) == order


def test_a_long_book_is_set_in_time() -> None:
    reading = FlowReading(parse_text(WRAPPED * 2000))
    assert reading.num_pages > 150
    started = time.process_time()
    assert sum(1 for _ in reading.pages("d" * 64)) == reading.num_pages
    assert (time.process_time() - started) / reading.num_pages < 0.02


def _book(text: str) -> Book:
    return Book("", [block(text)])
