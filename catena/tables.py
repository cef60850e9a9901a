"""Tables of a document as data, of the rows that its pages have: columns by the white between them, cells with boxes.

The words and boxes are those that quotes are proved by, whatever the kind of file; nothing is read anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, pairwise
from statistics import median, pstdev

from catena.types import Box, Line, Page, Table, TableCell, TablePart, Word

_GAP = 0.75  # of the height of a word's box: wider than a space, and between cells in the end
_MIN_WHITE = 2.5  # points between two columns
_CROSSING = 0.15  # share of rows, long labels and heads, that may reach into the white between columns
_MAX_LABEL_WORDS, _MAX_LABELS = 14, 5
_HEAD_LINES = 4
_SAME_EDGE, _SAME_MIDDLE, _IN_LINE = 1.5, 3.0, 4.0  # points
_TIGHTER = 0.12  # of the height of a line: between printed lines of one cell, against rows
_MOST_WHITE = 2.6  # heights of a line between rows of one table
_MAX_CELL_WORDS = 30
_LOWER_STARTS = 0.4  # share of cells that begin in the middle of a sentence: prose in columns
_FILLED = 0.35
_NUMBER = re.compile(r"[-+–—−(]*[$€£¥]?\s*[-+–—−(]*\d[\d.,\s]*[)%]*\*{0,2}|[-–—−]+|n/?a|N/?A")
_YEAR = re.compile(r"(?:FY|Q[1-4])?\s*(?:19|20)\d\d")
_SIGN_BEFORE, _SIGN_BEHIND = re.compile(r"[$€£¥(]+"), re.compile(r"[)%*]+")
_MARKER = re.compile(r"[•▪◦●■□✓*–-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]")
_LEADER = re.compile(r"(?:\.\s?){5,}|…{2,}")
_CAPTION = re.compile(r"\W*(?:table|tab\.|tabelle|tableau|tabla|tabella)\s+[\w.]+", re.I)
_CONTINUED = re.compile(r"\bcont(?:inued|['’]d|\.)", re.I)
_UNIT = re.compile(
    r"\((?:[^()]{0,40}\b)?(?:in|of|amounts|dollars|figures|expressed|€|\$|£)\b[^()]{0,80}\b"
    r"(?:millions?|thousands?|billions?|percent|%|hundreds?|units?|dollars|euros?|tons?|tonnes|kg|usd|eur|gbp)\b[^()]{0,60}\)"
    r"|\((?:%|€|\$|£|kg|g|mm|cm|m|km|°C|GWh|MWh|kWh|USD|EUR|GBP|CHF)(?:\s*(?:m|bn|mn|million|thousand|000s?))?\)",
    re.I,
)


@dataclass(slots=True)
class _Piece:
    """Words that stand side by side in one line of the page."""

    words: list[Word]

    @property
    def x0(self) -> float:
        return min(word.box[0] for word in self.words)

    @property
    def x1(self) -> float:
        return max(word.box[2] for word in self.words)

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(slots=True)
class _Row:
    """A line of the page on its way into a table."""

    line: Line
    pieces: list[_Piece]

    @property
    def top(self) -> float:
        return min(word.box[1] for piece in self.pieces for word in piece.words)

    @property
    def bottom(self) -> float:
        return max(word.box[3] for piece in self.pieces for word in piece.words)


def find_tables(pages: Iterable[Page]) -> list[Table]:
    """Tables of pages that follow each other, numbered from 1; one that goes on overleaf is one."""
    found: list[Table] = []
    last: Page | None = None
    for page in pages:
        for place, table in enumerate(_on_page(page)):
            if found and last and not place and _goes_on(found[-1], last, table, page):
                found[-1] = _joined(found[-1], table)
            else:
                found.append(table)
        last = page
    return [replace(table, number=number) for number, table in enumerate(found, 1)]


def rows_of(table: Table) -> list[list[str]]:
    """The texts of a table row by row, "" where there is none; one over several columns stands in the first."""
    grid = [[""] * table.num_columns for _ in range(table.num_rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text
    return grid


def _on_page(page: Page) -> Iterator[Table]:
    lines = [_row(page, line) for line in page.lines]
    taken = -1
    for start, end in _stretches(lines):
        body = [row for row in lines[start:end] if row]
        heads = [] if body[0].line.cells else _heads(page, lines, start, taken, body)
        rows = [*heads, *body]
        bounds = _columns([row for row in rows if len(row.pieces) > 1])
        if len(bounds) > 1 and _is_table(page, body, bounds):
            taken = end
            yield _table(page, rows, bounds, _above(page, lines, start - len(heads)))


def _row(page: Page, line: Line) -> _Row | None:
    """A line with its words in pieces; None for one without words."""
    words = [word for word in page.words if word.end > line.start and word.start < line.end]
    if not words or line.kind in ("header", "footer"):
        return None
    if line.cells:
        return _Row(
            line, [_Piece(own) for cell in line.cells if (own := _within(words, cell.start, cell.end))]
        )
    pieces: list[_Piece] = []
    for word in words:
        before = pieces[-1].words[-1] if pieces else None
        if before and _is_beside(before.box, word.box):
            pieces[-1].words.append(word)
        else:
            pieces.append(_Piece([word]))
    return _Row(line, pieces)


def _within(words: Sequence[Word], start: int, end: int) -> list[Word]:
    return [word for word in words if word.end > start and word.start < end]


def _is_beside(left: Box, right: Box) -> bool:
    height = min(left[3] - left[1], right[3] - right[1])
    overlap = min(left[3], right[3]) - max(left[1], right[1])
    return overlap > 0.5 * height and -height < right[0] - left[2] < _GAP * height


def _stretches(lines: Sequence[_Row | None]) -> Iterator[tuple[int, int]]:
    """Lines that belong to one table: rows, and labels of a few words between them that stand as close."""
    start = end = -1
    for index, row in enumerate(lines):
        if row is None or row.line.kind != "row":
            continue
        between = lines[end:index] if start >= 0 else []
        if start >= 0 and (
            len(between) > _MAX_LABELS
            or not all(_is_label(one) for one in between)
            or _is_far(lines, end - 1, index)
        ):
            if end - start > 1:
                yield start, end
            start = -1
        start = index if start < 0 else start
        end = index + 1
    if start >= 0 and end - start > 1:
        yield start, end


def _is_label(row: _Row | None) -> bool:
    return row is not None and sum(len(piece.words) for piece in row.pieces) <= _MAX_LABEL_WORDS


def _is_far(lines: Sequence[_Row | None], above: int, below: int) -> bool:
    """Tell rows of different tables by the white between two lines from one to the other, or by their columns."""
    near = [row for row in lines[above : below + 1] if row]
    return any(
        not -2 * _height(lower) < lower.top - upper.bottom < _MOST_WHITE * _height(lower)
        for upper, lower in pairwise(near)
    )


def _height(row: _Row) -> float:
    return median(word.box[3] - word.box[1] for piece in row.pieces for word in piece.words)


def _heads(
    page: Page, lines: Sequence[_Row | None], start: int, taken: int, body: Sequence[_Row]
) -> list[_Row]:
    """Lines right above that stand over the columns beside the labels: "Year ended December 31," over two years."""
    stub = min((row.pieces[1].x0 for row in body if len(row.pieces) > 1), default=0.0)
    right = max(piece.x1 for row in body for piece in row.pieces)
    found: list[_Row] = []
    num_over = 0
    below = body[0]
    for index in range(start - 1, max(taken, start - 1 - _HEAD_LINES), -1):
        row = lines[index]
        if row is None or row.line.kind == "row" or not _is_label(row) or _CAPTION.match(_said(page, row)):
            break
        height = row.bottom - row.top
        if not -height < below.top - row.bottom < 1.2 * height:
            break
        found.insert(0, row)
        if all(piece.x0 > stub - 2 * height and piece.x1 < right + height for piece in row.pieces):
            num_over = len(found)  # labels below it belong to the table, too
        below = row
    return found[len(found) - num_over :]


def _said(page: Page, row: _Row) -> str:
    return page.text[row.line.start : row.line.end]


def _columns(rows: Sequence[_Row]) -> list[tuple[float, float]]:
    """Left and right of each column: where more rows than a few have something, with white between."""
    most = max(1, int(_CROSSING * len(rows))) if len(rows) > 4 else 0
    events = sorted(
        (edge, step) for row in rows for x0, x1 in _merged(row) for edge, step in ((x0, 1), (x1, -1))
    )
    bounds: list[tuple[float, float]] = []
    depth, begin = 0, 0.0
    for edge, step in events:
        if depth <= most < depth + step:
            begin = edge
        if depth + step <= most < depth:
            if bounds and begin - bounds[-1][1] < _MIN_WHITE:
                bounds[-1] = bounds[-1][0], edge
            else:
                bounds.append((begin, edge))
        depth += step
    return _with_sparse(rows, bounds)


def _merged(row: _Row) -> Iterator[tuple[float, float]]:
    """What a row covers, each point once, though cells have several printed lines."""
    spans = sorted((piece.x0, piece.x1) for piece in row.pieces)
    left, right = spans[0]
    for x0, x1 in spans[1:]:
        if x0 > right:
            yield left, right
            left = x0
        right = max(right, x1)
    yield left, right


def _with_sparse(rows: Sequence[_Row], bounds: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Add columns that few rows fill; pieces that touch no column say where these are."""
    for row in rows:
        for piece in row.pieces:
            if all(piece.x1 < x0 - _MIN_WHITE or piece.x0 > x1 + _MIN_WHITE for x0, x1 in bounds):
                bounds = sorted([*bounds, (piece.x0, piece.x1)])
    return bounds


def _is_table(page: Page, rows: Sequence[_Row], bounds: Sequence[tuple[float, float]]) -> bool:
    """Tell a table from prose in columns, lists with their markers, and tables of contents."""
    texts = [text for row in rows for text in _cell_texts(page, row, bounds)]
    if sum(bool(_LEADER.search(_said(page, row))) for row in rows) * 2 > len(rows):
        return False
    first = [_text(page, row.pieces[0]) for row in rows]
    if len(bounds) == 2 and sum(bool(_MARKER.fullmatch(text)) for text in first) * 2 > len(rows):
        return False
    wordy = [text for text in texts if not _NUMBER.fullmatch(text)]
    lower = sum(text[:1].islower() for text in wordy)
    if not any(_NUMBER.fullmatch(text) for text in texts) and lower > _LOWER_STARTS * len(wordy):
        return False
    if sum(len(text.split()) for text in texts) > _MAX_CELL_WORDS * len(texts):
        return False
    full = [row for row in rows if len(row.pieces) > 1]
    filled = sum(len({_column(piece, bounds)[0] for piece in row.pieces}) for row in full)
    return len(full) > 1 and filled >= _FILLED * len(full) * len(bounds)


def _cell_texts(page: Page, row: _Row, bounds: Sequence[tuple[float, float]]) -> list[str]:
    """The texts of a row's cells, printed lines of each together."""
    texts: dict[int, str] = {}
    for piece in row.pieces:
        first = _column(piece, bounds)[0]
        texts[first] = f"{texts.get(first, '')} {_text(page, piece)}".strip()
    return list(texts.values())


def _text(page: Page, piece: _Piece) -> str:
    return " ".join(page.text[word.start : word.end] for word in piece.words)


def _column(piece: _Piece, bounds: Sequence[tuple[float, float]]) -> tuple[int, int]:
    """First and last column that a piece reaches into; the nearest where it stands between two."""
    over = [n for n, (x0, x1) in enumerate(bounds) if min(x1, piece.x1) - max(x0, piece.x0) > 0]
    if over:
        return over[0], over[-1]
    nearest = min(range(len(bounds)), key=lambda n: abs(piece.middle - sum(bounds[n]) / 2))
    return nearest, nearest


Grid = list[list[list[_Piece]]]


def _table(page: Page, rows: list[_Row], bounds: list[tuple[float, float]], above: str) -> Table:
    bounds = _without_signs(page, rows, _under_heads(rows, bounds))
    for row in rows:
        row.pieces = [part for piece in row.pieces for part in _split(piece, bounds)]
    rows = list(_unwrapped(rows, bounds))
    num_heads = _num_heads(page, rows, bounds)
    wide = _cell_edges(rows[num_heads:], bounds)
    cells: list[TableCell] = []
    for number, row in enumerate(rows):
        cells += _cells(
            page, row, number, bounds, wide if number < num_heads - 1 else [], is_head=number < num_heads
        )
    part = TablePart(page.ref, _around([cell.box for cell in cells]))
    caption = above if _CAPTION.match(above) else ""
    heads = [cell.text for cell in cells if cell.row < max(1, num_heads) or cell.column == 0 and cell.row < 3]
    unit = _UNIT.search(" ".join([above, *heads]))
    return Table(
        (part,), caption, unit[0].strip("()") if unit else "", len(rows), len(bounds), num_heads, tuple(cells)
    )


def _split(piece: _Piece, bounds: Sequence[tuple[float, float]]) -> Iterator[_Piece]:
    """Cut a piece where a word begins at the left edge of a column, or ends at the right edge of one, on the point."""
    first, last = _column(piece, bounds)
    edges = bounds[first : last + 1]
    start = 0
    for n in range(1, len(piece.words) if first < last else 0):
        left, right = piece.words[n - 1].box[2], piece.words[n].box[0]
        if any(abs(right - x0) < _SAME_EDGE for x0, _ in edges[1:]) or any(
            abs(left - x1) < _SAME_EDGE for _, x1 in edges[:-1]
        ):
            yield _Piece(piece.words[start:n])
            start = n
    yield _Piece(piece.words[start:])


def _unwrapped(rows: Sequence[_Row], bounds: Sequence[tuple[float, float]]) -> Iterator[_Row]:
    """Put the second lines of cells to the first: nothing stands at their left, and they are closer than rows are."""
    whites = [
        lower.top - upper.bottom
        for upper, lower in pairwise(rows)
        if _column(lower.pieces[0], bounds)[0] == 0
    ]
    usual = median(whites) if whites else 0.0
    before: _Row | None = None
    for row in rows:
        columns = {_column(piece, bounds)[0] for piece in row.pieces}
        if before and 0 not in columns and row.top - before.bottom < usual - _TIGHTER * _height(row):
            above = {_column(piece, bounds)[0] for piece in before.pieces}
            if columns <= above:
                before = _Row(
                    before.line,
                    sorted([*before.pieces, *row.pieces], key=lambda piece: piece.words[0].box[1]),
                )
                continue
        if before:
            yield before
        before = row
    if before:
        yield before


def _cell_edges(rows: Sequence[_Row], bounds: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where the cells of each column begin and end: numbers stand at the right of theirs, words at the left."""
    own: list[list[tuple[float, float]]] = [[] for _ in bounds]
    for row in rows:
        placed: dict[int, list[_Piece]] = {}
        for piece in row.pieces:
            placed.setdefault(_column(piece, bounds)[0], []).append(piece)
        for column, pieces in placed.items():
            own[column].append((min(one.x0 for one in pieces), max(one.x1 for one in pieces)))
    is_right = [
        len(spans) > 1 and pstdev(x1 for _, x1 in spans) < pstdev(x0 for x0, _ in spans) for spans in own
    ]
    found = []
    for n, (x0, x1) in enumerate(bounds):
        left = bounds[n - 1][1] if is_right[n] and n else x0
        right = x1 if is_right[n] or n + 1 == len(bounds) or is_right[n + 1] else bounds[n + 1][0]
        found.append((left, right))
    return found


def _under_heads(rows: Sequence[_Row], bounds: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join what only heads fill with the column beside it that has no head: "2018" in the middle over "$ 1,577"."""
    held: list[set[int]] = [set() for _ in bounds]
    for number, row in enumerate(rows):
        for piece in row.pieces:
            first, last = _column(piece, bounds)
            held[first] |= {number} if first == last else set()
    n = 0
    while n < len(bounds):
        near = [
            other
            for other in (n + 1, n - 1)
            if 0 < other < len(bounds)
            and max(held[other], default=0) >= _HEAD_LINES
            and not held[other] & held[n]
        ]
        if held[n] and max(held[n]) < _HEAD_LINES and near and n:
            other = min(
                near, key=lambda one: max(bounds[one][0] - bounds[n][1], bounds[n][0] - bounds[one][1])
            )
            left, right = sorted((n, other))
            bounds = [*bounds[:left], (bounds[left][0], bounds[right][1]), *bounds[right + 1 :]]
            held = [*held[:left], held[left] | held[right], *held[right + 1 :]]
        else:
            n += 1
    return bounds


def _without_signs(
    page: Page, rows: Sequence[_Row], bounds: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Join columns that hold signs of currency alone with the numbers behind them, and those of percent before."""
    held: list[list[str]] = [[] for _ in bounds]
    for row in rows:
        for piece in row.pieces:
            first, last = _column(piece, bounds)
            if first == last:
                held[first].append(_text(page, piece))
    joined: list[tuple[float, float]] = []
    goes_on = False
    for (x0, x1), texts in zip(bounds, held, strict=True):
        is_behind = bool(joined) and _holds(texts, _SIGN_BEHIND)
        if joined and (goes_on or is_behind):
            joined[-1] = joined[-1][0], x1
        else:
            joined.append((x0, x1))
        goes_on = _holds(texts, _SIGN_BEFORE)
    return joined


def _holds(texts: Sequence[str], signs: re.Pattern[str]) -> bool:
    """Tell whether a column holds signs alone, but for its head."""
    below = list(dropwhile(lambda text: not signs.fullmatch(text), texts))
    return bool(below) and len(texts) - len(below) <= _HEAD_LINES and all(map(signs.fullmatch, below))


def _num_heads(page: Page, rows: Sequence[_Row], bounds: Sequence[tuple[float, float]]) -> int:
    """Rows before the first that holds values beside its label; the first alone where there are no numbers."""
    for number, row in enumerate(rows):
        values = [_text(page, piece) for piece in row.pieces if _column(piece, bounds)[0] > 0]
        numbers = [text for text in values if _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text)]
        if values and len(numbers) * 2 >= len(values):
            return number if number < len(rows) - 1 else 0
    return 1 if len(rows) > 2 else 0


def _cells(
    page: Page,
    row: _Row,
    number: int,
    bounds: Sequence[tuple[float, float]],
    wide: Sequence[tuple[float, float]],
    *,
    is_head: bool,
) -> Iterator[TableCell]:
    """The cells of a row, the pieces of each column together; one over several columns spans those that are free.

    `wide`: the edges of the columns' cells, where heads may stand in the middle over several.
    """
    placed: dict[int, list[_Piece]] = {}
    last_of: dict[int, int] = {}
    for piece in row.pieces:
        first, last = _column(piece, bounds)
        placed.setdefault(first, []).append(piece)
        last_of[first] = max(last, last_of.get(first, first))
    starts = sorted(placed)
    spans = {first: (first, _free(first, last_of[first], starts)) for first in starts}
    if wide:
        spans = _over(placed, spans, wide)
    elif starts == [0] and not is_head:
        spans = {0: (0, len(bounds) - 1)}
    for first in starts:
        words = [word for piece in placed[first] for word in piece.words]
        text = " ".join(page.text[word.start : word.end] for word in words)
        left, right = spans[first]
        box = _around([word.box for word in words])
        yield TableCell(text, number, left, box, page.ref.number, right - left + 1, is_head)


def _free(first: int, last: int, starts: Sequence[int]) -> int:
    """The last column that a cell reaches before the next one begins."""
    return min(last, min((start for start in starts if start > first), default=last + 1) - 1)


def _over(
    placed: dict[int, list[_Piece]], spans: dict[int, tuple[int, int]], wide: Sequence[tuple[float, float]]
) -> dict[int, tuple[int, int]]:
    """Columns that a head stands in the middle of: the most of those that have no other, beside the labels'."""
    found = dict(spans)
    least = 1
    for first in sorted(placed):
        if first == 0:
            continue
        middle = (min(piece.x0 for piece in placed[first]) + max(piece.x1 for piece in placed[first])) / 2
        following = min((start for start in placed if start > first), default=len(wide))
        choices = [
            (left, right)
            for left in range(least, spans[first][0] + 1)
            for right in range(spans[first][1], following)
        ]
        offs = {one: abs(middle - (wide[one[0]][0] + wide[one[1]][1]) / 2) for one in choices}
        if offs:
            best = min(offs.values())
            found[first] = max(
                (one for one in choices if offs[one] <= best + _SAME_MIDDLE), key=lambda one: one[1] - one[0]
            )
        least = found[first][1] + 1
    return found


def _around(boxes: Sequence[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _above(page: Page, lines: Sequence[_Row | None], start: int) -> str:
    """What stands right above a table: its caption, if a line of three is one, else the nearest short line."""
    near = [row for row in lines[max(0, start - 3) : start] if row]
    named = next((row for row in reversed(near) if _CAPTION.match(_said(page, row))), None)
    row = named or (near[-1] if near and _is_label(near[-1]) else None)
    return _said(page, row) if row else ""


def _goes_on(before: Table, last: Page, table: Table, page: Page) -> bool:
    """Tell whether a table at the top of a page is the rest of the one at the foot of the page before."""
    if page.ref.number != last.ref.number + 1 or before.parts[-1].ref != last.ref:
        return False
    if before.num_columns != table.num_columns:
        return False
    if _is_text_between(last, before.parts[-1].box[3], last.height) or _is_text_between(
        page, 0.0, table.parts[0].box[1]
    ):
        return False
    return _heads_of(before) == _heads_of(table) or _is_in_line(before, table)


def _is_in_line(before: Table, table: Table) -> bool:
    """Tell whether the columns of two tables begin or end at the same points."""
    edges = [_edges(one) for one in (before, table)]
    same = [
        abs(edges[0][n][0] - edges[1][n][0]) < _IN_LINE or abs(edges[0][n][1] - edges[1][n][1]) < _IN_LINE
        for n in edges[0].keys() & edges[1].keys()
    ]
    return bool(same) and all(same)


def _edges(table: Table) -> dict[int, tuple[float, float]]:
    """Left and right of each column's cells, where these are of one page."""
    page = table.parts[-1].ref.number
    found: dict[int, tuple[float, float]] = {}
    for cell in table.cells:
        if cell.column_span == 1 and cell.page == page:
            x0, x1 = found.get(cell.column, (cell.box[0], cell.box[2]))
            found[cell.column] = min(x0, cell.box[0]), max(x1, cell.box[2])
    return found


def _is_text_between(page: Page, top: float, bottom: float) -> bool:
    """Tell whether something but heads, feet and "(continued)" stands between two heights of a page."""
    for line in page.lines:
        words = _within(page.words, line.start, line.end)
        text = page.text[line.start : line.end]
        if (
            line.kind in ("header", "footer")
            or not words
            or _CONTINUED.search(text)
            or text.strip().isdigit()
        ):
            continue
        middle = (words[0].box[1] + words[0].box[3]) / 2
        if top < middle < bottom:
            return True
    return False


def _heads_of(table: Table) -> list[str]:
    return [cell.text for cell in table.cells if cell.row < table.num_head_rows]


def _joined(before: Table, table: Table) -> Table:
    """One table of both; heads that are printed again are left out."""
    is_again = _heads_of(before) == _heads_of(table)
    skipped = table.num_head_rows if is_again else 0
    shift = before.num_rows - skipped
    more = [replace(cell, row=cell.row + shift, is_head=False) for cell in table.cells if cell.row >= skipped]
    return replace(
        before,
        parts=(*before.parts, *table.parts),
        num_rows=before.num_rows + table.num_rows - skipped,
        cells=(*before.cells, *more),
        unit=before.unit or table.unit,
    )
