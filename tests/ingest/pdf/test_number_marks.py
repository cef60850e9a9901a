"""Raised and lowered figures, and signs apart from their figure, in PDF pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.ingest.printing import lines, put, read, save_pdf

BASE, SIZE = 100.0, 12.0


def pieces(page: Any, *parts: tuple[str, float, float], x: float = 40.0, y: float = BASE) -> None:
    """Write (text, size, rise) one after the other."""
    for text, size, rise in parts:
        put(page, x, y - rise, text, size)
        x += pymupdf.get_text_length(text, "helv", size)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [("Load 4.1 x 10", 12, 0), ("9", 7, 4), (" cells were seen.", 12, 0)],
            "Load 4.1 x 10⁹ cells were seen.",
        ),
        ([("We sold 7,250", 12, 0), ("3", 7.5, 4.5), (" machines.", 12, 0)], "We sold 7,250³ machines."),
        ([("At 10", 12, 0), ("-12", 7, 4), (" metres", 12, 0)], "At 10⁻¹² metres"),
        ([("In 2024", 12, 0), ("2,5", 7, 4), (" and later", 12, 0)], "In 2024²,⁵ and later"),
        ([("CO", 12, 0), ("2", 8, -2), (" rose by 4", 12, 0)], "CO₂ rose by 4"),
        ([("The 21", 12, 0), ("st", 7, 4), (" of May", 12, 0)], "The 21st of May"),
        ([("Volume 30 m", 12, 0), ("3", 7, 4)], "Volume 30 m³"),
        ([("Net sales", 12, 0), ("(1)", 7, 4), (" 410", 12, 0)], "Net sales⁽¹⁾ 410"),
    ],
)
def test_raised_and_lowered_figures_are_kept_apart(
    tmp_path: Path, parts: list[tuple[str, float, float]], expected: str
) -> None:
    (page,) = read(save_pdf(tmp_path / "a.pdf", lambda page: pieces(page, *parts)))
    assert page.text == expected
    assert "".join(page.text[word.start : word.end] for word in page.words) == "".join(expected.split())


def test_a_raised_figure_drawn_last_is_raised_too(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 40, 100, "It grew by 10", SIZE)
        put(page, 40, 130, "A line of other words stands here.", SIZE)
        put(page, 40 + pymupdf.get_text_length("It grew by 10", "helv", SIZE), 96, "6", 7)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text.startswith("It grew by 10⁶")


def test_smaller_type_on_the_same_line_or_in_other_rows_is_not_raised(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        pieces(page, ("PART ", 14, 0), ("7", 10, 0), (" of ten", 14, 0))
        for row in range(3):
            put(page, 40, 150 + 11 * row, "Freight and storage", 9)
            put(page, 250, 149 + 11 * row, f"1,04{row}", 7)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text.split("\n") == ["PART 7 of ten", *(f"Freight and storage 1,04{row}" for row in range(3))]


def test_a_note_begins_at_its_raised_figure(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        pieces(page, ("1", 5, 3), (" Restated after the sale of the northern division of it,", 8, 0), y=500)
        pieces(page, ("2", 5, 3), (" before tax.", 8, 0), y=510)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert [text for _, text in lines(page)] == [
        "¹ Restated after the sale of the northern division of it,",
        "² before tax.",
    ]


@pytest.mark.parametrize(("cell", "expected"), [("- 15", "-15"), ("( 7)", "(7)"), ("- 3.5%", "-3.5%")])
def test_a_sign_apart_from_its_figure_is_joined(tmp_path: Path, cell: str, expected: str) -> None:
    def draw(page: Any) -> None:
        for row, (label, value) in enumerate(
            [("Net income", "52"), ("Equity change", cell), ("Growth", "4")]
        ):
            put(page, 40, 100 + 14 * row, label)
            put(page, 250, 100 + 14 * row, value)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert f"Equity change {expected}" in page.text


def test_a_dash_before_words_or_in_a_column_of_its_own_stays(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 40, 60, "- 15 boats were lost")
        for row in range(3):
            put(page, 40, 100 + 14 * row, f"Item {row} sold")
            put(page, 200, 100 + 14 * row, "-")
            put(page, 260, 100 + 14 * row, "15")

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert "- 15 boats" in page.text
    assert "Item 1 sold - 15" in page.text
