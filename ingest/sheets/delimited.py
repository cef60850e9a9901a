"""Tables of values in text (CSV, TSV): which character parts the values is found in the text itself."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from catena.ingest.formats.text_decoding import decode
from catena.ingest.pagination.blocks import Book, clean
from catena.ingest.sheets.delimiters import delimiter_of
from catena.ingest.sheets.spreadsheet import Budget, Row, Sheet, book_of

_MAX_FIELD = 128 << 10
_SAID = re.compile(r"sep=(.)\r?\n", re.I)


def read_csv(path: Path) -> Book:
    """Read a table of values. Raises DocumentError."""
    decoded = decode(path.read_bytes())
    text = decoded.text
    said = _SAID.match(text)
    if said:
        text = text[said.end() :]
    delimiter = said[1] if said else delimiter_of(text)
    sheet = Sheet("", list(_rows(text, delimiter, Budget(path.name))))
    book = book_of([sheet])
    book.notes += decoded.notes
    return book


def _rows(text: str, delimiter: str, budget: Budget) -> Iterator[Row]:
    csv.field_size_limit(_MAX_FIELD)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = num_lines = 0
    while True:
        try:
            fields = next(rows, None)
        except csv.Error:  # a quotation mark that is never closed: from here on they are letters like others
            rest = text.splitlines()[num_lines:]
            rows = csv.reader(rest, delimiter=delimiter, quoting=csv.QUOTE_NONE)
            fields = next(rows, None)
        if fields is None:
            return
        number, num_lines = number + 1, rows.line_num
        cells = [(column, value) for column, value in enumerate(map(clean, fields)) if value]
        for _, value in cells:
            budget.take(value)
        if cells:
            yield number, cells
