"""Printed lines -> logical lines: paragraphs, headings, list items, table rows with their label and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from catena.ingest.glyphs import Run
from catena.ingest.layout import PrintedLine, Region
from catena.types import LineKind

ROW_GAP = 1.3  # in font sizes: wider than any space in justified text
MAX_HEADING_CHARACTERS = 160
_MARKER = re.compile(
    r"([•▪◦‣●○■□➢✓→»·o*–—-]|\(?(\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d+(\.\d+)+\.?|\[\d+\]|(Item|ITEM|Note|NOTE)\s\S{1,4})$"
)
_NUMBER = re.compile(r"[($€£¥+\-–—]*\d[\d.,]*[%)]*$|[—–-]+$|\$$")
_CONTINUES = re.compile(
    r"([,;/&–-]|\b(and|or|of|the|in|for|to|on|net|with|from|by|at|a|an|per|than|as|including|excluding|that|which))$",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"([IVX]{1,5}|[A-Z]|\d{1,2})\.\s+[A-Z][^a-z]{3,80}$")
_NUMBERED = re.compile(
    r"(part\s+[ivx]+|item\s+\d+[a-z]?|chapter\s+\w+|note\s+\d+|appendix|\d+(\.\d+)*\.?\s+\S)", re.I
)


@dataclass(slots=True)
class LogicalLine:
    """What becomes one line of the page's text; `parts` are runs to be written one after the other."""

    kind: LineKind
    parts: list[list[Run]]
    size: float
    is_bold: bool
    x0: float
    y0: float
    y1: float


def logical_lines(region: Region, body_size: float) -> Iterator[LogicalLine]:
    """Join what belongs together. `body_size` is the document's usual font size in points."""
    for block, is_table in _blocks(region):
        if is_table:
            yield from _rows(block)
        else:
            yield from _paragraphs(block, body_size)


def cells(line: PrintedLine) -> list[list[Run]]:
    """Split a printed line at its wide gaps; a list marker stays with its item."""
    groups: list[list[Run]] = [[line.runs[0]]]
    gap = ROW_GAP * line.size
    for before, run in zip(line.runs, line.runs[1:], strict=False):
        distance = before.x0 - run.x1 if line.is_rtl else run.x0 - before.x1
        if distance > gap and not (len(groups) == 1 and _MARKER.match(_text(groups[0]))):
            groups.append([run])
        else:
            groups[-1].append(run)
    return groups


def _text(runs: list[Run]) -> str:
    return " ".join(run.text for run in runs)


def _blocks(region: Region) -> Iterator[tuple[Region, bool]]:
    """Cut a region where tables begin and end. A label without numbers stays with the table around it."""
    flags = [len(cells(line)) > 1 for line in region]
    pitch = _pitch(region)
    block: Region = []
    was_table = False
    for index, line in enumerate(region):
        is_table = flags[index] or _is_label(region, flags, index, pitch)
        if block and is_table != was_table:
            yield block, was_table
            block = []
        block.append(line)
        was_table = is_table
    if block:
        yield block, was_table


def _is_label(region: Region, flags: list[bool], index: int, pitch: float) -> bool:
    """A line of one cell within three lines of a row, that leaves the row's numbers alone."""
    line = region[index]
    for other in (index + 1, index - 1, index + 2, index - 2):
        if 0 <= other < len(region) and flags[other]:
            near = abs(region[other].middle - line.middle) < 1.6 * pitch * abs(other - index)
            row = cells(region[other])
            limit = row[-1][0].x0
            starts_alike = line.x0 > region[other].x0 - 3 * line.size
            if near and starts_alike and (line.x1 < limit or line.x0 > row[0][-1].x1):
                return True
    return False


def _pitch(lines: Region) -> float:
    """The usual distance from line to line, in points."""
    pitches = [b.middle - a.middle for a, b in zip(lines, lines[1:], strict=False) if b.middle > a.middle]
    return median(pitches) if pitches else 1.2 * lines[0].size


def _paragraphs(block: Region, body_size: float) -> Iterator[LogicalLine]:
    group: Region = []
    pitch = min(_pitch(block), 2.2 * median(line.size for line in block))
    for index, line in enumerate(block):
        if group and not _continues(group, line, pitch, _edge(block, index)):
            yield _paragraph(group, body_size)
            group = []
        group.append(line)
    if group:
        yield _paragraph(group, body_size)


def _edge(block: Region, index: int) -> tuple[float, float]:
    """Left and right edge of the text around line `index`; an abstract is narrower than its column."""
    around = block[max(0, index - 4) : index + 3]
    return min(line.x0 for line in around), max(line.x1 for line in around)


def _continues(group: Region, line: PrintedLine, pitch: float, edge: tuple[float, float]) -> bool:
    """Say whether `line` goes on with the paragraph: same type, near, and its first word had no room above."""
    last = group[-1]
    size = max(line.size, 1.0)
    if abs(last.size - line.size) > 0.12 * size or last.is_bold != line.is_bold and len(group) == 1:
        return False
    distance = line.middle - last.middle
    if distance > max(1.3 * pitch, 1.15 * size) or distance > 2.6 * size:
        return False
    first = line.runs[0].inks[0]
    if (
        _MARKER.match(first.text)
        and not first.text.isdigit()
        and (first.text not in "-–—·o*" or line.x0 <= last.x0 + 1)
    ):
        return False
    end = last.runs[-1].inks[-1].text
    if end.endswith(("-", "\u00ad", "\u2010")) and first.text[:1].islower():
        return True
    is_item = bool(_MARKER.match(group[0].runs[0].inks[0].text))
    indent = (last.x1 - line.x1) if line.is_rtl else (line.x0 - last.x0)
    if indent > 0.9 * size and not (is_item and len(group) == 1) and not _is_centred(last, line):
        return False
    room = (last.x0 - edge[0]) if line.is_rtl else (edge[1] - last.x1)
    return room < (first.x1 - first.x0) + 0.25 * size + 0.35 * size


def _is_centred(last: PrintedLine, line: PrintedLine) -> bool:
    return abs((last.x0 + last.x1) - (line.x0 + line.x1)) < 0.5 * line.size


def _paragraph(group: Region, body_size: float) -> LogicalLine:
    first = group[0]
    text = " ".join(line.text for line in group)
    kind: LineKind = "heading" if _is_heading(group, text, body_size) else "text"
    return LogicalLine(
        kind, [line.runs for line in group], first.size, first.is_bold, first.x0, first.y0, group[-1].y1
    )


def _is_heading(group: Region, text: str, body_size: float) -> bool:
    if len(group) > 3 or not 2 <= len(text) <= MAX_HEADING_CHARACTERS or not any(map(str.isalpha, text)):
        return False
    if text.endswith((".", ",", ";")) and not _NUMBERED.match(text):
        return False
    size = group[0].size
    if size >= 1.15 * body_size or (len(group) == 1 and _CAPITALS.match(text)):
        return True
    return all(line.is_bold for line in group) and size > 0.9 * body_size and not text.endswith(":")


def _rows(block: Region) -> Iterator[LogicalLine]:
    """Each printed line is a row, but wrapped labels are joined and wrapped cells read one by one."""
    split = [cells(line) for line in block]
    pitch = _pitch(block)
    limit = _label_limit(block, split)
    index = 0
    while index < len(block):
        end = index + 1
        while end < len(block) and _wraps(block, split, end, pitch, limit):
            end += 1
        yield _row(block[index:end], split[index:end])
        index = end


def _label_limit(block: Region, split: list[list[list[Run]]]) -> float:
    """How far labels reach to the right."""
    ends = [row[0][-1].x1 for row in split if len(row) > 1]
    return max(ends) if ends else max(line.x1 for line in block)


def _wraps(block: Region, split: list[list[list[Run]]], index: int, pitch: float, limit: float) -> bool:
    """Say whether line `index` is the rest of the row above."""
    last, line = block[index - 1], block[index]
    above, row = split[index - 1], split[index]
    if abs(last.size - line.size) > 0.12 * line.size or last.is_bold != line.is_bold:
        return False
    if line.middle - last.middle > 1.25 * max(min(pitch, 1.6 * line.size), line.size):
        return False
    if len(above) > 1 and len(row) > 1:
        return _is_text_row(above) and _is_text_row(row) and row[0][0].x0 > above[0][-1].x1
    if len(above) == 1 and len(row) == 1 and above[0][0].x0 > limit:
        return False
    label, first = _text(above[0]), row[0][0].inks[0]
    if len(above) == 1 and len(row) > 1 and row[0][0].x0 > limit - line.size and not label.endswith(":"):
        return not _NUMBER.match(label) and any(map(str.isalpha, label))
    if label.endswith(":") or _NUMBER.match(first.text) or _MARKER.match(first.text):
        return False
    if line.x0 < last.x0 - 1 or _NUMBER.match(label):
        return False
    is_full = above[0][-1].x1 + (first.x1 - first.x0) + 0.3 * line.size > limit
    if len(above) > 1 and len(row) == 1:
        return first.text[:1].islower() and line.x1 <= limit + line.size
    return first.text[:1].islower() or bool(_CONTINUES.search(label)) and is_full


def _is_text_row(row: list[list[Run]]) -> bool:
    words = [ink.text for cell in row for run in cell for ink in run.inks]
    return sum(1 for word in words if _NUMBER.match(word)) < 0.25 * len(words)


def _row(lines: Region, split: list[list[list[Run]]]) -> LogicalLine:
    first = lines[0]
    kind: LineKind = "row" if any(len(row) > 1 for row in split) else "text"
    parts = [line.runs for line in lines]
    if len(lines) > 1 and kind == "row":
        parts = _label_first(split)
    return LogicalLine(kind, parts, first.size, first.is_bold, first.x0, first.y0, lines[-1].y1)


def _label_first(split: list[list[list[Run]]]) -> list[list[Run]]:
    """Write a wrapped label in one piece, then the cells to its right, column by column."""
    limit = min(row[1][0].x0 for row in split if len(row) > 1)
    label = [run for row in split for cell in row for run in cell if run.x0 < limit]
    rest = [run for row in split for cell in row for run in cell if run.x0 >= limit]
    columns: list[list[Run]] = []
    for run in sorted(rest, key=lambda run: run.x0):
        if columns and run.x0 < max(other.x1 for other in columns[-1]):
            columns[-1].append(run)
        else:
            columns.append([run])
    return [label, *(sorted(column, key=lambda run: run.middle) for column in columns)]
