"""Table rows on one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ingest.printing import lines, put, read, save_pdf


def table(page: Any, rows: Sequence[tuple[float, str, str, str]], pitch: float = 12) -> None:
    for index, (indent, label, this, last) in enumerate(rows):
        y = 100 + pitch * index
        put(page, 20 + indent, y, label, 9)
        put(page, 270, y, this, 9)
        put(page, 340, y, last, 9)


def test_a_wrapped_label_is_joined_with_its_numbers(tmp_path: Path) -> None:
    rows = [
        (0, "Purchases of property and equipment, including", "", ""),
        (0, "internal-use software and website costs", "(11,955)", "(10,058)"),
        (0, "Proceeds from sales", "1,897", "1,067"),
        (0, "Acquisitions, net of cash acquired", "(13,972)", "(116)"),
    ]
    (page,) = read(save_pdf(tmp_path / "a.pdf", lambda page: table(page, rows)))
    assert lines(page)[0] == (
        "row",
        "Purchases of property and equipment, including internal-use software and website costs (11,955) (10,058)",
    )
    assert lines(page)[1] == ("row", "Proceeds from sales 1,897 1,067")


def test_a_caption_of_rows_stands_alone(tmp_path: Path) -> None:
    rows = [(0, "Current assets:", "", ""), (8, "Cash", "2,853", "3,053"), (8, "Inventories", "380", "1,076")]
    (page,) = read(save_pdf(tmp_path / "a.pdf", lambda page: table(page, rows)))
    assert [text for _, text in lines(page)] == [
        "Current assets:",
        "Cash 2,853 3,053",
        "Inventories 380 1,076",
    ]


def test_wrapped_cells_are_read_cell_by_cell(tmp_path: Path) -> None:
    cells = [
        ("Object", "You can share a file"),
        ("sharing", "with all users by a link."),
        ("Direct", "You can download objects"),
        ("reading", "without restoring them."),
    ]

    def draw(page: Any) -> None:
        for index, (name, text) in enumerate(cells):
            y = 100 + 12 * index + 14 * (index // 2)
            put(page, 20, y, name)
            put(page, 120, y, text)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert [text for _, text in lines(page)] == [
        "Object sharing You can share a file with all users by a link.",
        "Direct reading You can download objects without restoring them.",
    ]


def test_dots_and_far_numbers_belong_to_the_label(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for index, name in enumerate(("Total assets", "Total liabilities", "Total equity")):
            put(page, 20, 100 + 12 * index, name + " . . . . . . . . . .")
            put(page, 300, 100 + 12 * index, "$")
            put(page, 340, 100 + 12 * index, f"{index + 1},000")

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert lines(page)[1] == ("row", "Total liabilities . . . . . . . . . . $ 2,000")


def test_list_items_are_lines_of_their_own(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for index, text in enumerate(("the first of the items is here", "the second is longer", "the third")):
            put(page, 20, 100 + 12 * index, "-")
            put(page, 40, 100 + 12 * index, text)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert [text for _, text in lines(page)] == [
        "- the first of the items is here",
        "- the second is longer",
        "- the third",
    ]
