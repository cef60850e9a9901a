"""Boxes on a page: turned with it, and one inside another."""

from __future__ import annotations

from collections.abc import Iterable

from catena.types import Box


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
