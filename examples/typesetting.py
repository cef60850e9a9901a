"""Set type: words in the fourteen standard PDF fonts, justified lines, tables with rules, pages.

Content streams are written directly, one text object a line: a book of 500 pages takes seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import pymupdf


@dataclass(frozen=True, slots=True)
class Face:
    """A standard font: PyMuPDF's name for its metrics, and PDF's name."""

    code: str
    standard: str


WIDTH, HEIGHT = 432.0, 648.0  # 6 by 9 inches
LEFT, RIGHT, TOP, BOTTOM = 54.0, 378.0, 72.0, 600.0
MEASURE = RIGHT - LEFT
MAX_STRETCH = 6.0  # a line that would be looser stays ragged
FONTS = {
    "R": Face("tiro", "Times-Roman"),
    "I": Face("tiit", "Times-Italic"),
    "B": Face("tibo", "Times-Bold"),
    "S": Face("symb", "Symbol"),
    "C": Face("cour", "Courier"),
}
# Characters that Latin-1 fonts lack, and their codes in the font Symbol.
SYMBOLS = dict(zip("αικΛλνοπρ←→⇔⊕⊗∅∼−〈〉", b"aikLlnopr\xac\xae\xdb\xc5\xc4\xc6~-\xe1\xf1", strict=True))

Run = tuple[str, str]  # font, text


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that the outline, the contents or the running head refers to."""

    level: int
    title: str
    is_in_contents: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    height: float
    drawing: bytes = b""  # relative to the line's own base line
    keeps: bool = False  # no page break after this line
    mark: Mark | None = None
    starts_page: bool = False


@dataclass(slots=True)
class Sheet:
    """One page: what is drawn on it and what starts on it."""

    drawing: bytearray = field(default_factory=bytearray)
    marks: list[tuple[Mark, float]] = field(default_factory=list)
    is_opening: bool = False


@cache
def width_of(character: str, font: str) -> float:
    """The advance at size 1."""
    return float(metrics(font).glyph_advance(ord(character)))


@cache
def metrics(font: str) -> pymupdf.Font:
    return pymupdf.Font(FONTS[font].code)


def measure(runs: Sequence[Run], size: float) -> float:
    return size * sum(width_of(character, font) for font, text in runs for character in text)


def split_symbols(runs: Sequence[Run]) -> Iterator[Run]:
    """Move characters that the text font lacks to the font Symbol."""
    for font, text in runs:
        for part in re.split(f"([{''.join(SYMBOLS)}]+)", text):
            if part:
                yield ("S" if part[0] in SYMBOLS else font), part


def encode(font: str, text: str) -> bytes:
    codes = bytes(SYMBOLS[c] for c in text) if font == "S" else text.encode("cp1252", "replace")
    return b"(" + re.sub(rb"([\\()])", rb"\\\1", codes) + b") Tj"


def show(runs: Sequence[Run], size: float, x: float, y: float = 0.0, stretch: float = 0.0) -> bytes:
    """Draw runs at x, y (from the base line), each blank wider by `stretch` points."""
    parts = [b"BT %.2f Tw 1 0 0 1 %.2f %.2f Tm" % (stretch, x, y)]
    for font, text in runs:
        parts.append(b"/%s %.2f Tf %s" % (font.encode(), size, encode(font, text)))
    parts.append(b"ET\n")
    return b" ".join(parts)


def to_words(runs: Sequence[Run]) -> list[list[Run]]:
    """Cut runs at blanks; a word may change its font within."""
    words: list[list[Run]] = [[]]
    for font, text in split_symbols(runs):
        for index, part in enumerate(text.split(" ")):
            if index:
                words.append([])
            if part:
                words[-1].append((font, part))
    return [word for word in words if word]


def break_long(words: list[list[Run]], size: float, room: float) -> Iterator[list[Run]]:
    """Cut what is wider than a line (addresses of the web) after a slash or anywhere."""
    for word in words:
        if measure(word, size) <= room:
            yield word
            continue
        font, text = word[0][0], "".join(text for _, text in word)
        while measure([(font, text)], size) > room:
            end = next(n for n in range(len(text), 0, -1) if measure([(font, text[:n])], size) <= room)
            end = text.rfind("/", end // 2, end) + 1 or end
            yield [(font, text[:end])]
            text = text[end:]
        yield [(font, text)]


def fill(runs: Sequence[Run], size: float, room: float, first: float = 0.0) -> list[list[list[Run]]]:
    """Words by line, as many as fit in `room`; the first line is shorter by `first`."""
    blank = size * width_of(" ", "R")
    lines: list[list[list[Run]]] = [[]]
    used = first
    for word in break_long(to_words(runs), size, room - first):
        wide = measure(word, size)
        if lines[-1] and used + blank + wide > room:
            lines.append([])
            used = 0.0
        used += wide + (blank if lines[-1] else 0.0)
        lines[-1].append(word)
    return lines


def join_words(words: list[list[Run]]) -> list[Run]:
    """One run for each stretch of one font, the blanks with the word before."""
    runs: list[Run] = []
    for index, word in enumerate(words):
        for font, text in word:
            if runs and runs[-1][0] == font:
                runs[-1] = (font, runs[-1][1] + text)
            else:
                runs.append((font, text))
        if index < len(words) - 1 and runs[-1][0] == "S":  # a blank of Symbol is not one to Tw
            runs.append(("R", " "))
        elif index < len(words) - 1:
            runs[-1] = (runs[-1][0], runs[-1][1] + " ")
    return runs


def paragraph(
    runs: Sequence[Run],
    *,
    size: float = 10.0,
    leading: float = 12.4,
    indent: float = 0.0,
    first: float = 0.0,
    align: Literal["justify", "left", "center"] = "justify",
) -> list[Line]:
    """Lines of a paragraph that starts at `indent`, its first line further in by `first`."""
    room = MEASURE - 2 * indent if align == "center" else MEASURE - indent
    filled = fill(runs, size, room, first)
    lines = []
    for index, words in enumerate(filled):
        line = join_words(words)
        inset = first if index == 0 else 0.0
        spare = room - inset - measure(line, size)
        blanks = len(words) - 1
        is_last = index == len(filled) - 1
        stretch = spare / blanks if align == "justify" and blanks and not is_last else 0.0
        stretch = 0.0 if stretch > MAX_STRETCH else stretch
        x = LEFT + indent + inset + (spare / 2 if align == "center" else 0.0)
        keeps = not is_last and index in (0, len(filled) - 2)
        lines.append(Line(leading, show(line, size, x, stretch=max(stretch, -0.6)), keeps))
    return lines


def code(text: str) -> list[Line]:
    """Typewriter lines, small enough for the widest."""
    rows = [row.rstrip() for row in text.expandtabs().split("\n")]
    size = min(8.5, (MEASURE - 12) / (0.6 * max(len(row) for row in rows)))
    return [
        Line(size * 1.2, show(list(split_symbols([("C", row)])), size, LEFT + 12), keeps=len(rows) < 30)
        if row
        else Line(size * 0.6)
        for row in rows
    ]


def table(rows: Sequence[tuple[str, ...]], has_head: bool = False) -> list[Line]:
    """Rows with a thin rule below each; columns as wide as their content asks, within the measure."""
    size = 8.4 if len(rows[0]) < 5 else 7.0
    widths = column_widths(rows, size)
    lines = [rule()]
    for number, row in enumerate(rows):
        is_head = has_head and number == 0
        font = "B" if is_head else "R"
        cells = [fill([(font, cell)], size, wide - 5) for cell, wide in zip(row, widths, strict=True)]
        depth = max(len(cell) for cell in cells)
        for level in range(depth):
            drawing, x = b"", LEFT
            for cell, wide in zip(cells, widths, strict=True):
                if level < len(cell):
                    drawing += show(join_words(cell[level]), size, x + 2)
                x += wide
            lines.append(Line(size * 1.22, drawing, keeps=level < depth - 1 or depth == 1))
        lines.append(replace(rule(), keeps=is_head))
    return lines


def column_widths(rows: Sequence[tuple[str, ...]], size: float) -> list[float]:
    """What each column wants; the widest gives way until all fit."""
    wanted = [max(measure(list(split_symbols([("B", cell)])), size) for cell in column) + 6
              for column in zip(*rows, strict=True)]  # fmt: skip
    excess = sum(wanted) - MEASURE
    if excess > 0:
        widest = wanted.index(max(wanted))
        wanted[widest] -= excess
    return wanted


def rule(color: bytes = b"0.6 G") -> Line:
    return Line(4.0, b"q %s 0.4 w %.1f 1.2 m %.1f 1.2 l S Q\n" % (color, LEFT, RIGHT))


def gap(height: float, keeps: bool = False) -> Line:
    return Line(height, keeps=keeps)


def paginate(lines: Sequence[Line]) -> list[Sheet]:
    """Fill pages from the top; lines that keep together move to the next page together."""
    sheets: list[Sheet] = []
    y = BOTTOM
    for group in groups(lines):
        height = sum(line.height for line in group)
        if not sheets or group[0].starts_page or y + height > BOTTOM + 1:
            sheets.append(Sheet(is_opening=group[0].starts_page))
            y = TOP
        for line in group:
            if y == TOP and not line.drawing and not sheets[-1].is_opening:
                y -= line.height  # no gap at the head of a page
            y += line.height
            if line.mark:
                sheets[-1].marks.append((line.mark, y - line.height))
            if line.drawing:
                sheets[-1].drawing += b"q 1 0 0 1 0 %.2f cm %sQ\n" % (HEIGHT - y, line.drawing)
    return sheets


def groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in lines:
        if line.starts_page and group:
            yield group
            group = []
        group.append(line)
        if not line.keeps:
            yield group
            group = []
    if group:
        yield group
