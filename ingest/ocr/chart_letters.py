"""What is left of a picture of a chart when its bars, axes and grounds are taken away: letters, black on white.

Tesseract takes axes for letters, and reads nothing in coloured bars. What goes on in one colour for longer than a
stroke of a letter is ground; the rest is printed on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STROKE = 22.0  # points; no stroke of a label is longer
TICK = 6.0  # points; what sticks out of an axis by no more is a tick of it
ALIKE = 20  # of 255
MIN_CONTRAST = 45

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def letters_of(grey: Grey, scale: float) -> Grey:
    """The letters of a grey picture with `scale` pixels per point."""
    long_enough = max(8, round(STROKE * scale))
    values = grey.astype(np.int16)
    across, down = _long_runs(values, long_enough), _long_runs(values.T, long_enough).T
    ground = across | down
    under = _ground_values(values, ground)
    ink = np.abs(values - under)
    ink[ground | _ticks(values, ground, under, max(1, round(TICK * scale)))] = 0
    ink[ink < MIN_CONTRAST] = 0
    letters: Grey = (255 - np.clip(ink * 2, 0, 255)).astype(np.uint8)
    return letters


def _long_runs(values: NDArray[np.int16], least: int) -> Mask:
    """Pixels in a row that belong to a stretch of one colour of at least this length."""
    width = values.shape[1]
    if width < least:
        return np.zeros(values.shape, np.bool_)
    spread = _over(values, least, np.maximum) - _over(values, least, np.minimum)
    plain = np.pad(spread < ALIKE, ((0, 0), (least - 1, least - 1)))
    return _over(plain, least, np.logical_or)


def _over(values: NDArray[Any], length: int, join: np.ufunc) -> NDArray[Any]:
    """Join each stretch of so many pixels in a row: twice as many with each step."""
    done = 1
    while done < length:
        step = min(done, length - done)
        values = join(values[:, :-step], values[:, step:])
        done += step
    return values


def _ticks(values: NDArray[np.int16], ground: Mask, under: NDArray[np.int16], reach: int) -> Mask:
    """Short strokes on the paper that begin at a line or shape: what is dark and touches it, a step at a time."""
    paper = int(np.median(values))
    dark = np.abs(values - paper) > MIN_CONTRAST
    found = dark & ground
    dark &= ground | (np.abs(under - paper) < MIN_CONTRAST)
    for _ in range(reach):
        grown = found.copy()
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown[:, 1:] |= found[:, :-1]
        grown[:, :-1] |= found[:, 1:]
        grown &= dark
        if np.array_equal(grown, found):
            break
        found = grown
    return found


def _ground_values(values: NDArray[np.int16], ground: Mask) -> NDArray[np.int16]:
    """For each pixel the colour of the ground left of it, else right of it."""
    columns = np.where(ground, np.arange(values.shape[1]), -1)
    last = np.maximum.accumulate(columns, axis=1)
    first = np.where(ground.any(axis=1), ground.argmax(axis=1), 0)[:, None]
    last = np.where(last < 0, first, last)
    return np.take_along_axis(values, last, axis=1)
