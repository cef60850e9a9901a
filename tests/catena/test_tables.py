"""Tables as data: of rows of pages, with heads, spans, units and boxes; prose, lists and contents are none."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catena.app import cli
from catena.tables import find_tables, rows_of
from catena.types import Line, LineKind, Page, PageRef, Table, Word

Printed = tuple[LineKind, list[tuple[float, str]]]
"""A line: its kind, and words side by side from some points on; negative ones are where they end."""
LETTER, HEIGHT, PITCH = 5.0, 12.0, 16.0
HEAD: Printed = ("row", [(60, "(in millions)"), (-300, "2018"), (-400, "2017")])
BODY: list[Printed] = [
    ("row", [(60, "Net sales"), (250, "$"), (-300, "1,577"), (350, "$"), (-400, "1,373")]),
    ("text", [(60, "Costs:")]),
    ("row", [(60, "Wages paid"), (-300, "(302)"), (-400, "98")]),
    ("row", [(60, "Rent"), (-300, "12.5%"), (-400, "—")]),
]
Call = Callable[..., tuple[int, str]]


def page(lines: list[Printed], number: int = 1, top: float = 80.0) -> Page:
    text, made, words = "", [], []
    for place, (kind, pieces) in enumerate(lines):
        start, y = len(text), top + PITCH * place
        for x, said in pieces:
            x = x if x > 0 else -x - LETTER * len(said)
            for word in said.split():
                words.append(
                    Word(len(text), len(text) + len(word), (x, y, x + LETTER * len(word), y + HEIGHT))
                )
                text += f"{word} "
                x += LETTER * (len(word) + 0.8)
        made.append(Line(start, len(text) - 1, kind))
        text = f"{text[:-1]}\n"
    return Page(PageRef("d", number), text[:-1], "", tuple(words), tuple(made), width=612, height=792)


def found(*lines: Printed) -> list[Table]:
    return find_tables([page(list(lines))])


def test_rows_columns_signs_and_labels() -> None:
    (table,) = found(HEAD, *BODY)
    assert rows_of(table) == [
        ["(in millions)", "2018", "2017"],
        ["Net sales", "$ 1,577", "$ 1,373"],
        ["Costs:", "", ""],
        ["Wages paid", "(302)", "98"],
        ["Rent", "12.5%", "—"],
    ]
    assert (table.number, table.num_head_rows, table.unit, table.caption) == (1, 1, "in millions", "")
    label = next(cell for cell in table.cells if cell.text == "Costs:")
    assert label.column_span == 3 and not label.is_head


def test_a_head_between_sign_and_number_is_of_both() -> None:
    years: Printed = ("row", [(60, "(Millions)"), (264, "2018"), (364, "2017")])
    sales: Printed = ("row", [(60, "Sales"), (250, "$"), (-310, "577"), (350, "$"), (-410, "373")])
    (table,) = found(years, *[sales] * 4)
    assert rows_of(table)[:2] == [["(Millions)", "2018", "2017"], ["Sales", "$ 577", "$ 373"]]


def test_cells_have_the_boxes_of_their_words() -> None:
    source = page([HEAD, *BODY])
    (table,) = find_tables([source])
    cell = next(cell for cell in table.cells if cell.text == "$ 1,577")
    inside = [word for word in source.words if source.text[word.start : word.end] in ("$", "1,577")][:2]
    assert (cell.box[0], cell.box[2]) == (inside[0].box[0], inside[1].box[2])
    assert cell.page == 1 and table.parts[0].box[0] == 60


def test_a_head_over_several_columns_spans_them() -> None:
    (table,) = found(("text", [(250, "Years ended December")]), HEAD, *BODY)
    assert table.num_head_rows == 2
    first = table.cells[0]
    assert (first.text, first.row, first.column, first.column_span) == ("Years ended December", 0, 1, 2)


def test_a_caption_is_the_line_that_says_table() -> None:
    (table,) = found(("text", [(60, "Table 4. Sales (in EUR m)")]), ("row", HEAD[1][1:]), *BODY)
    assert (table.caption, table.unit) == ("Table 4. Sales (in EUR m)", "in EUR m")
    (table,) = found(("text", [(60, "Table 4. Sales (EUR m)")]), ("row", HEAD[1][1:]), *BODY)
    assert table.unit == "EUR m"


def test_a_table_goes_on_overleaf_and_its_head_is_kept_once() -> None:
    foot: Printed = ("footer", [(300, "7")])
    pages = [page([HEAD, *BODY, foot]), page([HEAD, *BODY[2:]], number=2)]
    (table,) = find_tables(pages)
    assert [part.ref.number for part in table.parts] == [1, 2]
    assert table.num_rows == 7 and rows_of(table)[-1] == ["Rent", "12.5%", "—"]
    assert [cell.page for cell in table.cells if cell.text == "Rent"] == [1, 2]


def test_without_its_head_it_goes_on_where_columns_are_in_line() -> None:
    assert len(find_tables([page([HEAD, *BODY]), page(BODY[2:], number=2)])) == 1
    moved: list[Printed] = [("row", [(100, "Rent"), (-450, "1"), (-560, "2")])] * 3
    assert len(find_tables([page([HEAD, *BODY]), page(moved, number=2)])) == 2


def test_text_between_ends_it() -> None:
    said: Printed = ("text", [(60, "What follows is another year, and another table of it altogether.")])
    assert len(find_tables([page([HEAD, *BODY, said]), page([HEAD, *BODY], number=2)])) == 2
    assert len(find_tables([page([HEAD, *BODY]), page([said, HEAD, *BODY], number=2)])) == 2
    assert len(find_tables([page([HEAD, *BODY]), page([HEAD, *BODY], number=3)])) == 2


def test_wrapped_lines_of_a_cell_are_one_row() -> None:
    source = page([("row", [(60, "Name"), (200, "What it is")]), ("row", [(60, "Etna"), (200, "A volcano of")]),
                   ("row", [(200, "Sicily")]), ("row", [(60, "Rhine"), (200, "A river")])])  # fmt: skip
    closer = [
        Word(one.start, one.end, (one.box[0], one.box[1] - 4, one.box[2], one.box[3] - 4))
        if source.text[one.start : one.end] == "Sicily"
        else one
        for one in source.words
    ]
    (table,) = find_tables([Page(source.ref, source.text, "", tuple(closer), source.lines, height=792.0)])
    assert rows_of(table)[1] == ["Etna", "A volcano of Sicily"]


PROSE = "the river runs below the old bridge and"


@pytest.mark.parametrize(
    "lines",
    [
        [("row", [(60, PROSE), (320, PROSE)])] * 8,
        [("row", [(60, f"{n}."), (90, "First pour the water.")]) for n in range(1, 8)],
        [("row", [(60, f"Chapter {n} . . . . . . . . . . ."), (500, str(9 * n))]) for n in range(1, 8)],
        [("row", [(60, "Dear Sir"), (400, "May 4")]), ("text", [(60, PROSE)])],
        [("text", [(60, PROSE)])] * 5,
    ],
)
def test_what_is_no_table(lines: list[Printed]) -> None:
    assert found(*lines) == []


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    def call(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["catena", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        return int(ended.value.code or 0), capsys.readouterr().out

    return call


@pytest.fixture
def heights(tmp_path: Path) -> Path:
    path = tmp_path / "heights.html"
    rows = "".join(f"<tr><td>{name}<td>{height}</tr>" for name, height in (("Etna", "3,357"), ("=1+1", "-4")))
    path.write_text(
        f"<title>Heights</title><p>Some text.</p><table><tr><th>Name<th>Metres</tr>{rows}</table>"
    )
    return path


def test_tables_of_a_web_page_from_the_command_line(run: Call, heights: Path, tmp_path: Path) -> None:
    said = run("tables", heights)[1]
    assert "Etna  3,357" in said and said.rstrip().endswith("1 table")
    (table,) = json.loads(run("tables", heights, "--json")[1])["tables"]
    assert (table["rows"], table["columns"], table["head_rows"]) == (3, 2, 1)
    assert table["cells"][2]["text"] == "Etna" and len(table["cells"][2]["box"]) == 4
    run("tables", heights, "--csv", tmp_path / "out")
    written = list(csv.reader((tmp_path / "out" / "1_p1.csv").read_text().splitlines()))
    assert written == [["Name", "Metres"], ["Etna", "3,357"], ["'=1+1", "-4"]]
    assert run("tables", heights, "--page", "2")[1] == "Heights\nNo tables were found.\n"
