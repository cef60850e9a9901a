"""Lines with Hebrew or Arabic on a PDF page, put together from single characters by where they stand."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unicodedata import bidirectional, category, normalize

from catena.ingest.pdf.bidi import MIRRORED, logical_order
from catena.types import Box

WORD_GAP = 0.22
"""In font sizes: white between two characters that separates words where no space is set."""
MAX_OVERPRINT = 0.5
"""Of a character's width: the same one again, nearer than this, is the same one printed twice."""
_LAM, _ALEFS = "\u0644", "\u0622\u0623\u0625\u0627"


@dataclass(slots=True)
class PrintedChar:
    """A character as printed, with the marks on it and what else its glyph stands for."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(slots=True)
class BidiLine:
    """Line of runs side by side on one baseline; `spans` and `places` are those of MuPDF's lines in it."""

    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    spots: list[PrintedChar] = field(default_factory=list)
    spaces: list[float] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    places: list[Box] = field(default_factory=list)


BidiWord = tuple[str, Box]


def bidi_lines(
    blocks: Iterable[dict[str, Any]], raw: dict[tuple[int, int], str], gap: float
) -> list[BidiLine]:
    """Join MuPDF's level lines that stand side by side, nearer than `gap` font sizes.

    `blocks`: of extractRAWDICT; `raw`: characters as their fonts give them by where they are drawn, since MuPDF turns
    some brackets over and others not.
    """
    pieces = [
        _piece(line, raw)
        for block in blocks
        for line in block.get("lines", ())
        if line["wmode"] == 0 and line["dir"][0] > 0.99
    ]
    joined: list[BidiLine] = []
    for piece in sorted((piece for piece in pieces if piece.spots), key=lambda piece: piece.y0 + piece.y1):
        _join(joined, piece, gap)
    return joined


def _join(lines: list[BidiLine], piece: BidiLine, gap: float) -> None:
    """Add a piece to the lines around its baseline that it touches; those become one."""
    middle, height = piece.y0 + piece.y1, piece.y1 - piece.y0
    touching = []
    for line in reversed(lines[-40:]):
        if abs(line.y0 + line.y1 - middle) < 0.6 * min(height, line.y1 - line.y0):
            white = max(piece.x0 - line.x1, line.x0 - piece.x1)
            if white < gap * max(line.size, piece.size):
                touching.append(line)
    for line in touching:
        piece.spots += line.spots
        piece.spaces += line.spaces
        piece.spans += line.spans
        piece.places += line.places
        piece.size = max(piece.size, line.size)
        piece.x0, piece.y0 = min(piece.x0, line.x0), min(piece.y0, line.y0)
        piece.x1, piece.y1 = max(piece.x1, line.x1), max(piece.y1, line.y1)
        lines.remove(line)
    lines.append(piece)


def _piece(line: dict[str, Any], raw: dict[tuple[int, int], str]) -> BidiLine:
    x0, y0, x1, y1 = line["bbox"]
    spans = line["spans"]
    size = max((span["size"] for span in spans), default=0.0)
    piece = BidiLine(x0, y0, x1, y1, size, spans=list(spans), places=[tuple(line["bbox"])])
    marks: list[PrintedChar] = []
    for span in spans:
        for character in span["chars"]:
            spot = PrintedChar(_printed(character, raw), *character["bbox"])
            if spot.text.isspace():
                piece.spaces.append(spot.middle)
                continue
            (marks if _is_mark(spot) else piece.spots).append(spot)
    for mark in marks:
        _attach(mark, piece.spots)
    return piece


def _printed(character: dict[str, Any], raw: dict[tuple[int, int], str]) -> str:
    text: str = character["c"]
    if text.translate(MIRRORED) == text:
        return text
    x, y = character["origin"]
    return raw.get((round(x), round(y)), text)


def _is_mark(spot: PrintedChar) -> bool:
    """Tell whether it stands on or in another: a combining mark, or the rest of what a ligature stands for."""
    return spot.x1 - spot.x0 < 0.01 or category(spot.text[0]) == "Mn"


def _attach(mark: PrintedChar, spots: list[PrintedChar]) -> None:
    """Write a mark behind the character that it stands on; a lam-alef is read lam first however it was given."""
    if not spots:
        return
    home = min(spots, key=lambda spot: _distance(spot, mark.middle))
    if mark.text in _LAM and home.text in _ALEFS:
        home.text = mark.text + home.text
    else:
        home.text += mark.text


def _distance(spot: PrintedChar, x: float) -> float:
    return max(spot.x0 - x, x - spot.x1, 0.0) + (0.001 if x <= spot.x0 else 0.0)


def is_mostly_rtl(texts: Iterable[str]) -> bool:
    """Tell whether most letters with a direction are Hebrew or Arabic."""
    num_rtl = num_ltr = 0
    for text in texts:
        for character in text:
            direction = bidirectional(character)
            num_rtl += direction in ("R", "AL")
            num_ltr += direction == "L"
    return num_rtl >= max(num_ltr, 1)


def bidi_words(line: BidiLine, gap: float, *, is_rtl: bool) -> Iterator[list[BidiWord]]:
    """Yield the words of each cell of a line in reading order: cells are further apart than `gap` font sizes."""
    cells = list(_cells(_once(sorted(line.spots, key=lambda spot: spot.middle)), gap * line.size))
    spaces = sorted(line.spaces)
    for cell in reversed(cells) if is_rtl else cells:
        yield _words(_spaced(cell, spaces, WORD_GAP * line.size), is_rtl)


def _once(spots: list[PrintedChar]) -> list[PrintedChar]:
    """Leave out what is printed again over itself."""
    kept: list[PrintedChar] = []
    for spot in spots:
        reach = MAX_OVERPRINT * (spot.x1 - spot.x0)
        if not any(other.text == spot.text and abs(other.x0 - spot.x0) < reach for other in kept[-4:]):
            kept.append(spot)
    return kept


def _cells(spots: list[PrintedChar], gap: float) -> Iterator[list[PrintedChar]]:
    cell: list[PrintedChar] = []
    right = 0.0
    for spot in spots:
        if cell and spot.x0 - right > gap:
            yield cell
            cell = []
        right = max(right, spot.x1) if cell else spot.x1
        cell.append(spot)
    if cell:
        yield cell


def _spaced(spots: list[PrintedChar], spaces: list[float], gap: float) -> list[PrintedChar]:
    """Write a space where one is drawn, from left to right, or where there is white."""
    spaced: list[PrintedChar] = []
    right = spots[0].x1
    for spot in spots:
        if spaced and (spot.x0 - right > gap or _has_any(spaces, spaced[-1].middle, spot.middle)):
            spaced.append(PrintedChar(" ", right, spot.y0, spot.x0, spot.y1))
        right = max(right, spot.x1)
        spaced.append(spot)
    return spaced


def _has_any(places: list[float], start: float, end: float) -> bool:
    return bisect(places, start) < bisect(places, end)


def _words(spots: Sequence[PrintedChar], is_rtl: bool) -> list[BidiWord]:
    order, sides = logical_order([spot.text for spot in spots], is_rtl=is_rtl)
    words: list[BidiWord] = []
    text, box = "", (0.0, 0.0, 0.0, 0.0)
    for index in order:
        spot = spots[index]
        if spot.text == " ":
            words += [(text, box)] if text else []
            text = ""
            continue
        own = (spot.x0, spot.y0, spot.x1, spot.y1)
        box = _around(box, own) if text else own
        text += normalize("NFKC", spot.text.translate(MIRRORED) if sides[index] else spot.text)
    return [*words, (text, box)] if text else words


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
