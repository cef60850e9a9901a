"""Text printed twice is read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.ingest.printing import column, put, read, save_pdf

TEXTS = ["Total revenue 4,812", "2020", "Omschrijving", "a"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.4, 0.0), (1.5, 1.5), (-1.0, 2.0)])
def test_a_line_printed_twice_counts_once(tmp_path: Path, text: str, shift: tuple[float, float]) -> None:
    def draw(page: Any) -> None:
        put(page, 40, 60, "Before it", 14)
        put(page, 40, 100, text, 14)
        put(page, 40 + shift[0], 100 + shift[1], text, 14)
        put(page, 40, 140, "after it", 14)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text.split() == ["Before", "it", *text.split(), "after", "it"]
    assert len(page.words) == len(text.split()) + 4


def test_all_lines_again_after_the_last(tmp_path: Path) -> None:
    texts = ["The keeper rows out", "to the light each", "evening and morning"]

    def draw(page: Any) -> None:
        column(page, 40, 100, texts)
        column(page, 40.3, 100, texts)
        column(page, 40.3, 99.8, texts)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text == " ".join(texts)


def test_one_word_of_a_line_printed_bold_by_printing_it_again(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 40, 100, "The fee is 300 euro")
        x = 40 + pymupdf.get_text_length("The fee is ", "helv", 10)
        put(page, x, 100, "300")
        put(page, x + 0.3, 100, "300")

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text.count("300") == 1


def test_equal_words_beside_and_below_each_other_stay(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 40, 100, "had had 11 11 that that")
        put(page, 40, 111, "had had 11 11 that that")

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text == " ".join(["had had 11 11 that that"] * 2)
