"""Cells of a table row: which is asked for, by year, words and kind; and how it is named: sign, unit, scale, column.

Whatever is not certain is not picked: the row then stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.agents.citations.quantities import is_year
from catena.agents.extractive.numeric_question import Pick, must_compute, years
from catena.agents.extractive.table_rows import Cell, Row
from catena.retrieval.text_analysis import query_terms, terms

_PERCENT = re.compile(r"%|\bper ?cent\w*|\bproportion\b|\bshare of\b|\brate\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b", re.IGNORECASE)
_NOTE = re.compile(r"(?:foot)?notes?(?: no\.?)?", re.IGNORECASE)
_COMPARES = re.compile(
    r"\bvs\b|\bversus\b|\bchanges?\b|\bvariance\b|\bincrease\b|\bdecrease\b", re.IGNORECASE
)
_WHOLE = re.compile(r"(?:grand )?total|consolidated(?: total)?|group", re.IGNORECASE)
_PERIOD = re.compile(
    r"\b(?:three|six|nine|twelve|quarter|Q[1-4]|months?|weeks?|year|fiscal|half|january|february|march|april|may|june"
    r"|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_PART_YEAR = re.compile(r"\b(?:three|six|nine|thirteen|twenty-six|quarter|Q[1-4]|half)\b", re.IGNORECASE)
_SCALE = re.compile(
    r"\b(thousand|million|billion)s?\b|(?:\(|[$€£¥]\s?['’]?|['’]|\b[A-Z]{3} )(000)s?\b", re.IGNORECASE
)
_STATED = re.compile(
    r"\b(?:in|of) (?:us ?)?[$€£¥]? ?(?:\w+ ){0,2}?(thousand|million|billion)s\b"
    r"|(?<![\d.,] )(?<![\d.,])\b(thousand|million|billion)s? (?:of )?(?:us )?"
    r"(?:euros?|dollars?|pounds|yen|[A-Z]{3}\b|[$€£¥])"
    r"|(?:[$€£¥]|\b(?-i:[A-Z]{3})) ?(thousand|million|billion|bn|m)s?\b"
    r"|\([^()\d]{0,40}\b(thousand|million|billion)s?\b[^()]{0,80}\)"
    r"|(?:\(|[$€£¥]\s?['’]?|['’]|\b[A-Z]{3} )(000)s?\b",
    re.IGNORECASE,
)
_SHORT_SCALES = {"000": "thousand", "m": "million", "bn": "billion"}
_PLAIN = re.compile(
    r"\bper (?:\w+ )?(?:share|unit|ton|barrel|day|employee)\b|\bnumber of\b|\bemployees\b|\bstores\b|\bEPS\b"
    r"|\bprices?\b|\bind(?:ex|ices)\b|\bratio\b|\brate\s*(?:\(|$)|\bpence\b|\bcents\b|\byears\)",
    re.IGNORECASE,
)
_PENCE = re.compile(r"\bpence\b|\bcents\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"\bnumber of\b|\bemployees\b|\bstores\b|\b(?:shares|units|options)\b(?!.*\b(?:par|capital|expense|reserve)\b)",
    re.IGNORECASE,
)
_COUNT_COLUMN = re.compile(r"\bno\.|\bnumber\b|\bshares\b|\bunits\b", re.IGNORECASE)
_OUT = re.compile(
    r"\b(?:purchases?|payments?|repayments?|paid|acquisitions?|additions?|expenditures?|redemptions?|repurchases?"
    r"|cost|costs|expenses?|used|loss|losses|treasury|less|spending|distributions?|provision)\b",
    re.IGNORECASE,
)


def pick_cell(question: str, row: Row, around: str = "") -> Pick | None:
    """Choose the column by year, period and words; `around` is the text above the table, for the scale."""
    cells = [cell for cell in row.cells if not (is_year(cell.quantity) and len(row.cells) > 1)]
    cells = [cell for cell in cells if not any(_NOTE.fullmatch(part) for part in cell.header)] or cells
    if not cells or must_compute(question, f"{row.label} {headers_of(cells)}"):
        return None
    if not _COMPARES.search(question):
        cells = [cell for cell in cells if not _COMPARES.search(headers_of([cell]))] or cells
    left = _of_year(question, row, cells)
    if len(left) > 1:
        left = _of_words(question, row.label, left)
    for narrow in (_of_kind, _of_whole):
        if len(left) > 1:
            left = narrow(question, left)
    if len(left) != 1:
        return None
    cell = left[0]
    return _named(cell, row, _column(cell, cells), around)


def headers_of(cells: Sequence[Cell]) -> str:
    return " ".join(part for cell in cells for part in cell.header)


def _years_of(cell: Cell) -> set[int]:
    """The years that the header line nearest to the cell names."""
    named = [years(part) for part in cell.header]
    return next((some for some in reversed(named) if some), set())


def _of_year(question: str, row: Row, cells: Sequence[Cell]) -> list[Cell]:
    """The cells of the year asked for; of the latest where none is asked for; none where it is another."""
    asked = years(question)
    if len(asked) > 1:
        return []
    printed = [_years_of(cell) for cell in cells]
    if not any(printed):
        said = years(row.label) or years(row.caption)
        return list(cells) if not said or not asked or asked <= said else []
    wanted = asked or {max(year for some in printed for year in some)}
    return [cell for cell, some in zip(cells, printed, strict=True) if some & wanted]


def _of_words(question: str, label: str, cells: Sequence[Cell]) -> list[Cell]:
    """The cells whose header shares most of what the question says besides the row; whole years before parts."""
    asked = set(query_terms(question)) - set(query_terms(label))
    if not _PART_YEAR.search(question) and any(not _PART_YEAR.search(headers_of([cell])) for cell in cells):
        cells = [cell for cell in cells if not _PART_YEAR.search(headers_of([cell]))]
    shared = [len(asked & set(terms(headers_of([cell])))) for cell in cells]
    most = max(shared)
    return [cell for cell, count in zip(cells, shared, strict=True) if count == most]


def _of_kind(question: str, cells: Sequence[Cell]) -> list[Cell]:
    """Per cent where per cent is asked for, counts where things are counted, else amounts."""
    wants_percent = bool(_PERCENT.search(question))
    cells = [cell for cell in cells if _is_percent(cell) == wants_percent] or cells
    wants_count = bool(_HOW_MANY.search(question))
    return [cell for cell in cells if _is_money(cell) != wants_count] or list(cells)


def _of_whole(question: str, cells: Sequence[Cell]) -> list[Cell]:
    """The column of the total, where no part was asked for."""
    return [cell for cell in cells if any(_WHOLE.fullmatch(part) for part in cell.header)] or list(cells)


def _is_percent(cell: Cell) -> bool:
    return cell.quantity.unit == "%" or "%" in headers_of([cell])


def _is_money(cell: Cell) -> bool:
    return bool(cell.quantity.unit or re.search(r"[$€£¥₹]", headers_of([cell])))


def _column(cell: Cell, cells: Sequence[Cell]) -> str:
    """Words that tell this column from the others, and its period; titles over all columns are left out."""
    parts = []
    for place, part in enumerate(cell.header):
        is_shared = all(len(other.header) > place and other.header[place] == part for other in cells)
        if len(part.split()) <= 8 and (not is_shared or _PERIOD.search(part) or years(part)):
            parts.append(part)
    named = [part for part in dict.fromkeys(parts) if not stated_scale(part)]
    return " ".join(" ".join(named).split())


def _named(cell: Cell, row: Row, column: str, around: str) -> Pick:
    quantity = cell.quantity
    unit = scale = currency = ""
    headers = headers_of([cell])
    if _is_percent(cell) or "%" in row.label:
        unit = "%"
    else:
        is_plain = bool(_PLAIN.search(row.label) or _PLAIN.search(headers)) and not _SCALE.search(row.label)
        scale = quantity.scale or ("" if is_plain else _scale(row, headers, around))
        if not (_PENCE.search(row.label) or _counts(row.label) or _COUNT_COLUMN.search(headers)):
            currency = quantity.unit or row.has_currency
    sign = "-" if quantity.value < 0 and not _OUT.search(re.sub(r"\([^)]*\)", "", row.label)) else ""
    number = f"{sign}{currency}{quantity.digits}{unit}"
    text = f"{number} {scale}".strip()
    return Pick(f"{text} ({column})" if column else text, quantity, column, scale)


def _counts(label: str) -> bool:
    return bool(_COUNTED.search(label)) and not re.search(r"\bper\b", label, re.IGNORECASE)


def _scale(row: Row, headers: str, around: str) -> str:
    own = _SCALE.search(f"{row.label} {headers}")
    return _word(own) if own else stated_scale(row.caption) or stated_scale(around)


def stated_scale(text: str) -> str:
    """The last scale that a text gives for numbers to come: "(in millions, …)", "£’000"; "$3 million" gives none."""
    found = list(_STATED.finditer(text))
    return _word(found[-1]) if found else ""


def _word(found: re.Match[str]) -> str:
    word = next(group for group in found.groups() if group).lower()
    return _SHORT_SCALES.get(word, word)
