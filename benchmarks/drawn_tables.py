"""Tables that are drawn at random, with the truth of their cells: nothing here knows how tables are read.

Borders, rules or none; heads over several rows and columns; wrapped cells, empty ones, rows of labels; numbers with
signs; prose around, or beside in another column; page breaks. And pages without any table that look as if they had one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pymupdf

WORDS = [
    "river",
    "harbour",
    "ledger",
    "copper",
    "winter",
    "meadow",
    "signal",
    "granite",
    "lantern",
    "orchard",
    "vessel",
    "archive",
    "timber",
    "market",
    "bridge",
    "valley",
    "engine",
    "letter",
    "garden",
    "marble",
    "saddle",
    "beacon",
    "cotton",
    "velvet",
    "anchor",
    "basket",
    "candle",
    "desert",
    "ember",
    "falcon",
]
PAGE = (612.0, 792.0)
LEFT, TOP, FOOT = 60.0, 70.0, 730.0


@dataclass(slots=True)
class Truth:
    """What a cell says, by the row and column where it begins; `spans` those of more than one column."""

    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    spans: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass(slots=True)
class Drawn:
    """A document with one table, or none, and what that holds; `traits` say how it is drawn."""

    document: pymupdf.Document
    truth: Truth | None
    traits: tuple[str, ...]


def phrase(dice: random.Random, most: int) -> str:
    text = " ".join(dice.choices(WORDS, k=dice.randint(1, most)))
    return text[0].upper() + text[1:]


def sentence(dice: random.Random) -> str:
    text = " ".join(dice.choices(WORDS, k=dice.randint(8, 18)))
    return f"{text[0].upper()}{text[1:]}."


def number(dice: random.Random, form: str) -> str:
    value = dice.randint(1, 99_999)
    shown = {"plain": f"{value:,}", "decimal": f"{value / 100:,.2f}", "percent": f"{value % 1000 / 10:.1f}%"}[
        form
    ]
    return f"({shown})" if dice.random() < 0.08 and form == "plain" else shown


def prose(page: pymupdf.Page, dice: random.Random, box: tuple[float, float, float, float]) -> None:
    text = " ".join(sentence(dice) for _ in range(60))
    page.insert_textbox(pymupdf.Rect(*box), text, fontsize=10, fontname="tiro", align=dice.choice((0, 3)))


class _Table:
    """A table on its way to the page."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.kind = dice.choice(("numbers", "numbers", "words"))
        self.border = dice.choice(("full", "rules", "none"))
        self.place = dice.choice(("page", "page", "page", "column", "break"))
        self.size = dice.choice((8.0, 9.0, 10.0))
        most = 3 if self.place == "column" else 6
        self.num_columns = dice.randint(2, most) if self.kind == "numbers" else dice.randint(2, min(4, most))
        self.num_heads = 1 if self.num_columns < 3 else dice.choice((1, 1, 2, 3))
        self.num_rows = dice.randint(55, 70) if self.place == "break" else dice.randint(4, 16)
        self.rows: list[list[tuple[str, int]]] = []
        self._fill()

    @property
    def traits(self) -> tuple[str, ...]:
        return (self.kind, self.border, self.place, f"{self.num_heads} heads")

    def _fill(self) -> None:
        dice = self.dice
        for level in range(self.num_heads - 1):
            groups, left = [("", 1)], self.num_columns - 1
            while left:
                width = left if level == 0 and dice.random() < 0.4 else dice.randint(1, left)
                groups.append((phrase(dice, 2) if dice.random() < 0.9 or width > 1 else "", width))
                left -= width
            self.rows.append(groups)
        first = (
            dice.choice(("", phrase(dice, 2), "(in millions)")) if self.kind == "numbers" else phrase(dice, 2)
        )
        years = dice.random() < 0.5 and self.kind == "numbers"
        heads = [str(2024 - n) if years else phrase(dice, 2) for n in range(self.num_columns - 1)]
        self.rows.append([(first, 1), *((head, 1) for head in heads)])
        forms = [dice.choice(("plain", "decimal", "percent")) for _ in range(self.num_columns)]
        for _ in range(self.num_rows):
            self.rows.append(self._body(forms))

    def _body(self, forms: list[str]) -> list[tuple[str, int]]:
        dice = self.dice
        if self.kind == "numbers" and dice.random() < 0.06:
            return [(phrase(dice, 3) + ":", self.num_columns)]
        label = phrase(dice, 4 if self.place == "column" else 6)
        row = [(label, 1)]
        for form in forms[1:]:
            is_empty = dice.random() < 0.07
            value = number(dice, form) if self.kind == "numbers" else phrase(dice, 9)
            row.append(("" if is_empty else value, 1))
        return row

    def truth(self) -> Truth:
        found = Truth()
        for number_, row in enumerate(self.rows):
            column = 0
            for text, width in row:
                if text:
                    found.cells[number_, column] = text
                    if width > 1:
                        found.spans[number_, column] = width
                column += width
        return found

    def draw(self, document: pymupdf.Document) -> None:
        dice = self.dice
        page = document.new_page(width=PAGE[0], height=PAGE[1])
        right = PAGE[0] - LEFT
        bottom = FOOT
        y = TOP
        if self.place == "column":
            middle = PAGE[0] / 2
            prose(page, dice, (middle + 12, TOP, right, FOOT))
            right = middle - 12
        if dice.random() < 0.7:
            height = 150.0 if self.place != "break" else 90.0
            prose(page, dice, (LEFT, y, right, y + height))
            y += height + 25
        if dice.random() < 0.5:
            page.insert_text(
                (LEFT, y), f"Table {dice.randint(1, 9)}: {phrase(dice, 5)}", fontsize=9, fontname="tibo"
            )
            y += 16
        widths = self._widths(right - LEFT)
        head = self.rows[: self.num_heads]
        is_repeated = dice.random() < 0.5
        for number_, row in enumerate(self.rows):
            height = self._height(row, widths)
            if y + height > bottom:
                page = document.new_page(width=PAGE[0], height=PAGE[1])
                y = TOP
                for again in head if is_repeated and number_ >= self.num_heads else []:
                    y = self._draw_row(page, again, widths, y, is_head=True)
            y = self._draw_row(page, row, widths, y, is_head=number_ < self.num_heads)
        if y + 80 < bottom and dice.random() < 0.6:
            prose(page, dice, (LEFT, y + 30, right, bottom))

    def _widths(self, room: float) -> list[float]:
        if self.kind == "words":
            return [room / self.num_columns] * self.num_columns
        own = min(80.0, room * 0.55 / max(1, self.num_columns - 1))
        return [room - own * (self.num_columns - 1), *[own] * (self.num_columns - 1)]

    def _lines(self, text: str, width: float) -> list[str]:
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and pymupdf.get_text_length(longer, "helv", self.size) > width - 8:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line]

    def _height(self, row: list[tuple[str, int]], widths: list[float]) -> float:
        column, most = 0, 1
        for text, width in row:
            most = max(most, len(self._lines(text, sum(widths[column : column + width]))))
            column += width
        return most * self.size * 1.2 + 5

    def _draw_row(
        self, page: pymupdf.Page, row: list[tuple[str, int]], widths: list[float], y: float, *, is_head: bool
    ) -> float:
        height = self._height(row, widths)
        x, column = LEFT, 0
        for text, width in row:
            room = sum(widths[column : column + width])
            is_right = self.kind == "numbers" and column > 0
            for place, line in enumerate(self._lines(text, room) if text else []):
                length = pymupdf.get_text_length(line, "helv", self.size)
                at = x + room - 4 - length if is_right and width == 1 else x + 4
                if width > 1 and column > 0:
                    at = x + (room - length) / 2
                font = "hebo" if is_head else "helv"
                if is_head:
                    length = pymupdf.get_text_length(line, font, self.size)
                    at = x + room - 4 - length if is_right and width == 1 else at
                page.insert_text(
                    (at, y + self.size * (1.1 + 1.2 * place)), line, fontsize=self.size, fontname=font
                )
            if self.border == "full":
                page.draw_rect(pymupdf.Rect(x, y, x + room, y + height), width=0.6)
            x, column = x + room, column + width
        if self.border == "rules":
            page.draw_line((LEFT, y + height), (x, y + height), width=0.5)
        return y + height


def draw(seed: int) -> Drawn:
    """A document with a table."""
    table = _Table(random.Random(seed))
    document = pymupdf.open()
    table.draw(document)
    return Drawn(document, table.truth(), table.traits)


def draw_none(seed: int) -> Drawn:
    """A page without a table: prose in columns, a list, contents, verse, a letter, references or dialogue."""
    dice = random.Random(f"none {seed}")
    kind = ("columns", "list", "contents", "verse", "letter", "references", "three columns", "dialogue")[
        seed % 8
    ]
    document = pymupdf.open()
    page = document.new_page(width=PAGE[0], height=PAGE[1])
    if kind in ("columns", "three columns"):
        count = 2 if kind == "columns" else 3
        room = (PAGE[0] - 2 * LEFT) / count
        for n in range(count):
            prose(page, dice, (LEFT + n * room + 6, TOP, LEFT + (n + 1) * room - 6, FOOT))
        return Drawn(document, None, (kind,))
    y = TOP
    for n in range(1, 40):
        for x, line in _lines_of(kind, dice, n):
            page.insert_text((x, y), line, fontsize=10, fontname="tiro")
            y += 13 if kind != "contents" else 0
        y += 17 if kind == "contents" else 3
        if y > FOOT:
            break
    return Drawn(document, None, (kind,))


def _lines_of(kind: str, dice: random.Random, n: int) -> list[tuple[float, str]]:
    if kind == "list":
        return (
            [(LEFT, f"{n}."), (LEFT + 24, sentence(dice))][1:]
            if n % 7 == 0
            else [(LEFT, f"{n}.   {phrase(dice, 9)}")]
        )
    if kind == "contents":
        return [(LEFT, f"{n}  {phrase(dice, 4)} " + "." * 60), (PAGE[0] - LEFT - 20, str(n * 3))]
    if kind == "verse":
        return [(LEFT + 40 * (n % 2), phrase(dice, 6) + ",")]
    if kind == "letter":
        return [(PAGE[0] - 220, phrase(dice, 3))] if n < 6 else [(LEFT, sentence(dice)[:90])]
    if kind == "references":
        return [
            (LEFT, f"[{n}]  {phrase(dice, 2)}, {phrase(dice, 1)}. {2000 + n}."),
            (LEFT + 22, sentence(dice)[:80]),
        ]
    return [(LEFT, f"{dice.choice(WORDS).upper()}:"), (LEFT + 90, sentence(dice)[:70])]
