"""What stands above the values of a chart in a page's text: its caption, its title, and what its axes are called."""

from __future__ import annotations

from collections.abc import Sequence

from catena.ingest.figures.figure_labels import caption_label
from catena.retrieval.sentences import BODY
from catena.types import Line, Page

MAX_LINES = 4
MAX_CHARACTERS = 400  # of one line; more is running text


def chart_head(page: Page, lines: Sequence[Line], number: int) -> list[Line]:
    """The lines that name the chart of which `lines[number]` is a value, its caption first."""
    first = number
    while first > 0 and lines[first - 1].kind == "chart":
        first -= 1
    found: list[Line] = []
    for line in reversed(lines[max(0, first - MAX_LINES) : first]):
        text = page.text[line.start : line.end]
        is_caption = caption_label(text) is not None
        if line.kind not in BODY or len(text) > MAX_CHARACTERS and not is_caption:
            break
        found.insert(0, line)
        if is_caption:
            return found
    return [line for line in found if line.end - line.start < MAX_CHARACTERS / 4]
