"""Spreadsheets of OpenDocument (ODS): they keep what each cell shows beside its value."""

from __future__ import annotations

from pathlib import Path

from catena.ingest.formats.html_visibility import PICTURES, LeftOut
from catena.ingest.formats.open_document import open_document_title, require_open
from catena.ingest.formats.safe_xml import BadXML, read_xml
from catena.ingest.formats.zip_archive import Archive, damaged
from catena.ingest.pagination.blocks import Book, clean
from catena.ingest.sheets.spreadsheet import Budget, Sheet, book_of, column_name

_MAX_REPEATS = 1 << 21
_MAX_COLUMN = 1 << 14
_HIDDEN = ("collapse", "filter")


def read_ods(path: Path) -> Book:
    """Read a spreadsheet. Raises DocumentError."""
    archive = Archive(path)
    require_open(archive)
    reader = _ContentReader(Budget(path.name))
    try:
        read_xml(archive.chunks("content.xml"), reader.start, reader.end, reader.text)
    except BadXML as error:
        raise damaged(path.name, f"content.xml is no proper XML ({error})") from error
    book = book_of(reader.sheets, reader.hidden, open_document_title(archive))
    book.notes += reader.left_out.notes()
    return book


class _ContentReader:
    """Takes the cells of all sheets as the XML is read; runs of alike cells are written once in it."""

    def __init__(self, budget: Budget) -> None:
        self.sheets: list[Sheet] = []
        self.hidden: list[str] = []
        self.left_out = LeftOut()
        self._budget = budget
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._sheet: Sheet | None = None
        self._is_seen = True
        self._row = self._column = self._num_columns = 0
        self._hidden_columns = bytearray(_MAX_COLUMN)
        self._met: set[int] = set()
        self._cells: list[tuple[int, str]] = []
        self._own_row: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._text: list[str] = []
        self._remark: list[str] = []
        self._depth = self._cell_depth = self._paragraphs = 0
        self._skipped = self._in_remark = 0  # depth at which what is not read, or a comment, began

    def start(self, tag: str, own: dict[str, str]) -> None:
        self._depth += 1
        if self._skipped:
            return
        match tag:
            case "tracked-changes" | "shapes":
                self._skipped = self._depth
            case "style":
                self._style = own.get("name", "")
            case "table-properties" if own.get("display") == "false":
                self._hidden_styles.add(self._style)
            case "table" if self._sheet is None:
                self._begin_sheet(own)
            case "table-column":
                self._columns(own)
            case "table-row":
                self._own_row, self._cells, self._column = own, [], 0
            case "table-cell" | "covered-table-cell" if not self._cell_depth:
                self._own, self._text, self._remark = own, [], []
                self._cell_depth = self._depth
            case "annotation" if self._cell_depth:
                self._in_remark = self._in_remark or self._depth
            case "p" if self._cell_depth:
                self._target().append("\n")
                self._paragraphs += 1
            case "s" | "tab" | "line-break" if self._paragraphs:
                self._target().append(" " * min(_repeats(own, "c"), 100))
            case "frame":
                self.left_out.add(PICTURES)

    def end(self, tag: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if self._skipped:
            self._skipped = 0 if self._skipped == depth else self._skipped
            return
        if self._in_remark == depth:
            self._in_remark = 0
        match tag:
            case "p" if self._paragraphs:
                self._paragraphs -= 1
            case _ if depth == self._cell_depth:
                self._cell_depth = 0
                self._end_cell()
            case "table-row" if not self._cell_depth:
                self._end_row()
            case "table" if self._sheet is not None and not self._cell_depth:
                self._end_sheet()

    def text(self, data: str) -> None:
        if self._paragraphs and not self._skipped:
            self._target().append(data)

    def _target(self) -> list[str]:
        return self._remark if self._in_remark else self._text

    def _begin_sheet(self, own: dict[str, str]) -> None:
        self._sheet = Sheet(own.get("name", ""))
        self._is_seen = own.get("style-name") not in self._hidden_styles
        self._row = self._num_columns = 0
        self._hidden_columns = bytearray(_MAX_COLUMN)
        self._met = set()

    def _end_sheet(self) -> None:
        assert self._sheet is not None, "a sheet ends that has begun"
        if self._is_seen:
            self._sheet.num_hidden += len(self._met)
            self.sheets.append(self._sheet)
        else:
            self.hidden.append(self._sheet.name)
        self._sheet = None

    def _columns(self, own: dict[str, str]) -> None:
        first = min(self._num_columns, _MAX_COLUMN)
        self._num_columns = min(first + _repeats(own, "number-columns-repeated"), _MAX_COLUMN)
        if own.get("visibility") in _HIDDEN:
            self._hidden_columns[first : self._num_columns] = b"\1" * (self._num_columns - first)

    def _end_cell(self) -> None:
        times = _repeats(self._own, "number-columns-repeated")
        text = clean("".join(self._text)) or clean(self._own.get("value", ""))
        if (text or self._remark) and self._sheet is not None and self._is_seen:
            self._place(text, min(times, _MAX_COLUMN - self._column))
        self._column = min(self._column + times, _MAX_COLUMN)

    def _place(self, text: str, times: int) -> None:
        assert self._sheet is not None, "a cell stands in a sheet"
        for column in range(self._column, self._column + times) if text else ():
            if self._hidden_columns[column]:
                self._met.add(column)
            else:
                self._budget.take(text)
                self._cells.append((column, text))
        if self._remark:
            self._sheet.remarks.append((f"{column_name(self._column)}{self._row + 1}", "".join(self._remark)))
        width = min(_repeats(self._own, "number-columns-spanned"), _MAX_COLUMN)
        if width > 1:
            height = _repeats(self._own, "number-rows-spanned")
            self._sheet.merged.append(
                (self._row + 1, self._column, self._row + height, self._column + width - 1)
            )

    def _end_row(self) -> None:
        times = _repeats(self._own_row, "number-rows-repeated")
        if self._cells and self._sheet is not None:
            if self._own_row.get("visibility") in _HIDDEN:
                self._sheet.num_hidden += times
            else:
                self._repeat_row(times)
        self._row = min(self._row + times, _MAX_REPEATS)

    def _repeat_row(self, times: int) -> None:
        assert self._sheet is not None, "a row stands in a sheet"
        for _, text in self._cells:
            self._budget.take(text, times - 1)
        for number in range(self._row + 1, self._row + 1 + times):
            self._sheet.rows.append((number, self._cells))


def _repeats(own: dict[str, str], name: str) -> int:
    """A number of times, at least 1."""
    value = own.get(name, "1")
    return min(int(value), _MAX_REPEATS) if value.isdecimal() and 0 < len(value) < 9 and int(value) else 1
