"""Charts drawn with plain shapes, as vectors or as a picture of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pymupdf

from tests.ingest.printing import put

NAMES, VALUES = ("Krems", "Horn", "Melk"), (70, 52, 61)
BLUE = (0.27, 0.47, 0.67)
PLACE = (60.0, 200.0, 340.0, 380.0)
Draw = Callable[[Any], None]


def bars(
    page: Any, names: Sequence[str] = NAMES, values: Sequence[object] = VALUES, place: Any = PLACE
) -> None:
    """Upright bars with their values over them, on an axis."""
    x0, y0, x1, y1 = place
    floor, step = y1 - 20, (x1 - x0 - 40) / len(names)
    page.draw_line((x0 + 30, y0 + 10), (x0 + 30, floor))
    page.draw_line((x0 + 30, floor), (x1, floor))
    for index, (name, value) in enumerate(zip(names, values, strict=True)):
        left = x0 + 45 + step * index
        top = floor - VALUES[index % len(VALUES)] * (floor - y0 - 30) / 70
        page.draw_rect((left, top, left + step * 0.6, floor), color=None, fill=BLUE)
        middle = left + step * 0.3
        put(page, middle - 2.6 * len(str(value)), top - 4, str(value))
        put(page, middle - 2.6 * len(name), floor + 14, name)


def pictured(page: Any, draw: Draw, place: Any = PLACE, dpi: int = 150) -> None:
    """What `draw` draws at its place, as a picture at that place."""
    with pymupdf.open() as document:
        other = document.new_page(width=page.rect.width, height=page.rect.height)
        draw(other)
        pixmap = other.get_pixmap(dpi=dpi, clip=place)
    page.insert_image(place, pixmap=pixmap)


def captioned(page: Any, draw: Draw, caption: str = "Figure 2: Rain days of three stations in 2019.") -> None:
    """A page of prose with a figure, its caption, and a sentence that names it."""
    for row in range(6):
        put(page, 60, 60 + 14 * row, "The observers of the valley wrote down every morning what fell.")
    draw(page)
    put(page, 60, 400, caption, 9)
    for row in range(4):
        put(page, 60, 440 + 14 * row, "As Figure 2 shows, it rained on many days at all the stations.")
