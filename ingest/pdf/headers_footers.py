"""Running headers and footers, and the page number printed in them, found by comparing neighbouring pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catena.ingest.pdf.text_lines import PrintedLine, printed_lines
from catena.ingest.pdf.word_runs import Glyphs, Run

ZONE = 0.13  # share of the page's height at its top and at its bottom
_EDGE_DEPTH = 0.04  # share of the height below the highest and above the lowest text, where margins are wide
MAX_EDGE_LINES = 4
WINDOW = 4  # pages looked at before and after
_MAX_CHARACTERS = 160
_MAX_SHIFT = 5.0  # points
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,7}$", re.IGNORECASE)
_SCALE = re.compile(r"\b(millions?|thousands?|billions?|unaudited|except)\b", re.IGNORECASE)
_PRINTED = re.compile(r"(?:^|(?<=\s))([A-Z]{1,2}[-–]|[-–|]\s?)?(\d{1,4}|[ivxl]{1,7})(?:\s?[-–|])?(?=$|\s|/)")


@dataclass(slots=True)
class EdgeLine:
    """A printed line near the top or the bottom; `offset` is its distance from that edge in points."""

    line: PrintedLine
    text: str
    signature: str
    offset: float
    is_top: bool


@dataclass(slots=True)
class Edges:
    """The edge lines of one page, outermost first, and the page numbers that may be printed there."""

    index: int
    top: list[EdgeLine] = field(default_factory=list)
    bottom: list[EdgeLine] = field(default_factory=list)
    numbers: frozenset[tuple[str, int]] = frozenset()


def edges_of(glyphs: Glyphs, index: int) -> Edges:
    """Collect what could be furniture on page `index` (counted from 0)."""
    height = glyphs.height
    runs = [run for run in glyphs.runs if run.turn == 0]
    if not runs:
        return Edges(index)
    highest = max(ZONE * height, min(run.middle for run in runs) + _EDGE_DEPTH * height)
    lowest = min((1 - ZONE) * height, max(run.middle for run in runs) - _EDGE_DEPTH * height)
    top = [run for run in runs if run.middle < highest]
    bottom = [run for run in runs if run.middle > lowest]
    edges = Edges(index)
    edges.top = [_edge_line(line, line.y0, True) for line in printed_lines(top)[:MAX_EDGE_LINES]]
    last = printed_lines(bottom)[: -MAX_EDGE_LINES - 1 : -1]
    edges.bottom = [_edge_line(line, height - line.y1, False) for line in last]
    edges.numbers = frozenset(_numbers([*edges.top, *edges.bottom], index))
    return edges


def _edge_line(line: PrintedLine, offset: float, is_top: bool) -> EdgeLine:
    text = line.text
    signature = _DIGITS.sub("#", text.casefold()).replace(" ", "")
    if _ROMAN.match(signature):
        signature = "#"
    return EdgeLine(line, text, signature, offset, is_top)


def _numbers(lines: Iterable[EdgeLine], index: int) -> Iterable[tuple[str, int]]:
    """(prefix, how far the printed number runs ahead of the index) of each number that may be the page's."""
    for line in lines:
        for prefix, number in _printed_numbers(line.text):
            yield prefix, number - index


def _printed_numbers(text: str) -> Iterable[tuple[str, int]]:
    for match in _PRINTED.finditer(text):
        if match.start() > 0 and match.end() < len(text) and "page" not in text.casefold():
            continue
        prefix = (match.group(1) or "").strip("-–| ")
        digits = match.group(2)
        if digits.isdigit():
            yield f"{prefix}-" if prefix else "", int(digits)
        elif (value := from_roman(digits)) is not None:
            yield "roman", value


def from_roman(text: str) -> int | None:
    """The value of a lower-case roman numeral, None for any other text."""
    values = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
    total = 0
    for one, following in zip(text, [*text[1:], ""], strict=True):
        value = values[one]
        total += -value if value < values.get(following, 0) else value
    return total if total > 0 and to_roman(total) == text else None


def to_roman(number: int) -> str:
    pairs = (
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    )
    text = ""
    for value, letters in pairs:
        text += letters * (number // value)
        number %= value
    return text


def split_furniture(
    page: Edges, neighbours: Sequence[Edges], num_pages: int
) -> tuple[list[PrintedLine], list[PrintedLine]]:
    """Header and footer lines of `page`, top to bottom. Only outermost lines count."""
    others = [edges for edges in neighbours if edges.index != page.index]
    enough = min(2, num_pages - 1)
    if not others or enough < 1:
        return [], []
    shared = _shared_numbers(page, others, enough)
    header = _outermost(page.top, others, enough, shared, page.index)
    footer = _outermost(page.bottom, others, enough, shared, page.index)
    taken = {id(run) for line in header for run in line.runs}  # a page of few lines has them at both edges
    return header, [line for line in reversed(footer) if not any(id(run) in taken for run in line.runs)]


def _shared_numbers(page: Edges, others: Sequence[Edges], enough: int) -> set[tuple[str, int]]:
    counts = Counter(number for edges in others for number in edges.numbers)
    return {number for number in page.numbers if counts[number] >= enough}


def _outermost(
    lines: list[EdgeLine], others: Sequence[Edges], enough: int, shared: set[tuple[str, int]], index: int
) -> list[PrintedLine]:
    found: list[PrintedLine] = []
    for line in lines:
        if not _is_furniture(line, others, enough, shared, index):
            break
        found.append(line.line)
    return found


def _is_furniture(
    line: EdgeLine, others: Sequence[Edges], enough: int, shared: set[tuple[str, int]], index: int
) -> bool:
    if len(line.text) > _MAX_CHARACTERS or _SCALE.search(line.text):
        return False
    carries_number = any((prefix, n - index) in shared for prefix, n in _printed_numbers(line.text))
    if not any(character.isalpha() for character in line.signature):
        return carries_number
    num_alike = sum(_has_alike(line, edges) for edges in others)
    return num_alike >= enough or (carries_number and (num_alike >= 1 or len(line.text) <= 12))


def _has_alike(line: EdgeLine, edges: Edges) -> bool:
    lines = edges.top if line.is_top else edges.bottom
    return any(
        other.signature == line.signature and abs(other.offset - line.offset) < _MAX_SHIFT for other in lines
    )


def printed_label(page: Edges, neighbours: Sequence[Edges]) -> str | None:
    """The page number that this page's place in a consistent run of printed numbers gives, or None."""
    counts = Counter(number for edges in neighbours for number in edges.numbers)
    own = [number for number in page.numbers if counts[number] >= 3]
    candidates = own or [number for number, count in counts.items() if count >= 4]
    if not candidates:
        return None
    prefix, ahead = max(candidates, key=lambda number: (counts[number], number[0], -abs(number[1])))
    number = page.index + ahead
    if number < 1:
        return None
    return to_roman(number) if prefix == "roman" else f"{prefix}{number}"


def without(runs: Sequence[Run], lines: Sequence[PrintedLine]) -> list[Run]:
    """The runs that stand in none of `lines`."""
    taken = {id(run) for line in lines for run in line.runs}
    return [run for run in runs if id(run) not in taken] if taken else list(runs)
