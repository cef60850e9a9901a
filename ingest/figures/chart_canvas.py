"""The pixels of a chart and the words on it: what colour stands where, apart from paper and letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from catena.types import Box

ALIKE = 42  # of 255 in any channel: two colours that differ less are one
Pixels = NDArray[np.int16]  # (height, width, 3)
Colour = tuple[int, int, int]
_VALUE = re.compile(r"[(+\-–−]?\s?[$€£¥]?\s?\d[\d.,'’ ]*(?:\s?(?:%|‰|[^\W\d_]{1,4}\.?))?\)?")
_DIGITS = re.compile(r"\d[\d.,'’ ]*")


@dataclass(frozen=True, slots=True)
class ChartWord:
    """Words side by side on a chart; `box` in its pixels, `size` the height of its letters, `place` its index."""

    text: str
    box: Box
    size: float
    place: int

    @property
    def x(self) -> float:
        return (self.box[0] + self.box[2]) / 2

    @property
    def y(self) -> float:
        return (self.box[1] + self.box[3]) / 2

    @property
    def is_value(self) -> bool:
        return _VALUE.fullmatch(self.text) is not None

    @property
    def number(self) -> float | None:
        """The number it begins with; nothing where it is none or its marks could mean two things."""
        found = _DIGITS.search(self.text)
        if found is None or not self.is_value:
            return None
        digits = re.sub(r"[,'’ ](?=\d{3}(?!\d))", "", found.group()).replace(",", ".").strip(". ")
        sign = -1 if re.match(r"[(\-–−]", self.text) else 1
        return sign * float(digits) if re.fullmatch(r"\d+(?:\.\d+)?", digits) else None

    def turned(self, width: int) -> ChartWord:
        """The word on the picture turned a quarter to the left: what stood left stands below."""
        x0, y0, x1, y1 = self.box
        return ChartWord(self.text, (y0, width - x1, y1, width - x0), self.size, self.place)


class Canvas:
    """A picture of a chart. Boxes are clipped to it."""

    def __init__(self, pixels: Pixels, words: Sequence[ChartWord]) -> None:
        self.pixels = pixels
        self.height, self.width = pixels.shape[:2]
        self.words = words

    def turned(self) -> Canvas:
        """The same, a quarter to the left."""
        return Canvas(np.rot90(self.pixels), [word.turned(self.width) for word in self.words])

    @cached_property
    def paper(self) -> Colour:
        """The most frequent colour."""
        return usual(self.pixels.reshape(-1, 3))

    @cached_property
    def marks(self) -> NDArray[np.bool_]:
        """The pixels that are neither paper nor letters."""
        drawn: NDArray[np.bool_] = ~alike(self.pixels, self.paper)
        for word in self.words:
            rows, columns = self._part(word.box)
            drawn[rows, columns] = False
        return drawn

    def around(self, word: ChartWord) -> Colour | None:
        """The colour of the ground that a word stands on; nothing where that is paper."""
        x0, y0, x1, y1 = word.box
        rim = max(2.0, 0.15 * word.size)
        sides = (
            (x0 - rim, y0, x0, y1),
            (x1, y0, x1 + rim, y1),
            (x0, y0 - rim, x1, y0),
            (x0, y1, x1, y1 + rim),
        )
        found = [self._usual_in(side) for side in sides]
        colours = [colour for colour in found if colour is not None]
        if (
            len(colours) < 3
            or sum(alike_colours(colour, colours[0]) for colour in colours) < len(colours) - 1
        ):
            return None
        return None if alike_colours(colours[0], self.paper) else colours[0]

    def colour_in(self, box: Box, least: float = 0.15) -> Colour | None:
        """The one colour that is drawn in a box, on at least this share of it."""
        rows, columns = self._part(box)
        drawn = self.marks[rows, columns]
        if not drawn.size or drawn.mean() < least:
            return None
        pixels = self.pixels[rows, columns][drawn]
        colour = usual(pixels)
        return colour if alike(pixels, colour).mean() > 0.55 else None

    def is_bare(self, box: Box) -> bool:
        """Tell whether nothing is drawn in a box."""
        rows, columns = self._part(box)
        return not self.marks[rows, columns].any()

    def column(self, x0: float, x1: float, y0: float, y1: float) -> tuple[NDArray[np.bool_], Pixels]:
        """A strip from top to bottom: which rows are drawn on for half of it at least, and their colours."""
        rows, columns = self._part((x0, y0, x1, y1))
        drawn, pixels = self.marks[rows, columns], self.pixels[rows, columns]
        if not drawn.size:
            return np.zeros(0, np.bool_), np.zeros((0, 3), np.int16)
        weights = np.maximum(drawn.sum(axis=1), 1)[:, None]
        colours = (pixels * drawn[:, :, None]).sum(axis=1) // weights
        return drawn.mean(axis=1) >= 0.5, colours.astype(np.int16)

    def _usual_in(self, box: Box) -> Colour | None:
        rows, columns = self._part(box)
        pixels = self.pixels[rows, columns].reshape(-1, 3)
        return usual(pixels) if len(pixels) else None

    def _part(self, box: Box) -> tuple[slice, slice]:
        x0, y0, x1, y1 = (round(value) for value in box)
        return slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0))


def alike(pixels: Pixels, colour: Colour) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.abs(pixels - np.array(colour, np.int16)).max(axis=-1) < ALIKE
    return near


def alike_colours(one: Colour, other: Colour) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < ALIKE


def usual(pixels: Pixels) -> Colour:
    """The colour that most pixels nearly have."""
    bins = (pixels >> 4).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    most = pixels[bins == np.bincount(bins).argmax()]
    red, green, blue = (int(value) for value in most.mean(axis=0))
    return red, green, blue
