"""Excel workbooks of before 2007 (XLS), read by xlrd: it knows formats of numbers, merged cells, what is hidden."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd

from catena.errors import DocumentError
from catena.ingest.formats.zip_archive import damaged
from catena.ingest.pagination.blocks import Book, clean
from catena.ingest.sheets.number_formats import GENERAL, shown
from catena.ingest.sheets.spreadsheet import Budget, Sheet, book_of, column_name


def read_xls(path: Path) -> Book:
    """Read a workbook. Raises DocumentError."""
    try:
        workbook = xlrd.open_workbook(
            file_contents=path.read_bytes(), formatting_info=True, on_demand=True, logfile=io.StringIO()
        )
        budget = Budget(path.name)
        seen = [at for at, state in enumerate(workbook._sheet_visibility) if state == 0]
        hidden = [name for at, name in enumerate(workbook.sheet_names()) if at not in seen]
        return book_of((_sheet(workbook, at, budget) for at in seen), hidden)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            remedy = "Save it without a password in a spreadsheet program, and add that."
            raise DocumentError("needs_password", f"{path.name} is encrypted.", remedy) from error
        raise damaged(path.name, f"it is no workbook that can be read ({error})") from error


def _sheet(workbook: Any, at: int, budget: Budget) -> Sheet:
    given = workbook.sheet_by_index(at)
    sheet = Sheet(given.name)
    sheet.merged = [(top + 1, left, bottom, right - 1) for top, bottom, left, right in given.merged_cells]
    hidden = {column for column, info in given.colinfo_map.items() if info.hidden}
    met: set[int] = set()
    for number in range(given.nrows):
        cells = list(_cells(workbook, given, number))
        info = given.rowinfo_map.get(number)
        if info is not None and info.hidden:
            sheet.num_hidden += bool(cells)
            continue
        met |= {column for column, _ in cells if column in hidden}
        cells = [(column, text) for column, text in cells if column not in hidden]
        for _, text in cells:
            budget.take(text)
        if cells:
            sheet.rows.append((number + 1, cells))
    sheet.num_hidden += len(met)
    for (number, column), note in sorted(given.cell_note_map.items()):
        sheet.remarks.append((f"{column_name(column)}{number + 1}", note.text))
    workbook.unload_sheet(at)
    return sheet


def _cells(workbook: Any, sheet: Any, number: int) -> Iterator[tuple[int, str]]:
    for column, cell in enumerate(sheet.row(number)):
        if text := _shown(workbook, cell):
            yield column, text


def _shown(workbook: Any, cell: Any) -> str:
    match cell.ctype:
        case xlrd.XL_CELL_TEXT:
            return clean(cell.value)
        case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
            found = workbook.format_map.get(workbook.xf_list[cell.xf_index].format_key)
            return clean(
                shown(cell.value, found.format_str if found else GENERAL, is_1904=workbook.datemode == 1)
            )
        case xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if cell.value else "FALSE"
        case xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return ""
