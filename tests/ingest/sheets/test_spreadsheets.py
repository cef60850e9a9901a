"""Spreadsheets: what cells show, where they stand, what is hidden; broken files and bombs."""

import io
import random
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from python_calamine import CalamineWorkbook

from catena.ingest.formats.file_kind import sniff
from catena.ingest.pagination.typeset import typeset
from catena.ingest.sheets.spreadsheet import Sheet, book_of
from catena.types import Document, Line, Page
from tests.ingest.archives import zipped
from tests.ingest.conftest import Parse
from tests.ingest.sheets.workbooks import SALES, SHOWN, cell, first_sheet, ods, table, workbook, xls, xlsx

CSV = "City,Amount\nVienna,12\nGraz,7\n"


def rows_of(pages: list[Page], kind: str = "row") -> list[str]:
    return [page.text[line.start : line.end] for page in pages for line in page.lines if line.kind == kind]


def cells_of(pages: list[Page]) -> dict[str, str]:
    return {
        cell.name: page.text[cell.start : cell.end]
        for page in pages for line in page.lines for cell in line.cells
    }  # fmt: skip


def lines_of(pages: list[Page]) -> list[Line]:
    return [line for page in pages for line in page.lines]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", xlsx()),
        ("a.xls", xls()),
        ("a.ods", ods(table([row.split() for row in SHOWN]))),
        ("a.csv", "\n".join(row.replace(" ", ";") for row in SHOWN)),
        ("a.tsv", "\n".join(row.replace(" ", "\t") for row in SHOWN)),
    ],
)
def test_a_table_is_read_as_it_is_shown(parse: Parse, name: str, content: bytes | str) -> None:
    document, pages = parse(name, content)
    assert (document.status, rows_of(pages)) == ("ready", SHOWN)
    assert cells_of(pages)["C4"] == SHOWN[3].split()[2]
    assert [line.is_head for line in lines_of(pages) if line.kind == "row"] == [True, False, False, False]
    words = [page.text[word.start : word.end] for page in pages for word in page.words]
    assert " ".join(words).split() == " ".join(page.text for page in pages).split()


@pytest.mark.parametrize("make", [xlsx, xls])
def test_a_second_reader_finds_the_same_in_the_same_cells(parse: Parse, make: Any) -> None:
    draw = random.Random(5)
    rows = [[f"w{draw.randrange(9999)} x" for _ in range(6)] for _ in range(150)]
    content = make(workbook(rows)) if make is xlsx else make(rows)
    _, pages = parse("a." + make.__name__, content)
    theirs = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    ours = cells_of(pages)
    assert len(ours) == 900
    assert all(ours[f"{chr(65 + c)}{r + 1}"] == theirs[r][c] for r in range(150) for c in range(6))


def test_heads_are_on_every_page_and_sheets_are_sections(parse: Parse) -> None:
    book = workbook([("Item", "Amount"), *((f"Item {n}", n) for n in range(300))])
    book.create_sheet("Costs").append(["Rent", 1200])
    document, pages = parse("a.xlsx", xlsx(book))
    assert len(pages) > 3
    assert all("Item Amount" in page.text for page in pages[:-1])
    assert [(entry.title, entry.page) for entry in document.outline] == [("Sales", 1), ("Costs", len(pages))]
    assert cells_of(pages[-2:-1])["B1"] == "Amount"


def test_tables_of_a_sheet_keep_their_own_heads(parse: Parse) -> None:
    rows = [("Name", "City"), ("Ada", "Graz"), (), ("Part", "Price"), ("Bolt", 2)]
    wide = [(*row, *[None] * (2 - len(row)), None, *more) for row, more in zip(
        rows, [("Month", "Rain"), ("May", 80), ("June", 90), (), ()], strict=True)]  # fmt: skip
    _, pages = parse("a.xlsx", xlsx(workbook(wide)))
    heads = [pages[0].text[line.start : line.end] for line in pages[0].lines if line.is_head]
    assert set(heads) == {"Name City", "Part Price", "Month Rain"}


def test_merged_cells_stand_over_their_columns(parse: Parse) -> None:
    book = workbook([("Region", 2022, None), (None, "Plan", "Real"), ("North", 1, 2), ("South", 3, 4)])
    first_sheet(book).merge_cells("B1:C1")
    _, pages = parse("a.xlsx", xlsx(book))
    boxes = {pages[0].text[word.start : word.end]: word.box for word in pages[0].words}
    middle = (boxes["2022"][0] + boxes["2022"][2]) / 2
    assert boxes["Plan"][0] < middle < boxes["Real"][2]
    assert [line.is_head for line in pages[0].lines] == [False, True, True, False, False]


def test_what_is_hidden_is_counted(parse: Parse) -> None:
    book = workbook()
    book.create_sheet("Secret")["A1"] = "hidden words"
    book["Secret"].sheet_state = "hidden"
    first_sheet(book).row_dimensions[3].hidden = True
    first_sheet(book).column_dimensions["D"].hidden = True
    document, pages = parse("a.xlsx", xlsx(book))
    assert rows_of(pages) == ["City 2022 2023", "Vienna 998.40 1,204", "Linz 301.00 (290)"]
    assert "hidden sheets that were not read: 1 (Secret)" in document.message
    assert "hidden rows and columns that were not read: 2" in document.message
    assert "Secret" in parse("a.xls", xls(hidden=True))[0].message


def test_formulas_are_never_computed_and_links_never_followed(parse: Parse) -> None:
    book = workbook(
        [("Item", "Amount"), ("Rent", 12), ("Sum", "=SUM(B2:B2)"), ("Far", "=[http://x.example/a.xlsx]S!A1")]
    )
    first_sheet(book)["B2"].comment = Comment("agreed until 2027", "Ada")
    document, pages = parse("a.xlsx", xlsx(book))
    assert (
        "formulas without a stored value (open it in a spreadsheet program and save it): 2"
        in document.message
    )
    assert rows_of(pages) == ["Item Amount", "Rent 12.00", "Sum", "Far"]
    assert rows_of(pages, "text") == ["Comment on B2: agreed until 2027"]


def test_runs_of_cells_in_ods_are_written_out_and_empty_ones_are_not(parse: Parse) -> None:
    far = "<table:table-cell table:number-columns-repeated='16000'/>"
    rows = f"<table:table-row>{cell('x', 3)}{far}</table:table-row>"
    rows += f"<table:table-row table:number-rows-repeated='1048000'>{far}</table:table-row>"
    rows += f"<table:table-row>{cell('end')}</table:table-row>"
    hidden = "<style:style style:name='h'><style:table-properties table:display='false'/></style:style>"
    sheets = f"<table:table table:name='S'>{rows}</table:table>" + table(
        [["no"]], "H", "table:style-name='h'"
    )
    document, pages = parse("a.ods", ods(sheets, hidden))
    assert cells_of(pages) == {"A1": "x", "B1": "x", "C1": "x", "A1048002": "end"}
    assert "1 (H)" in document.message


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("sep=|\na|b\nc|d\n", ["a b", "c d"]),
        ('a;b\n"x;y";"two\nlines"\n', ["a b", "x;y two lines"]),
        ("Größe;1,5;2,5\nHöhe;2,5;3\n".encode("cp1252"), ["Größe 1,5 2,5", "Höhe 2,5 3"]),
        ("a\tb\nč\tď\n".encode("utf-16"), ["a b", "č ď"]),
        ('a,b\n"' + "never closed\n" * 20_000, None),
        ("a,b\n\n\nc,d\n", ["a b", "c d"]),
    ],
)
def test_delimiters_and_encodings(parse: Parse, content: bytes | str, rows: list[str] | None) -> None:
    document, pages = parse("a.csv", content)
    assert document.status == "ready"
    assert rows is None or rows_of(pages) == rows
    assert rows is not None or len(cells_of(pages)) > 20_000


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.xlsx", xlsx()[:-3000], "damaged"),
        ("a.xlsx", zipped({"xl/workbook.xml": "<workbook><sheets>"}), "damaged"),
        ("a.xlsx", zipped({"xl/workbook.xml": '<!DOCTYPE w [<!ENTITY b "bomb">]><w>&b;</w>'}), "damaged"),
        ("a.xls", xls().replace(b"\x09\x08\x10\x00", bytes(4)), "damaged"),
        ("a.ods", ods("<table:table>"), "damaged"),
        ("a.ods", ods("", members={"META-INF/manifest.xml": "<m><encryption-data/></m>"}), "needs_password"),
        ("a.ods", ods(f"<table:table table:name='b'><table:table-row table:number-rows-repeated='1000000'>"
                      f"{cell('x' * 90, 9999)}</table:table-row></table:table>"), "too_big"),
    ],
)  # fmt: skip
def test_broken_files_and_bombs(parse: Parse, name: str, content: bytes, reason: str) -> None:
    document, _ = parse(name, content)
    assert (document.status, document.reason) == ("failed", reason)
    assert document.remedy and name in document.message


def test_two_cells_far_apart_take_no_memory(parse: Parse) -> None:
    book = openpyxl.Workbook()
    first_sheet(book)["A1"], first_sheet(book)["XFD1048576"] = "near", "far"
    _, pages = parse("a.xlsx", xlsx(book))
    assert cells_of(pages) == {"A1": "near", "XFD1048576": "far"}


def test_wide_tables_go_on_with_their_first_column(parse: Parse) -> None:
    _, pages = parse("a.xlsx", xlsx(workbook([["Name", *range(2000, 2100)], ["Rain", *range(5, 105)]])))
    assert [row.split()[0] for row in rows_of(pages)] == ["Name", "Rain"] * 3
    assert len(cells_of(pages)) == 202


@pytest.mark.parametrize(
    ("content", "kind"), [(CSV.replace("\n", ",x\n"), "csv"), ("One, two.\nThree, four.\n", "text")]
)
def test_a_table_is_known_without_a_suffix(tmp_path: Any, content: str, kind: str) -> None:
    path = tmp_path / "table"
    path.write_text(content)
    assert sniff(path) == kind


def test_an_empty_workbook_says_so(parse: Parse) -> None:
    document: Document = parse("a.xlsx", xlsx(openpyxl.Workbook()))[0]
    assert (document.status, document.reason) == ("failed", "no_text")
    assert SALES[0][0] not in document.message


def test_names_of_rows_and_columns_are_drawn_and_no_text() -> None:
    rows = Sheet("Sales", [(3, [(1, "City"), (2, "Sales")]), (4, [(1, "Graz"), (2, "633")])])
    page = typeset(book_of([rows]).blocks)
    assert [name for _, _, name in page.marks] == ["B", "C", "3", "4"]
    assert page.text == "Sales\nCity Sales\nGraz 633"
    assert all(x < page.width for x, _, _ in page.marks)
