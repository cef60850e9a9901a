"""Excel workbooks (XLSX, XLSM): what their cells show, formulas by the value that the file keeps of them.

Libraries were judged: python-calamine gives no formats of numbers, and lays a sheet out from its first to its last
cell, so that two cells can take all memory; openpyxl streams without merged cells and without what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from catena.ingest.formats.html_visibility import PICTURES, LeftOut
from catena.ingest.formats.package_parts import PackageParts
from catena.ingest.formats.safe_xml import BadXML, attribute, local, read_xml
from catena.ingest.formats.zip_archive import Archive, damaged
from catena.ingest.pagination.blocks import Book, clean
from catena.ingest.sheets.number_formats import BUILT_IN, GENERAL, shown
from catena.ingest.sheets.spreadsheet import Area, Budget, Sheet, book_of, column_number

_NO_VALUE = "formulas without a stored value (open it in a spreadsheet program and save it)"
_MAX_ROW, _MAX_COLUMN = 1 << 21, 1 << 14


def read_xlsx(path: Path) -> Book:
    """Read a workbook. Raises DocumentError."""
    return _Workbook(Archive(path)).read()


class _Workbook:
    """Finds sheets by the relationships of the workbook, and what their cells share: strings and formats."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._parts = PackageParts(archive)
        self._main = self._parts.related("").get("officeDocument", ["xl/workbook.xml"])[0]
        self._left_out = LeftOut()
        self._budget = Budget(archive.name)

    def read(self) -> Book:
        root = self._parts.tree(self._main)
        if root is None:
            raise damaged(self._archive.name, "its workbook is missing")
        kin = self._parts.related(self._main)
        self._strings = self._shared_strings(kin.get("sharedStrings", [""])[0])
        self._formats = self._cell_formats(kin.get("styles", [""])[0])
        self._is_1904 = any(
            local(one) == "workbookPr" and attribute(one, "date1904") in ("1", "true") for one in root
        )
        targets = self._parts.targets(self._main)
        sheets = [element for element in root.iter() if local(element) == "sheet"]
        seen = [one for one in sheets if attribute(one, "state") in (None, "visible")]
        hidden = [attribute(one, "name") or "" for one in sheets if one not in seen]
        book = book_of((self._sheet(one, targets) for one in seen), hidden, self._parts.title())
        book.notes += self._left_out.notes()
        return book

    def _sheet(self, element: Element, targets: dict[str, str]) -> Sheet:
        member = targets.get(attribute(element, "id") or "", "")
        sheet = Sheet(attribute(element, "name") or "")
        if member not in self._archive.names:
            return sheet
        reader = _SheetReader(sheet, self._strings, self._formats, self._budget, is_1904=self._is_1904)
        try:
            read_xml(self._archive.chunks(member), reader.start, reader.end, reader.text)
        except BadXML as error:
            raise damaged(self._archive.name, f"{member} is no proper XML ({error})") from error
        sheet.num_hidden += len(reader.met_hidden)
        self._left_out.add(_NO_VALUE, reader.num_without_value)
        kin = self._parts.related(member)
        self._left_out.add(PICTURES, len(kin.get("drawing", ())))
        for name in kin.get("comments", ()):
            sheet.remarks += _remarks(self._parts.tree(name))
        return sheet

    def _shared_strings(self, member: str) -> list[str]:
        strings: list[str] = []
        parts: list[str] = []
        depth: list[str] = []

        def start(tag: str, _: dict[str, str]) -> None:
            depth.append(tag)

        def end(tag: str) -> None:
            depth.pop()
            if tag == "si":
                strings.append(clean("".join(parts)))
                parts.clear()

        def text(data: str) -> None:
            if depth and depth[-1] == "t" and "rPh" not in depth:
                parts.append(data)

        if member in self._archive.names:
            try:
                read_xml(self._archive.chunks(member), start, end, text)
            except BadXML as error:
                raise damaged(self._archive.name, f"{member} is no proper XML ({error})") from error
        return strings

    def _cell_formats(self, member: str) -> list[str]:
        """The code of the number format of each style."""
        root = self._parts.tree(member)
        if root is None:
            return []
        codes = dict(BUILT_IN)
        for element in root.iter():
            if local(element) == "numFmt":
                codes[_whole(attribute(element, "numFmtId"))] = attribute(element, "formatCode") or GENERAL
        cell_formats = next((child for child in root if local(child) == "cellXfs"), None)
        return [codes.get(_whole(attribute(xf, "numFmtId")), GENERAL) for xf in cell_formats or ()]


class _SheetReader:
    """Takes the cells of a sheet as its XML is read; what stands in hidden rows and columns is counted."""

    def __init__(
        self, sheet: Sheet, strings: list[str], formats: list[str], budget: Budget, *, is_1904: bool
    ) -> None:
        self._sheet, self._strings, self._formats, self._budget = sheet, strings, formats, budget
        self._is_1904 = is_1904
        self.num_without_value = 0
        self._row = 0
        self._column = -1
        self._cells: list[tuple[int, str]] = []
        self._is_row_hidden = self._has_formula = False
        self._hidden = bytearray(_MAX_COLUMN)
        self.met_hidden: set[int] = set()
        self._own: dict[str, str] = {}
        self._value: list[str] = []
        self._reads = False
        self._is_phonetic = False

    def start(self, tag: str, own: dict[str, str]) -> None:
        match tag:
            case "c":
                self._begin_cell(own)
            case "v" | "t":
                self._reads = not self._is_phonetic
            case "row":
                self._row = min(_whole(own.get("r"), self._row + 1), _MAX_ROW)
                self._column, self._cells = -1, []
                self._is_row_hidden = own.get("hidden") in ("1", "true")
            case "f":
                self._has_formula = True
            case "rPh":
                self._is_phonetic = True
            case "col" if own.get("hidden") in ("1", "true"):
                first, last = _whole(own.get("min"), 1) - 1, min(_whole(own.get("max")), _MAX_COLUMN)
                self._hidden[first:last] = b"\1" * max(0, last - first)
            case "mergeCell":
                if area := area_of(own.get("ref", "")):
                    self._sheet.merged.append(area)

    def end(self, tag: str) -> None:
        match tag:
            case "v" | "t":
                self._reads = False
            case "rPh":
                self._is_phonetic = False
            case "c":
                self._end_cell()
            case "row":
                self._end_row()

    def text(self, data: str) -> None:
        if self._reads:
            self._value.append(data)

    def _begin_cell(self, own: dict[str, str]) -> None:
        named = column_number(own.get("r", ""))
        self._column = min(named if named >= 0 else self._column + 1, _MAX_COLUMN - 1)
        self._own, self._value, self._has_formula = own, [], False

    def _end_cell(self) -> None:
        raw = "".join(self._value)
        if not raw:
            self.num_without_value += self._has_formula
            return
        text = self._shown(raw)
        if not text:
            return
        if self._hidden[min(self._column, _MAX_COLUMN - 1)]:
            self.met_hidden.add(self._column)
        else:
            self._budget.take(text)
            self._cells.append((self._column, text))

    def _end_row(self) -> None:
        if self._is_row_hidden:
            self._sheet.num_hidden += bool(self._cells)
        elif self._cells:
            self._sheet.rows.append((self._row, self._cells))

    def _shown(self, raw: str) -> str:
        match self._own.get("t", "n"):
            case "s":
                at = _whole(raw, -1)
                return self._strings[at] if 0 <= at < len(self._strings) else ""
            case "b":
                return "TRUE" if raw.strip() == "1" else "FALSE"
            case "n":
                style = _whole(self._own.get("s"))
                code = self._formats[style] if style < len(self._formats) else GENERAL
                try:
                    return clean(shown(float(raw), code, is_1904=self._is_1904))
                except ValueError:
                    return clean(raw)
        return clean(raw)


def area_of(reference: str) -> Area | None:
    """The cells of "A1:C2"."""
    first, _, last = reference.partition(":")
    numbers = [_whole(part.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ$").lstrip("$"), 0) for part in (first, last)]
    columns = [column_number(part) for part in (first, last)]
    return (numbers[0], columns[0], numbers[1], columns[1]) if all(numbers) and min(columns) >= 0 else None


def _remarks(root: Element | None) -> Iterator[tuple[str, str]]:
    for comment in root.iter() if root is not None else ():
        if local(comment) == "comment":
            text = "".join(one.text or "" for one in comment.iter() if local(one) == "t")
            yield attribute(comment, "ref") or "", text


def _whole(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else default
