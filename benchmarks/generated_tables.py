"""Tables with known answers, printed to PDF: headers of several rows, negatives in brackets, footnotes, scales."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf

LABELS = (
    "Net sales",
    "Cost of sales",
    "Gross profit",
    "Research and development",
    "Depreciation and amortization",
    "Operating income (loss)",
    "Interest income",
    "Income taxes",
    "Net earnings (loss)",
    "Inventories",
    "Accounts receivable",
    "Prepaid pensions",
    "Deferred revenue",
    "Long-term borrowings",
    "Lease obligations",
    "Goodwill",
    "Rainfall balance",
    "Grid feed-in",
)
COUNTS = ("Number of employees", "Number of stores", "Number of patents")
SCALES = ("thousand", "million", "billion")
REGIONS = ("Europe", "Asia", "Americas")
LEFT, TOP, LEADING = 60, 90, 16


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """`value` is signed and in single units; `unit` is "$", "%" or ""."""

    question: str
    value: float
    unit: str


@dataclass(slots=True)
class _Table:
    """Table for the printer; `headers[row][column]`."""

    title: str
    headers: list[list[str]]
    rows: list[tuple[str, list[str]]]


def write_tables(folder: Path, number: int, seed: int = 0) -> Iterator[tuple[Path, TableQuestion]]:
    """Print `number` tables, each on a page between prose pages, with one question each."""
    for place in range(number):
        table, question = make_table(random.Random(f"{seed}-{place}"))
        path = folder / f"table-{place}.pdf"
        _print(table, path)
        yield path, question


def make_table(chance: random.Random) -> tuple[_Table, TableQuestion]:
    scale = chance.choice(SCALES)
    year = chance.randint(2005, 2022)
    columns, phrases = _columns(chance, year)
    labels = chance.sample(LABELS, 9)
    numbers = [[_value(chance) for _ in columns[0]] for _ in labels]
    rows = [
        (
            label + chance.choice(["", "", " (1)", "*"]),
            [_printed(value, place == 0, chance) for value in line],
        )
        for place, (label, line) in enumerate(zip(labels, numbers, strict=True))
    ]
    counted = chance.choice(COUNTS)
    counts = [float(chance.randint(100, 99_000)) for _ in columns[0]]
    rows.append((counted, [f"{count:,.0f}" for count in counts]))
    title = f"Selected data of Northwind Corp. (in {scale}s of dollars, except counts)"
    at = chance.randrange(len(columns[0]))
    row = chance.randrange(len(rows))
    if row == len(rows) - 1:
        asked = f"What was the {counted.lower()} {phrases[at]}?"
        return _Table(title, columns, rows), TableQuestion(asked, counts[at], "")
    asked = f"How much {_verb(labels[row])} {labels[row].lower()} {phrases[at]}?"
    factor = {"thousand": 1e3, "million": 1e6, "billion": 1e9}[scale]
    return _Table(title, columns, rows), TableQuestion(asked, numbers[row][at] * factor, "$")


def _verb(label: str) -> str:
    return "were" if label.endswith("s") else "was"


def _columns(chance: random.Random, year: int) -> tuple[list[list[str]], list[str]]:
    """Header rows from top to bottom, and how a question names each column."""
    kind = chance.choice(["years", "ended", "quarters", "regions"])
    years = [str(year - back) for back in range(3)]
    if kind == "years":
        return [years], [f"in {one}" for one in years]
    if kind == "ended":
        return [["Year ended"] * 3, ["December 31,"] * 3, years], [f"in fiscal year {one}" for one in years]
    if kind == "quarters":
        spans = ["Three months ended June 30,"] * 2 + ["Six months ended June 30,"] * 2
        phrases = [f"in the three months ended June 30, {one}" for one in years[:2]]
        phrases += [f"in the six months ended June 30, {one}" for one in years[:2]]
        return [spans, years[:2] * 2], phrases
    return [[str(year)] * 3, list(REGIONS)], [f"in {region} in {year}" for region in REGIONS]


def _value(chance: random.Random) -> float:
    value = chance.choice([chance.randint(10, 999), chance.randint(1_000, 99_999)])
    return float(-value if chance.random() < 0.25 else value)


def _printed(value: float, has_sign: bool, chance: random.Random) -> str:
    body = f"{abs(value):,.0f}"
    text = f"({body})" if value < 0 else body
    text = f"$ {text}" if has_sign else text
    return text + chance.choice(["", "", "", "", "*"])


def _print(table: _Table, path: Path) -> None:
    with pymupdf.open() as pdf:
        _prose(pdf, "The company sells software and grows fruit. Its board met nine times during the year.")
        page = pdf.new_page()
        page.insert_text((LEFT, 60), table.title, fontsize=10)
        width = 330 / len(table.rows[0][1])
        y = TOP
        for header in table.headers:
            for first, last, text in _spans(header):
                center = 230 + width * (first + last + 1) / 2
                page.insert_text((center - _width(text, 8) / 2, y), text, fontsize=8)
            y += 12
        for label, cells in table.rows:
            y += LEADING
            page.insert_text((LEFT, y), label, fontsize=9)
            for place, cell in enumerate(cells):
                _cell(page, 230 + width * (place + 1) - 8, y, cell)
        _prose(pdf, "Demand for fruit depends on the weather. Nothing in this report is advice.")
        pdf.save(path)


def _cell(page: pymupdf.Page, right: float, y: float, cell: str) -> None:
    """Right-aligned by the last digit, as accountants do: brackets and marks hang over."""
    sign, _, number = cell.rpartition(" ")
    hanging = number[len(number.rstrip(")*")) :]
    page.insert_text((right - _width(number[: len(number) - len(hanging)], 9), y), number, fontsize=9)
    if sign:
        page.insert_text((right - 48, y), sign, fontsize=9)


def _spans(header: list[str]) -> Iterator[tuple[int, int, str]]:
    """Equal neighbours that are no years share one centred cell."""
    first = 0
    for place, text in enumerate(header):
        is_last = place + 1 == len(header) or header[place + 1] != text or "ended" not in text
        if is_last:
            yield first, place, text
            first = place + 1


def _prose(pdf: pymupdf.Document, text: str) -> None:
    page = pdf.new_page()
    page.insert_textbox(pymupdf.Rect(60, 60, 540, 300), text, fontsize=11)


def _width(text: str, size: float) -> float:
    return float(pymupdf.get_text_length(text, fontsize=size))
