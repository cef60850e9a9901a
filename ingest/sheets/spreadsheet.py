"""A spreadsheet as pages of rows: each sheet is a section, each page repeats the heads of its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from catena.errors import DocumentError
from catena.ingest.pagination.blocks import CELL_GAP, Block, Book, SectionStart, clean
from catena.ingest.pagination.paged_book import WORDS_PER_PAGE, count_words

MAX_CELLS, MAX_CHARACTERS = 2_500_000, 128 << 20
"""Of a file: what 1 GiB holds together with the pages that are made of it."""
_MAX_ROWS = 60
"""On a page: the heads of its columns are looked for within 70 printed lines above a row."""
_MAX_COLUMNS = 40
"""Side by side on a page; a wider table goes on, its first column repeated, on the pages that follow."""
_MAX_CELL_WORDS = 400
"""A cell with more is prose and stands by itself."""
_MAX_HEAD_ROWS = 3
_MAX_GAPS = 20
"""Empty columns at which a sheet may be cut into tables."""
_NUMBER = re.compile(
    r"[-+(]?\s*(?:[A-Z]{3}\s?|[$€£¥₹]\s?)?[-+(]?\d[\d.,\s]*(?:E[+-]?\d+)?\s?(?:%|[$€£¥₹]|[A-Z]{3})?\)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d")

Row = tuple[int, list[tuple[int, str]]]
"""The number of a row from 1, and its cells: column from 0, and what is shown there."""
Area = tuple[int, int, int, int]
"""First row from 1, first column from 0, last row, last column: cells that are merged."""


@dataclass(slots=True)
class Sheet:
    """What a sheet shows; rows and cells in order, empty ones left out. `remarks` are comments on cells by their names.

    `num_hidden` counts rows and columns that were not read for they are hidden.
    """

    name: str
    rows: list[Row] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    num_hidden: int = 0


class Budget:
    """Counts what was read of a file. Raises DocumentError above what can be held."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._num_cells = self._num_characters = 0

    def take(self, text: str, number: int = 1) -> None:
        """Count a cell, or `number` cells alike."""
        self._num_cells += number
        self._num_characters += len(text) * number
        if self._num_cells > MAX_CELLS or self._num_characters > MAX_CHARACTERS:
            raise DocumentError(
                "too_big",
                f"{self._name} has more than {MAX_CELLS:,} filled cells, or {MAX_CHARACTERS >> 20} million characters.",
                "Split it, or add the part that questions are about.",
            )


def column_name(column: int) -> str:
    """Name a column from 0: A, B, …, Z, AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


def column_number(name: str) -> int:
    """The column from 0 that the letters at the beginning of "AB12" name; -1 where there are none."""
    column = 0
    for letter in name[:4]:
        if not "A" <= letter.upper() <= "Z":
            break
        column = column * 26 + ord(letter.upper()) - 64
    return column - 1


def book_of(sheets: Iterable[Sheet], hidden: Sequence[str] = (), title: str = "") -> Book:
    """Cut sheets into pages of rows. `hidden` names the sheets that were not read for they are hidden."""
    book = Book(title, is_paged=True)
    num_hidden = 0
    for sheet in sheets:
        book.blocks += _Pages(sheet, len(book.blocks)).blocks()
        num_hidden += sheet.num_hidden
    if hidden:
        named = ", ".join(clean(name) for name in hidden[:5])
        book.notes.append(f"hidden sheets that were not read: {len(hidden)} ({named})")
    if num_hidden:
        book.notes.append(f"hidden rows and columns that were not read: {num_hidden}")
    return book


class _Pages:
    """Fills pages with the tables of one sheet."""

    def __init__(self, sheet: Sheet, first_table: int) -> None:
        self._sheet = sheet
        self._table = first_table  # numbers of tables differ within a document
        self._blocks: list[Block] = []
        self._words = self._num_rows = self._num_pages = 0
        self._mark = True  # the next block begins a page
        self._spans = {(top, left): right - left + 1 for top, left, _, right in sheet.merged}

    def blocks(self) -> list[Block]:
        name = clean(self._sheet.name)
        if not self._sheet.rows and not self._sheet.remarks:
            return []
        if name:
            self._add(Block("heading", name, SectionStart(1, name)), 0)
        for rows in _tables(self._sheet.rows):
            self._lay(rows)
        for place, remark in self._sheet.remarks:
            if text := clean(f"Comment on {place}: {remark}"):
                at = column_number(place)
                row = place[len(column_name(at)) :]
                self._add(_prose(int(row) if row.isdecimal() else 0, at, text), 0)
        return self._blocks

    def _lay(self, rows: list[Row]) -> None:
        """Lay a table: its titles once, then its rows with their heads on each page."""
        while rows and len(rows[0][1]) == 1 and len(rows) > 1:
            self._prose(rows.pop(0))
        for band, part in _bands(rows):
            self._lay_band(part, band)

    def _lay_band(self, rows: list[Row], band: list[int]) -> None:
        heads = _heads(rows, self._spans)
        names = tuple(map(column_name, band))
        self._table += 1
        for place, (number, cells) in enumerate(rows):
            if len(band) == 1 or any(count_words(text) > _MAX_CELL_WORDS for _, text in cells):
                self._prose((number, cells))
                continue
            block = self._row(number, cells, band, names)
            block.is_head = place < len(heads)
            words = count_words(block.text)
            if self._is_full_for(words):
                self._mark = True
                for head in heads if place >= len(heads) else ():
                    repeated = self._row(*head, band, names)
                    repeated.is_head = True
                    self._add(repeated, 1)
            self._add(block, 1)

    def _row(
        self, number: int, cells: Sequence[tuple[int, str]], band: Sequence[int], names: tuple[str, ...]
    ) -> Block:
        texts = dict(cells)
        filled = tuple(texts.get(column, "") for column in band)
        spans = tuple(self._span(number, column, band) for column in band)
        return Block(
            "row",
            CELL_GAP.join(text for text in filled if text),
            cells=filled,
            table=self._table,
            sheet_row=number,
            columns=names,
            spans=spans if any(span > 1 for span in spans) else (),
        )

    def _span(self, number: int, column: int, band: Sequence[int]) -> int:
        """How many columns of the band a merged cell goes over."""
        width = self._spans.get((number, column), 1)
        return max(1, sum(column <= other < column + width for other in band)) if width > 1 else 1

    def _prose(self, row: Row) -> None:
        number, cells = row
        for column, text in cells:
            block = _prose(number, column, text)
            if self._is_full_for(count_words(text)):
                self._mark = True
            self._add(block, 1)

    def _is_full_for(self, words: int) -> bool:
        return self._num_rows >= _MAX_ROWS or (self._num_rows > 0 and self._words + words > WORDS_PER_PAGE)

    def _add(self, block: Block, num_rows: int) -> None:
        if self._mark:
            self._mark = False
            self._words = self._num_rows = 0
            block.printed_page = self._label()
        self._blocks.append(block)
        self._words += count_words(block.text)
        self._num_rows += num_rows

    def _label(self) -> str:
        self._num_pages += 1
        name = clean(self._sheet.name)
        return f"{name}, p. {self._num_pages}" if name else str(self._num_pages)


def _prose(number: int, column: int, text: str) -> Block:
    return Block("text", text, sheet_row=number, columns=(column_name(column),))


def _tables(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut a sheet at its empty rows, and what lies between them at the empty column before labels of their own."""
    for group in _apart(rows):
        parts = list(_side_by_side(group))
        for part in parts:
            yield from _apart(part) if len(parts) > 1 else parts


def _apart(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that follow each other without an empty one."""
    group: list[Row] = []
    for row in rows:
        if group and row[0] > group[-1][0] + 1:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _side_by_side(rows: list[Row]) -> Iterator[list[Row]]:
    filled = sorted({column for _, cells in rows for column, _ in cells})
    starts = [b for a, b in zip(filled, filled[1:], strict=False) if b > a + 1][:_MAX_GAPS]
    cuts = [start for start in starts if start + 1 in filled and _are_labels(rows, start)]
    for first, last in zip([0, *cuts], [*cuts, filled[-1] + 1], strict=True):
        part = [(number, [cell for cell in cells if first <= cell[0] < last]) for number, cells in rows]
        if any(cells for _, cells in part):
            yield [row for row in part if row[1]]


def _are_labels(rows: Iterable[Row], column: int) -> bool:
    """Tell whether a column holds words, more often than not below its head."""
    texts = [text for _, cells in rows for at, text in cells if at == column]
    return len(texts) > 1 and sum(not is_number(text) for text in texts[1:]) * 2 > len(texts) - 1


def _bands(rows: list[Row]) -> Iterator[tuple[list[int], list[Row]]]:
    """Columns that go side by side, and what rows have there; a row with nothing but its label is left out."""
    columns = sorted({column for _, cells in rows for column, _ in cells})
    if len(columns) <= _MAX_COLUMNS:
        yield columns, rows
        return
    step = _MAX_COLUMNS - 1
    bands = [[columns[0], *columns[at : at + step]] for at in range(1, len(columns), step)]
    place = {column: at // step for at, column in enumerate(columns[1:])}
    parts: list[list[Row]] = [[] for _ in bands]
    for number, cells in rows:
        label = [cell for cell in cells[:1] if cell[0] == columns[0]]
        kept: dict[int, list[tuple[int, str]]] = {}
        for cell in cells[len(label) :] or cells:
            kept.setdefault(place.get(cell[0], 0), list(label)).append(cell)
        for at, part in kept.items():
            parts[at].append((number, part))
    yield from zip(bands, parts, strict=True)


def _heads(rows: Sequence[Row], spans: dict[tuple[int, int], int]) -> list[Row]:
    """The rows that name the columns: words alone, more than one; a second row below one that names several at once."""
    heads: list[Row] = []
    for number, cells in rows[:_MAX_HEAD_ROWS]:
        is_named = len(cells) > 1 and all(not is_number(text) or _YEAR.fullmatch(text) for _, text in cells)
        if not is_named:
            break
        heads.append((number, cells))
        if not any((number, column) in spans for column, _ in cells):
            break
    return heads if len(rows) > len(heads) else []


def is_number(text: str) -> bool:
    """Tell a number, an amount or a share from words."""
    return bool(_NUMBER.fullmatch(text))
