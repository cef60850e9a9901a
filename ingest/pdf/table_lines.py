"""Printed lines -> logical lines: a table row is one line, its label and its numbers together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catena.ingest.pdf.paragraphs import MARKER, LogicalLine, paragraphs, usual_pitch
from catena.ingest.pdf.text_lines import PrintedLine, Region
from catena.ingest.pdf.word_runs import Run
from catena.types import LineKind

ROW_GAP = 1.3  # in font sizes: wider than any space in justified text
_SAME_EDGE = 2.0  # points
Cells = list[list[Run]]
_NUMBER = re.compile(r"[($€£¥+\-–—]*\d[\d.,]*[%)]*$|[—–-]+$|\$$")
_CONTINUES = re.compile(
    r"([,;/&–-]|\b(and|or|of|the|in|for|to|on|net|with|from|by|at|a|an|per|than|as|including|excluding|that|which))$",
    re.IGNORECASE,
)


def logical_lines(region: Region, body_size: float) -> Iterator[LogicalLine]:
    """Join what belongs together. `body_size` is the document's usual font size in points."""
    for block, is_table in _blocks(region):
        if not is_table:
            yield from paragraphs(block, body_size)
            continue
        split = [cells(line) for line in block]
        yield from _figure_rows(block, split) if _has_figures(split) else _text_rows(block, split)


def cells(line: PrintedLine) -> Cells:
    """Split a printed line at its wide gaps; a list marker stays with its item."""
    groups: Cells = [[line.runs[0]]]
    gap = ROW_GAP * line.size
    for before, run in zip(line.runs, line.runs[1:], strict=False):
        distance = max(before.x0 - run.x1, run.x0 - before.x1)
        if distance > gap and not (len(groups) == 1 and MARKER.match(_text(groups[0]))):
            groups.append([run])
        else:
            groups[-1].append(run)
    return groups


def _text(runs: list[Run]) -> str:
    return " ".join(run.text for run in runs)


def _blocks(region: Region) -> Iterator[tuple[Region, bool]]:
    """Cut a region where tables begin and end. A label without numbers stays with the table around it."""
    split = [cells(line) for line in region]
    flags = [len(row) > 1 for row in split]
    if any(flags) and not all(flags):
        pitch = usual_pitch(region)
        for order in (range(1, len(region)), range(len(region) - 2, -1, -1)):
            step = -1 if order.step > 0 else 1
            for index in order:
                if not flags[index] and flags[index + step]:
                    flags[index] = _is_label(region, split, index, step, pitch)
    start = 0
    for index in range(1, len(region) + 1):
        if index == len(region) or flags[index] != flags[start]:
            yield region[start:index], flags[start]
            start = index


def _is_label(region: Region, split: list[Cells], index: int, step: int, pitch: float) -> bool:
    """Tell whether a line of one cell, next to a line of a table, fits in one of that table's columns."""
    line = region[index]
    while 0 <= index + step < len(region) and len(split[index + step]) < 2:
        step += 1 if step > 0 else -1
    if not 0 <= index + step < len(region):
        return False
    other, row = region[index + step], split[index + step]
    if abs(other.middle - line.middle) > 1.6 * max(pitch, line.size) * abs(step):
        return False
    starts = [cell[0].x0 for cell in row]
    own = max((x for x in starts if x <= line.x0 + 3 * line.size), default=None)
    if own is None:
        return False
    following = [x for x in starts if x > own]
    return line.x1 < (min(following) if following else max(run.x1 for run in row[-1]) + line.size)


def _has_figures(split: list[Cells]) -> bool:
    """Tell whether the cells right of the labels are mostly numbers."""
    words = [word for row in split for cell in row[1:] for run in cell for word in run.texts]
    return sum(1 for word in words if _NUMBER.match(word)) > 0.3 * len(words)


def _figure_rows(block: Region, split: list[Cells]) -> Iterator[LogicalLine]:
    """Each printed line is a row; wrapped labels are joined with their numbers."""
    pitch = usual_pitch(block)
    limit = _label_limit(block, split)
    index = 0
    while index < len(block):
        end = index + 1
        while end < len(block) and _wraps(block, split, end, pitch, limit):
            end += 1
        yield _row(block[index:end], split[index:end])
        index = end


def _label_limit(block: Region, split: list[Cells]) -> float:
    """Right limit of labels."""
    ends = [row[0][-1].x1 for row in split if len(row) > 1]
    return max(ends) if ends else max(line.x1 for line in block)


def _wraps(block: Region, split: list[Cells], index: int, pitch: float, limit: float) -> bool:
    """Say whether line `index` is the rest of the row above."""
    last, line = block[index - 1], block[index]
    above, row = split[index - 1], split[index]
    if abs(last.size - line.size) > 0.12 * line.size or last.is_bold != line.is_bold:
        return False
    if line.middle - last.middle > 1.25 * max(min(pitch, 1.6 * line.size), line.size):
        return False
    if len(above) > 1 and len(row) > 1 or len(above) == 1 and above[0][0].x0 > limit:
        return False
    label, run = _text(above[0]), row[0][0]
    first = run.texts[0]
    if len(above) == 1 and len(row) > 1 and row[0][0].x0 > limit - line.size and not label.endswith(":"):
        return not _NUMBER.match(label) and any(map(str.isalpha, label))
    if label.endswith(":") or _NUMBER.match(first) or MARKER.match(first):
        return False
    if line.x0 < last.x0 - 1 or _NUMBER.match(label):
        return False
    is_full = above[0][-1].x1 + (run.first_x1 - run.x0) + 0.3 * line.size > limit
    if len(above) > 1 and len(row) == 1:
        return first[:1].islower() and line.x1 <= limit + line.size
    return first[:1].islower() or bool(_CONTINUES.search(label)) and is_full


def _text_rows(block: Region, split: list[Cells]) -> Iterator[LogicalLine]:
    """Cells that wrap: the printed lines of one row, closer together than the rows, are read cell by cell."""
    starts = _column_starts(split)
    pieces = [_at_starts(line, starts) for line in block]
    begins = _gaps(block)
    if sum(begins) < 0.25 * len(block):
        begins = [_begins_row(row, starts) for row in pieces]
    start = 0
    for index in range(1, len(block) + 1):
        if index == len(block) or begins[index]:
            if all(_begins_row(row, starts) for row in pieces[start:index]):
                yield from (_row([block[at]], [pieces[at]]) for at in range(start, index))
            else:
                yield _row(block[start:index], pieces[start:index])
            start = index


def _gaps(block: Region) -> list[bool]:
    """Printed lines that stand further from the line above than lines inside a cell do."""
    pitches = [b.middle - a.middle for a, b in zip(block, block[1:], strict=False)]
    size = max(min(line.size for line in block), 1.0)
    tight = max(min(pitches, default=size), 0.6 * size)
    limit = 0.0 if tight > 1.5 * size else min(1.22 * tight, 1.55 * size)
    return [True, *(pitch > limit for pitch in pitches)]


def _begins_row(row: Cells, starts: list[float]) -> bool:
    first = row[0][0]
    is_in_first = not starts or first.x0 < starts[0] + 2 * first.size
    return is_in_first and not first.texts[0][:1].islower() and len(row) > 1


def _column_starts(split: list[Cells]) -> list[float]:
    """Left edges that at least two cells share, in points."""
    edges = sorted(cell[0].x0 for row in split for cell in row)
    starts: list[float] = []
    for before, edge in zip(edges, edges[1:], strict=False):
        if edge - before < _SAME_EDGE and (not starts or edge - starts[-1] > 2 * _SAME_EDGE):
            starts.append(before)
    return starts


def _at_starts(line: PrintedLine, starts: list[float]) -> Cells:
    """Cut a printed line where a run begins at the left edge of a column, however narrow the gap."""
    groups: Cells = []
    gap = ROW_GAP * line.size
    for run in line.runs:
        is_start = any(abs(run.x0 - start) < _SAME_EDGE for start in starts)
        if not groups or is_start or run.x0 - groups[-1][-1].x1 > gap:
            groups.append([run])
        else:
            groups[-1].append(run)
    return groups


def _row(lines: Region, split: list[Cells]) -> LogicalLine:
    first = lines[0]
    kind: LineKind = "row" if any(len(row) > 1 for row in split) else "text"
    parts = [line.runs for line in lines]
    if len(lines) > 1 and kind == "row":
        parts = _by_column([cell for row in split for cell in row])
    return LogicalLine(kind, parts, first.size, first.is_bold, first.x0, first.y0, lines[-1].y1)


def _by_column(pieces: Cells) -> list[list[Run]]:
    """Order the pieces of a row's cells column by column, each from top to bottom."""
    columns: list[Cells] = []
    right = 0.0
    for cell in sorted(pieces, key=lambda cell: cell[0].x0):
        if columns and cell[0].x0 < right:
            columns[-1].append(cell)
        else:
            columns.append([cell])
            right = 0.0
        right = max(right, cell[-1].x1)
    return [cell for column in columns for cell in sorted(column, key=lambda cell: cell[0].middle)]
