"""Printed lines -> paragraphs, headings and list items: joined where the next word had no room above."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from catena.ingest.pdf.text_lines import PrintedLine, Region
from catena.ingest.pdf.word_runs import Run
from catena.types import LineKind

MAX_HEADING_CHARACTERS = 160
MARKER = re.compile(
    r"([•▪◦‣●○■□➢✓→»·o*–—-]|\(?(\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d+(\.\d+)+\.?|\[\d+\]"
    r"|[⁽]?[¹²³⁰⁴-⁹]{1,3}[⁾]?|(Item|ITEM|Note|NOTE)\s\S{1,4})$"
)
_NOTE_MARK = re.compile("\\^?[⁽(]?[¹²³⁰⁴-⁹]")
_CAPITALS = re.compile(r"([IVX]{1,5}|[A-Z]|\d{1,2})\.\s+[A-Z][^a-z]{3,80}$")
_NUMBERED = re.compile(
    r"(part\s+[ivx]+|item\s+\d+[a-z]?|chapter\s+\w+|note\s+\d+|appendix|\d+(\.\d+)*\.?\s+\S)", re.I
)


@dataclass(slots=True)
class LogicalLine:
    """One line of the page's text; `parts` are runs to be written one after the other."""

    kind: LineKind
    parts: list[list[Run]]
    size: float
    is_bold: bool
    x0: float
    y0: float
    y1: float


def usual_pitch(lines: Region) -> float:
    """The usual distance from line to line, in points."""
    pitches = [b.middle - a.middle for a, b in zip(lines, lines[1:], strict=False) if b.middle > a.middle]
    return median(pitches) if pitches else 1.2 * lines[0].size


def paragraphs(block: Region, body_size: float) -> Iterator[LogicalLine]:
    """Join the printed lines of running text. `body_size` is the document's usual font size in points."""
    group: Region = []
    pitch = min(usual_pitch(block), 2.2 * median(line.size for line in block))
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
    if line.is_rtl != last.is_rtl and _has_letters(line) and _has_letters(last):
        return False
    distance = line.middle - last.middle
    if distance > max(1.22 * pitch, 1.15 * size) or distance > 2.6 * size:
        return False
    opening = line.runs[0]
    first = opening.texts[0]
    if _NOTE_MARK.match(first):
        return False
    if MARKER.match(first) and not first.isdigit() and (first not in "-–—·o*" or line.x0 <= last.x0 + 1):
        return False
    end = last.runs[-1].texts[-1]
    if end.endswith(("-", "\u00ad", "\u2010")) and first[:1].islower():
        return True
    opening_word = group[0].runs[0].texts[0]
    is_item = bool(MARKER.match(opening_word) or _NOTE_MARK.match(opening_word))
    indent = (last.x1 - line.x1) if line.is_rtl else (line.x0 - last.x0)
    if indent > 0.9 * size and not (is_item and len(group) == 1) and not _is_centred(last, line):
        return False
    room = (last.x0 - edge[0]) if line.is_rtl else (edge[1] - last.x1)
    if room > 1.2 * size and end.endswith((".", "!", "?", ":")) and not first[0].islower():
        return False
    return room < opening.first_width + 0.25 * size + 0.35 * size


def _has_letters(line: PrintedLine) -> bool:
    return any(map(str.isalpha, line.text))


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
    if text[0] in "($•>" or text.endswith((".", ",", ";")) and not _NUMBERED.match(text):
        return False
    size = group[0].size
    if size >= 1.15 * body_size or (len(group) == 1 and _CAPITALS.match(text)):
        return True
    return all(line.is_bold for line in group) and size > 0.9 * body_size and not text.endswith(":")
