"""Delimiters of tables of values, and whether a text is such a table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice

DELIMITERS = "\t;|,"
_SAMPLE, _MAX_SAMPLED = 64 << 10, 100
_FEWEST_ROWS, _FEWEST_COLUMNS = 3, 3
_MAX_USUAL = 60  # characters of a value; sentences between commas are longer now and then


def delimiter_of(text: str) -> str:
    """The character that cuts the first rows into most columns, as many in nearly each; a comma where none does.

    Others in each row go before commas, which are in decimals, too.
    """
    found, best = ",", 0.0
    for delimiter in DELIMITERS:
        widths = [len(fields) for fields in _sampled(text, delimiter)]
        width, times = Counter(widths).most_common(1)[0] if widths else (1, 1)
        evenness = times / len(widths) if widths else 0.0
        if width > 1 and evenness == 1.0 and delimiter != ",":
            return delimiter
        if (width - 1) * evenness**2 > best:
            found, best = delimiter, (width - 1) * evenness**2
    return found


def is_table(text: str) -> bool:
    """Tell a table of values from prose: each row has as many values, three at least, and short ones."""
    rows = _sampled(text, delimiter_of(text))
    if len(text) >= _SAMPLE:
        rows = rows[:-1]
    widths = {len(fields) for fields in rows}
    is_even = len(rows) >= _FEWEST_ROWS and len(widths) == 1 and min(widths) >= _FEWEST_COLUMNS
    return is_even and all(len(value) <= _MAX_USUAL for fields in rows for value in fields)


def _sampled(text: str, delimiter: str) -> list[list[str]]:
    """The first rows of a text that are not empty."""
    try:
        rows = csv.reader(io.StringIO(text[:_SAMPLE], newline=""), delimiter=delimiter)
        return [fields for fields in islice(rows, _MAX_SAMPLED) if fields]
    except csv.Error:
        return []
