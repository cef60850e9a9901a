"""One table row read by geometry: its label, its cells, and what stands above each cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from catena.agents.citations.quantities import CURRENCIES, Quantity, is_year, quantities
from catena.types import Page, Span, Word

COLUMN_GAP = 0.7
"""Two words further apart than this share of their height stand in different columns."""
MAX_LINES_UP = 70
MAX_HEADER_LINES = 6
_CURRENCY = re.compile(r"\(?-?(?:US)?[$€£¥₹]\(?")
_NUMBER = re.compile(
    r"\(?[-−–]?(?:US)?[$€£¥₹]?\(?[-−–]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))[)%]*[-−–]?(?:[*†‡§]+|\([a-z0-9]\)|[⁰¹²³⁴-⁹]+)?"
)
_CLOSE = re.compile(r"[)%]+")
_MINUS = re.compile(r"[-−–]")
_MINUS_BEHIND = re.compile(r"(\(?[$€£¥₹]?[\d,.]+%?)[-−–]")
"""As accounting programs print negative amounts: "45-"."""
_NIL = re.compile(r"\(?[-−–—]+\)?%?|N/?[AM]|n/?[am]|nil")
_YEAR_OR_PERIOD = re.compile(r"\b(?:19|20)\d\d\b|\b(?:months|quarter|year|weeks)\b", re.IGNORECASE)
_CURRENCY_NAMES = {
    "us dollar": "$",
    "dollar": "$",
    "euro": "€",
    "pounds sterling": "£",
    "yen": "¥",
    "rupee": "₹",
}
_CODES = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR JPY KRW MXN NOK NZD PLN SEK SGD USD ZAR"
"""Of ISO 4217, those of the large economies that are no English words."""
_STATED_CURRENCY = re.compile(
    rf"(?:US)?[$€£¥₹]|\b(?:(?:us )?dollars?|euros?|pounds sterling|yen|rupees?)\b|\b(?-i:{_CODES.replace(' ', '|')})\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?:\b[A-Z]{3}\s?|(?:US)?[$€£¥₹]\s?)?\(?(?!000\b)\d[\d.,]*\)?(?:\s?(?:thousand|million|billion|bn|m)\b)?"
    r"(?:\s?(?:us )?(?:dollars?|euros?|pounds|yen|rupees?|[$€£¥₹])|\s[A-Z]{3}\b)?",
    re.IGNORECASE,
)
_DOTS = re.compile(r"[.\u2026·_]+")


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a row; `header` is what stands above it, top line first."""

    quantity: Quantity
    start: int
    end: int
    left: float
    right: float
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """`above` are the printed header lines; `caption` is the text around them, where scale and currency stand."""

    label: str
    cells: tuple[Cell, ...]
    above: tuple[Span, ...] = ()
    caption: str = ""
    has_currency: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Words of one printed line with no wide gap between them."""

    words: tuple[Word, ...]
    text: str

    @property
    def left(self) -> float:
        return self.words[0].box[0]

    @property
    def right(self) -> float:
        return max(word.box[2] for word in self.words)


def read_row(page: Page, start: int, end: int) -> Row | None:
    """Take a row apart; nothing when it holds no number or the page has no word boxes."""
    return next(iter(read_rows(page, start, end)), None)


def read_rows(page: Page, start: int, end: int) -> list[Row]:
    """As `read_row`, but both rows of two tables that are printed side by side."""
    words = [word for word in page.words if word.start < end and word.end > start]
    rows = []
    for part in _side_by_side(page, words):
        label, cells = split_row(page, part)
        if cells and not _is_header(label, cells):
            rows.append(with_header(page, part, label, cells))
    return rows


def _side_by_side(page: Page, words: Sequence[Word]) -> Iterator[list[Word]]:
    """Cut where, after a number and a wide gap, words begin another label that has a number of its own."""
    part: list[Word] = []
    for place, word in enumerate(words):
        begins = (
            part
            and _is_cell_text(page, part[-1])
            and any(_is_number(page.text[one.start : one.end]) for one in part)
            and word.box[0] - part[-1].box[2] > COLUMN_GAP * (word.box[3] - word.box[1])
            and page.text[word.start].isalpha()
            and any(_is_number(page.text[one.start : one.end]) for one in words[place:])
        )
        if begins:
            yield part
            part = []
        part.append(word)
    yield part


def _is_header(label: str, cells: Sequence[Cell]) -> bool:
    """A line of nothing but years names columns."""
    are_years = all(is_year(cell.quantity) and cell.quantity.value > 0 for cell in cells)
    return are_years and (len(cells) > 1 or not label or _is_year_text(label))


def split_row(page: Page, words: Sequence[Word]) -> tuple[str, list[Cell]]:
    """The label, and each number that a gap, a currency sign or another number sets apart from it."""
    first = _first_cell(page, words)
    label = _text(page, words[:first]).rstrip(" .…·_:")
    return label, _cells(page, words[first:])


def _first_cell(page: Page, words: Sequence[Word]) -> int:
    for index, word in enumerate(words):
        text = page.text[word.start : word.end]
        if not (_is_number(text) or _CURRENCY.fullmatch(text) or _NIL.fullmatch(text)):
            continue
        if index == 0:
            if len(words) == 1 or not _is_number(text) or _is_year_text(text):
                continue
            return 0 if all(_is_cell_text(page, other) for other in words) else _trailing(page, words)
        before = words[index - 1]
        is_apart = word.box[0] - before.box[2] > COLUMN_GAP * (word.box[3] - word.box[1])
        if is_apart or _CURRENCY.fullmatch(text) or _DOTS.fullmatch(page.text[before.start : before.end]):
            return index
    return _trailing(page, words)


def _trailing(page: Page, words: Sequence[Word]) -> int:
    """Start of the run of numbers at the end of the row."""
    first = len(words)
    while first > 0 and _is_cell_text(page, words[first - 1]):
        first -= 1
    return first


def _cells(page: Page, words: Sequence[Word]) -> list[Cell]:
    cells: list[Cell] = []
    opened: Word | None = None
    for place, word in enumerate(words):
        text = page.text[word.start : word.end]
        if _CURRENCY.fullmatch(text) or text == "(" or _is_sign(page, words[place : place + 2]):
            opened = opened or word
        elif _is_number(text):
            cells.append(_cell(page, opened or word, word))
            opened = None
        elif _CLOSE.fullmatch(text) and cells:
            last = cells[-1]
            cells[-1] = _cell_of(page, last.start, word.end, last.left, word.box[2])
            opened = None
        else:
            opened = None
    return cells


def _is_sign(page: Page, words: Sequence[Word]) -> bool:
    """Tell whether a dash is the minus of the number behind it ("- 15"), and not a cell of its own that says nil."""
    if len(words) < 2 or not _MINUS.fullmatch(page.text[words[0].start : words[0].end]):
        return False
    gap = words[1].box[0] - words[0].box[2]
    is_near = gap <= COLUMN_GAP * (words[1].box[3] - words[1].box[1])
    return is_near and _is_number(page.text[words[1].start : words[1].end])


def _cell(page: Page, first: Word, last: Word) -> Cell:
    return _cell_of(page, first.start, last.end, last.box[0], last.box[2])


def _cell_of(page: Page, start: int, end: int, left: float, right: float) -> Cell:
    text = re.sub(r"[*†‡§⁰¹²³⁴-⁹]+$|(?<=[\d)%])\([a-z0-9]\)$", "", page.text[start:end])
    text = re.sub(r"(?<=[$€£¥₹(−–-])\s+|\s+(?=[)%])", "", text)
    text = _MINUS_BEHIND.sub(r"-\1", text) if _MINUS_BEHIND.fullmatch(text) else text
    return Cell(quantities(text)[0], start, end, left, right)


def with_header(page: Page, words: Sequence[Word], label: str, cells: list[Cell]) -> Row:
    """Walk up the page from the row to the lines that name its columns."""
    top = min(word.box[1] for word in words)
    left = words[0].box[0] if label else -1.0  # what begins there stands over the labels, a title as a rule
    lines = [line for line in printed_lines(page) if line[0].box[1] + line[0].box[3] < 2 * top]
    header: list[list[Group]] = []
    caption: list[str] = []
    currency = ""
    for line in reversed(lines[-MAX_LINES_UP:]):
        groups = split_groups(page, line)
        over = [group for group in groups if _is_over(group, cells) and group.left > left]
        if any(_is_data(page, group) for group in over):
            if header and _names_columns(header, cells):
                break
            header.clear()  # words that hang over between two rows
            currency = currency or _currency_of(_text(page, line))
        elif over and len(header) < MAX_HEADER_LINES and not _is_prose(groups):
            header.insert(0, over)
            caption.insert(0, _text(page, line))
        else:
            caption.insert(0, _text(page, line))
            if header and (_is_prose(groups) or len(caption) > len(header) + 4):
                break
            if _is_prose(groups):
                break
    named = tuple(_named(cell, header, cells) for cell in cells)
    spans = tuple(_span(page, line) for line in header)
    said = "\n".join([*caption, label])
    governing = stated_currency(said) or currency
    return Row(label, named, spans, "\n".join(caption), _currency_of(_text(page, words)) or governing)


def _names_columns(header: Sequence[Sequence[Group]], cells: Sequence[Cell]) -> bool:
    """Tell whether these lines are a header: as wide as half of the row, or with a year or period."""
    widest = max(len(groups) for groups in header)
    text = " ".join(group.text for groups in header for group in groups)
    return widest >= min(len(cells), max(2, len(cells) / 2)) or bool(_YEAR_OR_PERIOD.search(text))


def printed_lines(page: Page) -> list[list[Word]]:
    """The words of a page as printed lines, top to bottom, each left to right."""
    lines: list[list[Word]] = []
    middle = 0.0
    for word in sorted(page.words, key=lambda word: word.box[1] + word.box[3]):
        center = (word.box[1] + word.box[3]) / 2
        if lines and abs(center - middle) < 0.5 * (word.box[3] - word.box[1]):
            lines[-1].append(word)
        else:
            lines.append([word])
            middle = center
    for line in lines:
        line.sort(key=lambda word: word.box[0])
    return lines


def split_groups(page: Page, line: Sequence[Word]) -> list[Group]:
    """Cut a printed line at its wide gaps."""
    groups: list[list[Word]] = []
    for word in line:
        height = word.box[3] - word.box[1]
        if groups and word.box[0] - groups[-1][-1].box[2] <= COLUMN_GAP * height:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [Group(tuple(words), _text(page, words)) for words in groups]


def _named(cell: Cell, header: Sequence[Sequence[Group]], cells: Sequence[Cell]) -> Cell:
    names = []
    reach = 0.75 * _pitch(cells)
    for groups in header:
        is_spanner = len(groups) < len(cells)
        nearest = min(groups, key=lambda group: _distance(cell, group))
        if _distance(cell, nearest) <= (2.5 * reach if is_spanner else reach):
            names.append(nearest.text)
    return replace(cell, header=tuple(names))


def _distance(cell: Cell, group: Group) -> float:
    """Between the two ranges; where they overlap, a tie is for the nearer middle (below 1)."""
    gap = max(group.left - cell.right, cell.left - group.right, 0.0)
    if gap > 0:
        return 1 + gap
    return min(0.99, abs((group.left + group.right) - (cell.left + cell.right)) / 2000)


def _pitch(cells: Sequence[Cell]) -> float:
    steps = [right.right - left.right for left, right in zip(cells, cells[1:], strict=False)]
    positive = [step for step in steps if step > 0]
    return median(positive) if positive else 60.0


def _is_over(group: Group, cells: Sequence[Cell]) -> bool:
    reach = 0.5 * _pitch(cells)
    return group.right > cells[0].left - reach and group.left < cells[-1].right + reach


def _is_data(page: Page, group: Group) -> bool:
    texts = [page.text[word.start : word.end] for word in group.words]
    if not all(_is_cell_text(page, word) for word in group.words):
        return False
    numbers = [text for text in texts if _is_number(text)]
    return any(not _is_year_text(text) for text in numbers) or bool(_NIL.fullmatch(group.text))


def _is_prose(groups: Sequence[Group]) -> bool:
    return any(len(group.words) > 14 for group in groups)


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and any(c.isdigit() for c in text)


def _is_cell_text(page: Page, word: Word) -> bool:
    text = page.text[word.start : word.end]
    return _is_number(text) or any(pattern.fullmatch(text) for pattern in (_CURRENCY, _CLOSE, _NIL, _DOTS))


def _is_year_text(text: str) -> bool:
    found = quantities(text)
    return len(found) == 1 and is_year(found[0]) and found[0].value > 0


def _currency_of(text: str) -> str:
    found = re.search(r"[$€£¥₹]", text)
    return found.group() if found else ""


def stated_currency(text: str) -> str:
    """The currency that a text gives for numbers to come: "in million euro", "(US$ 000)", "CHF m"; an amount
    ("$100 was invested") gives none. As it is put before a number."""
    found = list(_STATED_CURRENCY.finditer(_AMOUNT.sub(" ", text)))
    if not found:
        return ""
    name = found[-1].group().casefold()
    sign = next((sign for word, sign in _CURRENCY_NAMES.items() if name.startswith(word)), "")
    return sign or CURRENCIES.get(name.upper(), f"{name.upper()} ")


def _span(page: Page, groups: Sequence[Group]) -> Span:
    words = [word for group in groups for word in group.words]
    return Span(page.ref, min(word.start for word in words), max(word.end for word in words))


def _text(page: Page, words: Iterable[Word]) -> str:
    return " ".join(page.text[word.start : word.end] for word in words)
