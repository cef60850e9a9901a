"""Running headers, footers and printed page numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catena.ingest.pdf.headers_footers import from_roman, to_roman
from tests.ingest.printing import lines, put, read, save_pdf


def sheet(number: int, prefix: str = "") -> Callable[[Any], None]:
    def draw(page: Any) -> None:
        put(page, 20, 30, "Harbour Company Annual Report")
        put(
            page,
            20,
            200,
            f"What page {number * 37} has to say is said nowhere else: {'abcdefghij'[number % 10] * 9}.",
        )
        put(page, 200, 580, f"{prefix}{number}")

    return draw


def test_headers_and_footers_are_marked_and_stay_in_the_text(tmp_path: Path) -> None:
    pages = read(save_pdf(tmp_path / "a.pdf", *map(sheet, range(11, 19))))
    for number, page in enumerate(pages, 11):
        kinds = dict((text, kind) for kind, text in lines(page))
        assert kinds["Harbour Company Annual Report"] == "header"
        assert kinds[str(number)] == "footer"
        assert [kind for kind, _ in lines(page)] == ["header", "text", "footer"]


@pytest.mark.parametrize("prefix", ["", "A-"])
def test_the_printed_number_is_the_label(tmp_path: Path, prefix: str) -> None:
    path = save_pdf(tmp_path / "a.pdf", *[sheet(number, prefix) for number in range(11, 19)])
    assert [page.label for page in read(path)] == [f"{prefix}{number}" for number in range(11, 19)]


def test_one_page_has_no_furniture(tmp_path: Path) -> None:
    (page,) = read(save_pdf(tmp_path / "a.pdf", sheet(7)))
    assert {kind for kind, _ in lines(page)} <= {"text", "heading"}
    assert page.label == "1"


def test_the_scale_over_a_table_is_no_header(tmp_path: Path) -> None:
    pages = read(save_pdf(tmp_path / "a.pdf", *[lambda page: put(page, 20, 30, "(in millions)")] * 6))
    assert all(kind != "header" for page in pages for kind, _ in lines(page))


@pytest.mark.parametrize(
    ("text", "value"), [("iv", 4), ("xii", 12), ("xlix", 49), ("iiii", None), ("ivi", None)]
)
def test_roman_numerals(text: str, value: int | None) -> None:
    assert from_roman(text) == value
    assert value is None or to_roman(value) == text
