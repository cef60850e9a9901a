"""Cells of spreadsheets: the one that row and column of a question name, and none where two fit alike."""

from collections.abc import Sequence

import pytest

from catena.agents.document_view import DocumentView
from catena.agents.extractive.numeric_answer import name_number, with_header
from catena.agents.extractive.sheet_cells import name_cell
from catena.types import Evidence, Line, Page, PageRef, SheetCell, Span, Word
from tests.agents.shelf import DOC, MemoryShelf

TABLE = (
    ("City", "2022", "2023", "Mayor"),
    ("Vienna", "998", "1,204", "Ada Berger"),
    ("Graz", "512", "633", "Ben Cole"),
    ("Linz", "301", "290", "Cleo Dahl"),
)


def sheet(rows: Sequence[Sequence[str]] = TABLE, num_heads: int = 1) -> DocumentView:
    text, lines = "Sales by city", [Line(0, 13, "text")]
    for number, row in enumerate(rows, 1):
        start, cells = len(text) + 1, []
        text += "\n" + " ".join(row)
        at = start
        for letter, value in zip("ABCDEF", row, strict=False):
            cells.append(SheetCell(at, at + len(value), f"{letter}{number}"))
            at += len(value) + 1
        lines.append(Line(start, len(text), "row", tuple(cells), number <= num_heads))
    page = Page(PageRef(DOC, 1), text, "1", (Word(0, 5, (0, 0, 1, 1)),), tuple(lines))
    return DocumentView(MemoryShelf([page]), [DOC])


@pytest.mark.parametrize(
    ("question", "value", "is_sure"),
    [
        ("What were the sales of Graz in 2023?", "633", True),
        ("What were the sales of Graz in 2022?", "512", True),
        ("Who is the mayor of Linz?", "Cleo Dahl", True),
        ("In which city is Ben Cole mayor?", "Graz", True),
        ("Which mayor does Graz elect?", "Ben Cole", False),
    ],
)
def test_row_and_column_name_a_cell(question: str, value: str, is_sure: bool) -> None:
    cell = name_cell(question, [PageRef(DOC, 1)], sheet())
    assert cell is not None
    assert (cell.value, cell.is_sure) == (value, is_sure)
    row, own, *heads = [one.text for one in cell.statement.evidence]
    assert value in row.split() or value in row
    assert own == value and heads


@pytest.mark.parametrize(
    "question",
    [
        "What were the sales of Salzburg in 2023?",
        "What were the sales of Graz in 2024?",
        "What were the sales of Graz?",
        "By how much did the sales of Graz grow in percent?",
        "Which party does the mayor of Linz belong to?",
        "Who?",
    ],
)
def test_what_no_cell_says_is_not_named(question: str) -> None:
    assert name_cell(question, [PageRef(DOC, 1)], sheet()) is None


def test_two_rows_that_fit_alike_are_none() -> None:
    rows = (("Name", "Age"), ("Ada Berger", "41"), ("Ada Cole", "29"), ("Ben Dahl", "33"))
    assert name_cell("What is the age of Ada?", [PageRef(DOC, 1)], sheet(rows)) is None


def test_a_list_of_names_and_values_needs_no_heads() -> None:
    cell = name_cell("What is the rent?", [PageRef(DOC, 1)], sheet((("Rent", "900"), ("Power", "80")), 0))
    assert cell is not None
    assert cell.statement.text == "900: Rent"


def test_a_row_of_another_year_is_quoted_and_no_number_named() -> None:
    rows = (("Country", "Year", "Life"), ("Austria", "1952", "66.8"), ("Austria", "1957", "67.5"))
    view, question = sheet(rows), "What was the life of Austria in 2011?"
    line = view.page(PageRef(DOC, 1)).lines[2]
    evidence = Evidence((Span(PageRef(DOC, 1), line.start, line.end),), "Austria 1952 66.8", 1.0)
    assert name_cell(question, [PageRef(DOC, 1)], view) is None
    assert name_number(question, [evidence], view) is None
    assert [one.text for one in with_header(evidence, view)] == ["Austria 1952 66.8", "Country Year Life"]
