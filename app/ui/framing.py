"""The part of a page that is shown for a quote: its paragraphs and lines around them, large enough to read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from PIL import Image

from catena.types import Box, Page

SIDE, ABOVE = 18.0, 72.0
"""Points around the quote: a margin, and some five lines above and below."""
MIN_SHAPE = 0.72
"""Of the width, the least height: there is room for it, and what stands around a quote says what it is about."""
MIN_WIDTH = 330.0
"""Points: a quote of two words is not blown up beyond this."""
FAST = 1
"""Level of PNG's compression: a picture that is looked at once is better there soon than small."""


def frame(page: Page, boxes: Sequence[Box]) -> Box:
    """Return what to show of a page, as wide as the paragraphs that are quoted, with what stands above and below."""
    top, bottom = min(box[1] for box in boxes) - ABOVE, max(box[3] for box in boxes) + ABOVE
    beside = [box for box in (*boxes, *_paragraphs(page, boxes)) if box[3] > top and box[1] < bottom]
    left, right = min(box[0] for box in beside) - SIDE, max(box[2] for box in beside) + SIDE
    left, right = _within(left, right, MIN_WIDTH, page.width)
    top, bottom = _within(top, bottom, MIN_SHAPE * (right - left), page.height)
    return left, top, right, bottom


def _within(start: float, end: float, least: float, most: float) -> tuple[float, float]:
    """Widen a stretch on both sides to its least length, and move it to where there is page."""
    missing = max(0.0, least - (end - start)) / 2
    start, end = start - missing, end + missing
    start = max(0.0, min(start, most - (end - start)))
    return start, min(most, max(end, start + least))


def _paragraphs(page: Page, boxes: Sequence[Box]) -> Iterator[Box]:
    """The words of every logical line that has one of the boxes in it."""
    for line in page.lines:
        words = [word.box for word in page.words if line.start <= word.start < line.end]
        if any(_touch(word, box) for word in words for box in boxes):
            yield from words


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def cut(picture: bytes, part: Box, page: Page) -> bytes:
    """Cut a part, in points, out of the picture of a page."""
    image = Image.open(io.BytesIO(picture))
    scale = image.width / page.width if page.width else 1.0
    x0, y0, x1, y1 = (round(place * scale) for place in part)
    if x1 - x0 < 2 or y1 - y0 < 2:  # a page whose size nobody knows is shown whole
        return picture
    out = io.BytesIO()
    image.crop((x0, y0, x1, y1)).save(out, "PNG", compress_level=FAST)
    return out.getvalue()
