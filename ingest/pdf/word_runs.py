"""Word runs of a page before it is laid out: words that stand side by side, with boxes, size and weight."""

from __future__ import annotations

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
