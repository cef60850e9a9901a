"""A value of a chart as a row: its labels, its number, and what the lines above all values call it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.agents.citations.quantities import is_year, quantities
from catena.agents.extractive.table_rows import Cell, Row
from catena.ingest.figures.figure_labels import caption_label
from catena.retrieval.chart_heads import chart_head
from catena.types import Line, Page, Span, Word

MAX_GAP = 0.7
"""Share of the height of two words that stand side by side in one value, as "45 %"."""
MIN_TITLE_WORDS = 3
_PART = re.compile(r"[\d.,'’%‰$€£¥()+\-–−]+|[^\W\d_]{1,4}\.?")


def is_chart_value(lines: Sequence[Line], offset: int) -> bool:
    """Tell whether a line of a chart stands at an offset."""
    return any(line.kind == "chart" and line.start <= offset < line.end for line in lines)


def without_value(text: str) -> str:
    """The labels of a value, by its text alone."""
    return text.rpartition(" ")[0] or text


def is_bare_caption(text: str) -> bool:
    """Tell whether a text is the caption of a figure and holds no number but its own and years."""
    label = caption_label(text)
    return label is not None and all(map(is_year, quantities(text[label.end :])))


def chart_row(page: Page, start: int, end: int) -> Row | None:
    """Take the line of a value apart; nothing where no number ends it."""
    words = [word for word in page.words if word.start < end and word.end > start]
    first = len(words) - 1
    while first > 1 and _goes_on(page, words[first - 1], words[first]):
        first -= 1
    if first < 1:
        return None
    at = words[first].start
    found = quantities(page.text[at:end])
    if not found:
        return None
    number = next(place for place, line in enumerate(page.lines) if line.start <= start < line.end)
    above = [Span(page.ref, line.start, line.end) for line in chart_head(page, page.lines, number)]
    caption = "\n".join(page.text[span.start : span.end] for span in above)
    cell = Cell(found[0], at, end, words[first].box[0], words[-1].box[2])
    titles = [span for span in above if len(page.text[span.start : span.end].split()) >= MIN_TITLE_WORDS]
    return Row(page.text[start:at].strip(), (cell,), tuple(titles), caption)


def _goes_on(page: Page, word: Word, following: Word) -> bool:
    """Tell whether a word is the beginning of the value that the next one goes on with."""
    height = following.box[3] - following.box[1]
    is_level = abs(word.box[1] - following.box[1]) < 0.5 * height
    is_near = -0.1 * height < following.box[0] - word.box[2] < MAX_GAP * height
    return is_level and is_near and _PART.fullmatch(page.text[word.start : word.end]) is not None
