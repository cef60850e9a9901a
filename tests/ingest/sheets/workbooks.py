"""Makes spreadsheets for the tests, each by another library than the one that reads it."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import xlwt

from tests.ingest.archives import zipped

Rows = Sequence[Sequence[Any]]
SALES: Rows = (
    ("City", 2022, 2023, "Share"),
    ("Vienna", 998.4, 1204, 0.125),
    ("Graz", 512, 633.25, 0.071),
    ("Linz", 301, -290, 0.033),
)
FORMATS = ("General", "#,##0.00", "#,##0;(#,##0)", "0.0%")
SHOWN = [
    "City 2022 2023 Share", "Vienna 998.40 1,204 12.5%", "Graz 512.00 633 7.1%", "Linz 301.00 (290) 3.3%",
]  # fmt: skip


def first_sheet(book: openpyxl.Workbook) -> Any:
    """Its first sheet, which the types of openpyxl doubt."""
    return book.worksheets[0]


def workbook(rows: Rows = SALES, name: str = "Sales") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = first_sheet(book)
    sheet.title = name
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column, value)
            if number > 1 and column <= len(FORMATS):
                cell.number_format = FORMATS[column - 1]
    return book


def xlsx(book: openpyxl.Workbook | None = None) -> bytes:
    buffer = io.BytesIO()
    (book or workbook()).save(buffer)
    return buffer.getvalue()


def xls(rows: Rows = SALES, *, hidden: bool = False) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sales")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            style = xlwt.easyxf(num_format_str=FORMATS[column % len(FORMATS)] if number else "General")
            sheet.write(number, column, value, style)
    if hidden:
        book.add_sheet("Secret").visibility = 1
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)


def ods(tables: str, styles: str = "", members: Mapping[str, str] | None = None) -> bytes:
    content = (
        f"<office:document-content {_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    files = {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}
    return zipped(files | dict(members or {}))


def cell(text: str, times: int = 1) -> str:
    return f'<table:table-cell table:number-columns-repeated="{times}"><text:p>{text}</text:p></table:table-cell>'


def table(rows: Sequence[Sequence[str]], name: str = "Sales", more: str = "") -> str:
    inner = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}" {more}>{inner}</table:table>'
