"""Word runs of a page before it is laid out: words that stand side by side, with boxes, size and weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from catena.types import Box


@dataclass(slots=True)
class Run:
    """Words side by side without a wide gap, in the frame in which they read from left to right.

    `texts[i]` is printed in `boxes[i]`, a box on the page as displayed; all other places are in the frame:
    the first word ends at `first_x1`, the last begins at `last_x0`. Texts are in reading order.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    first_x1: float
    last_x0: float
    size: float
    is_bold: bool
    texts: list[str]
    boxes: list[Box]
    turn: int = 0
    is_rtl: bool = False
    is_vertical: bool = False
    baseline: float = 0.0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def first_width(self) -> float:
        """The width of the first word."""
        if self.is_rtl and self.turn == 0:
            return self.boxes[0][2] - self.boxes[0][0]
        return self.first_x1 - self.x0

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@dataclass(slots=True)
class FigurePlace:
    """Where a figure stands on the page as displayed, and the line that opens its caption."""

    box: Box
    caption: str = ""
    caption_box: Box | None = None


@dataclass(slots=True)
class Glyphs:
    """Runs and counts of one page."""

    width: float
    height: float
    runs: list[Run] = field(default_factory=list)
    inset: list[Run] = field(default_factory=list)
    """What was recognised in pictures beside the text; laid out behind it."""
    num_characters: int = 0
    num_hidden: int = 0
    num_unreadable: int = 0
    is_ocr: bool = False
    unread: list[Box] = field(default_factory=list)
    """Where the page shows text that is not in `runs`: letters without a meaning, pictures of text."""
    num_pictures: int = 0
    """Of text, among `unread`."""
    num_labelled: int = 0
    """Pictures with some words in them, among `unread`."""
    sparse: list[Box] = field(default_factory=list)
    """Where words stand one by one, as on a chart: of `unread`."""
    figures: list[FigurePlace] = field(default_factory=list)


def rotated(x0: float, y0: float, x1: float, y1: float, matrix: tuple[float, ...]) -> Box:
    """A box under an affine matrix, its corners in order again."""
    a, b, c, d, e, f = matrix
    xs, ys = (
        sorted((a * x0 + c * y0 + e, a * x1 + c * y1 + e)),
        sorted((b * x0 + d * y0 + f, b * x1 + d * y1 + f)),
    )
    return xs[0], ys[0], xs[1], ys[1]


def is_inside(x0: float, y0: float, x1: float, y1: float, boxes: Iterable[Box]) -> bool:
    """Tell whether the middle of a box lies in one of `boxes`."""
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


def area_of(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
