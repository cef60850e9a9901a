"""Sets blocks on a plain page, so that every word of a book or web page has a box, and draws the same page.

Widths come from the metrics of MuPDF's own fonts (with its fallback for other scripts), positions from
arithmetic alone: the layout is the same in every process, so boxes and picture agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from unicodedata import bidirectional

from catena.ingest.pagination.blocks import CELL_GAP, Block
from catena.ingest.pagination.fonts import Face, face_of, num_fitting, width_of
from catena.types import Line, SheetCell, Word

PAGE_WIDTH, LEAST_HEIGHT = 432.0, 648.0
MARGIN_X, MARGIN_TOP, MARGIN_BOTTOM = 50.0, 54.0, 60.0
_MAX_TABLE_WIDTH = 1100.0
_COLUMN_GAP = 12.0
_MARK_GAP = 36.0
"""From the left margin to the numbers of a spreadsheet's rows."""
_LEADING, _BOX_HEIGHT = 1.34, 1.2  # of the font size
_NUMBER_CHARACTERS = set("0123456789.,()%$€£¥+-–—−  ")


Run = tuple[float, float, str, Face, bool]
"""x, baseline, text, face, whether it is read from right to left."""

# A piece that is never broken over two print lines: start and end in the sheet's text, width, the space
# before it when it does not start a print line, and whether it is read from right to left. A tuple, as
# books have hundreds of thousands of them.
_Token = tuple[int, int, float, float, bool]
# Han, kana and their punctuation break after every character; Hangul, Arabic, Latin at spaces.
_TOKENS = re.compile(
    "[\u2e80-\u30ff\u31c0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
    "|[^\\s\u2e80-\u30ff\u31c0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+"
)
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


@dataclass(slots=True)
class Sheet:
    """A set page: its text, where each word stands, and what to draw.

    `marks` are names of rows and columns of a spreadsheet (x, baseline, name), which are drawn and no text.
    """

    text: str = ""
    words: list[Word] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    marks: list[tuple[float, float, str]] = field(default_factory=list)
    width: float = PAGE_WIDTH
    height: float = LEAST_HEIGHT


def typeset(blocks: Sequence[Block]) -> Sheet:
    """Lay blocks out from top to bottom; the page grows with them."""
    sheet = Sheet()
    y = MARGIN_TOP
    for table, group in groupby(blocks, key=lambda block: block.table if block.kind == "row" else 0):
        if table:
            y = _set_table(sheet, list(group), y)
        else:
            for block in group:
                y = _set_paragraph(sheet, block, y)
    sheet.height = max(LEAST_HEIGHT, round(y + MARGIN_BOTTOM, 1))
    return sheet


def _set_paragraph(sheet: Sheet, block: Block, y: float) -> float:
    face = face_of(block)
    start = _begin_line(sheet)
    sheet.text += block.text
    place = f"{block.columns[0]}{block.sheet_row}" if len(block.columns) == 1 else ""
    cells = (SheetCell(start, len(sheet.text), place),) if place else ()
    cues = tuple(replace(cue, start=start + cue.start, end=start + cue.end) for cue in block.cues)
    sheet.lines.append(Line(start, len(sheet.text), block.kind, cells, cues=cues))
    if block.kind == "heading" and start:
        y += face.size * 0.9
    width = PAGE_WIDTH - 2 * MARGIN_X
    y = _set_column(sheet, (start, len(sheet.text)), face, MARGIN_X, width, y)
    return y + face.size * 0.55


def _set_table(sheet: Sheet, rows: list[Block], y: float) -> float:
    """Set rows in columns; numbers stand to the right of their column."""
    face = face_of(rows[0])
    widths = _column_widths(rows, face)
    total = sum(widths) + _COLUMN_GAP * (len(widths) - 1)
    sheet.width = max(sheet.width, total + 2 * MARGIN_X)
    if rows[0].columns:
        y = _mark_columns(sheet, rows[0], widths, face, y)
    for row in rows:
        if row.sheet_row:
            sheet.marks.append((MARGIN_X - _MARK_GAP, y + face.ascender * face.size, str(row.sheet_row)))
        y = _set_row(sheet, row, widths, face, y) + face.size * 0.25
    return y + face.size * 0.8


def _mark_columns(sheet: Sheet, row: Block, widths: list[float], face: Face, y: float) -> float:
    x = MARGIN_X
    for name, width in zip(row.columns, widths, strict=False):
        sheet.marks.append((x, y + face.ascender * face.size, name))
        x += width + _COLUMN_GAP
    return y + face.size * _LEADING


def _set_row(sheet: Sheet, row: Block, widths: list[float], face: Face, y: float) -> float:
    start = _begin_line(sheet)
    x, bottom = MARGIN_X, y
    cells: list[SheetCell] = []
    for column, (cell, width) in enumerate(zip(row.cells, widths, strict=False)):
        if cell:
            sheet.text += CELL_GAP if len(sheet.text) > start else ""
            span = len(sheet.text), len(sheet.text) + len(cell)
            sheet.text += cell
            reach = widths[column : column + _span(row, column)]
            room = sum(reach) + _COLUMN_GAP * (len(reach) - 1)
            side = 1.0 if _is_number(cell) else 0.5 if len(reach) > 1 else 0.0
            bottom = max(bottom, _set_column(sheet, span, face, x, room, y, side=side))
            if row.columns:
                cells.append(SheetCell(*span, f"{row.columns[column]}{row.sheet_row}"))
        x += width + _COLUMN_GAP
    sheet.lines.append(Line(start, len(sheet.text), "row", tuple(cells), row.is_head))
    return bottom


def _column_widths(rows: list[Block], face: Face) -> list[float]:
    """Widths of columns: of the widest cell where the page can grow for it; else the widest columns give way."""
    num_columns = max(len(row.cells) for row in rows)
    # A hair is added, so that rounding never breaks the cell that made the column.
    natural = [
        max(
            (width_of(row.cells[i], face) for row in rows if i < len(row.cells) and _span(row, i) == 1),
            default=0.0,
        )
        + 0.1
        for i in range(num_columns)
    ]
    room = max(_MAX_TABLE_WIDTH - _COLUMN_GAP * (num_columns - 1), 4.0 * face.size * num_columns)
    limit = PAGE_WIDTH - 2 * MARGIN_X - _COLUMN_GAP * (num_columns - 1)
    wanted = limit if limit > 6.0 * face.size * num_columns else room
    return _shrink(natural, wanted)


def _span(row: Block, column: int) -> int:
    return row.spans[column] if row.spans else 1


def _shrink(natural: list[float], room: float) -> list[float]:
    """Cap the widest until all fit: the cap is found from the narrowest up."""
    left, cap = room, room
    for done, width in enumerate(sorted(natural)):
        cap = left / (len(natural) - done)
        if width > cap:
            break
        left -= width
        cap = width
    return [min(width, cap) for width in natural]


def _set_column(
    sheet: Sheet,
    span: tuple[int, int],
    face: Face,
    x: float,
    width: float,
    y: float,
    *,
    side: float = 0.0,
) -> float:
    """Set `sheet.text[start:end]` in a column; returns where the next print line may start.

    `side`: how far from the left edge to the right one a line stands that does not fill the column, from 0 to 1.
    """
    text = sheet.text[span[0] : span[1]]
    base = is_right_to_left(text)
    is_mixed = base or has_right_to_left(text)
    for line in _broken(_tokens(text, span[0], face, width), width):
        left = x
        if base or side:
            left += (1.0 if base else side) * max(
                0.0, width - sum(token[2] + token[3] for token in line) + line[0][3]
            )
        if is_mixed:
            _place_mixed(sheet, line, face, left, y, base)
        else:
            _place(sheet, line, face, left, y)
        y += face.size * _LEADING
    return y


def _tokens(text: str, offset: int, face: Face, width: float) -> Iterator[_Token]:
    space = width_of(" ", face)
    is_mixed = has_right_to_left(text)
    end = 0
    for start, stop in tokens(text):
        gap = space if start > end else 0.0
        end = stop
        piece = text[start:stop]
        piece_width = width_of(piece, face)
        while piece_width > width and len(piece) > 1:  # wider than the column: broken anywhere
            count = num_fitting(piece, face, width)
            head_width = width_of(piece[:count], face)
            yield (
                offset + start,
                offset + start + count,
                head_width,
                gap,
                is_mixed and is_right_to_left(piece),
            )
            start, piece, gap = start + count, piece[count:], 0.0
            piece_width = width_of(piece, face)
        if piece:
            yield offset + start, offset + stop, piece_width, gap, is_mixed and is_right_to_left(piece)


def _broken(stream: Iterator[_Token], width: float) -> Iterator[list[_Token]]:
    line: list[_Token] = []
    used = 0.0
    for token in stream:
        if line and used + token[2] + token[3] > width:
            yield line
            line, used = [], 0.0
        used += token[2] + token[3] if line else token[2]
        line.append(token)
    if line:
        yield line


def _place(sheet: Sheet, line: list[_Token], face: Face, x: float, y: float) -> None:
    """Place one print line from left to right, in the order of reading."""
    baseline, bottom = y + face.ascender * face.size, y + face.size * _BOX_HEIGHT
    text = sheet.text
    for index, (start, end, width, space, is_rtl) in enumerate(line):
        if index:
            x += space
        sheet.words.append(Word(start, end, (x, y, x + width, bottom)))
        sheet.runs.append((x, baseline, text[start:end], face, is_rtl))
        x += width


def _place_mixed(sheet: Sheet, line: list[_Token], face: Face, x: float, y: float, base: bool) -> None:
    """Place a print line that is read, wholly or in part, from right to left."""
    order = visual_order([token[4] for token in line], base)
    ordered: list[_Token] = []
    for position, index in enumerate(order):
        # The space between two neighbours is the one before the later of them.
        space = line[max(index, order[position - 1])][3] if position else 0.0
        start, end, width, _, is_rtl = line[index]
        ordered.append((start, end, width, space, is_rtl))
    first = len(sheet.words)
    _place(sheet, ordered, face, x, y)
    sheet.words[first:] = sorted(sheet.words[first:], key=lambda word: word.start)


def _begin_line(sheet: Sheet) -> int:
    if sheet.lines:
        sheet.text += "\n"
    return len(sheet.text)


def _is_number(cell: str) -> bool:
    return any(c.isdecimal() for c in cell) and all(c in _NUMBER_CHARACTERS for c in cell)


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that are not broken over two lines."""
    for match in _TOKENS.finditer(text):
        yield match.span()


def has_right_to_left(text: str) -> bool:
    """Tell whether any letter of the text is read from right to left."""
    return not text.isascii() and bool(_RIGHT_TO_LEFT.search(text))


def is_right_to_left(text: str) -> bool:
    """Tell by the first letter with a direction."""
    if not has_right_to_left(text):
        return False
    for character in text:
        direction = bidirectional(character)
        if direction == "L":
            return False
        if direction in ("R", "AL"):
            return True
    return False


def visual_order(directions: list[bool], base: bool) -> list[int]:
    """Order a line's tokens from left to right; runs against the base direction keep their own order."""
    if base not in directions or all(direction == base for direction in directions):
        order = list(range(len(directions)))
        return order[::-1] if directions and directions[0] else order
    runs: list[list[int]] = []
    for index, direction in enumerate(directions):
        if runs and directions[runs[-1][0]] == direction:
            runs[-1].append(index)
        else:
            runs.append([index])
    ordered = [run[::-1] if directions[run[0]] else run for run in runs]
    return [index for run in (ordered[::-1] if base else ordered) for index in run]
