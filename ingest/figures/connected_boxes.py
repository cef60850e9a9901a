"""Boxes that touch or nearly do, by the cells of a coarse grid that they cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from catena.types import Box

CELL = 6.0
"""Points; boxes up to two cells apart belong together."""


def connected(boxes: Sequence[Box]) -> list[list[int]]:
    """Group boxes that share cells of a coarse grid or lie in neighbouring ones."""
    cells = [tuple(int(max(value, 0.0) // CELL) for value in box) for box in boxes]
    grid = np.zeros((max(cell[3] for cell in cells) + 1, max(cell[2] for cell in cells) + 2), np.int8)
    for x0, y0, x1, y1 in cells:
        grid[y0 : y1 + 1, x0 : x1 + 1] = 1
    numbers = _numbered(grid)
    groups: dict[int, list[int]] = {}
    for index, (x0, y0, _, _) in enumerate(cells):
        groups.setdefault(int(numbers[y0, x0]), []).append(index)
    return list(groups.values())


def _numbered(grid: NDArray[np.int8]) -> NDArray[np.int32]:
    """Number the connected stretches of a grid, corners included: run by run, row by row."""
    runs: list[tuple[int, int, int]] = []
    parent: list[int] = []
    above: list[int] = []
    for row, changes in enumerate(np.diff(grid, axis=1, prepend=0, append=0)):
        (edges,) = np.nonzero(changes)
        here = []
        for start, end in edges.reshape(-1, 2).tolist():
            own = len(runs)
            runs.append((row, start, end))
            parent.append(own)
            here.append(own)
            for other in above:
                if runs[other][1] <= end and start <= runs[other][2]:
                    parent[_root(parent, other)] = _root(parent, own)
        above = here
    numbers = np.zeros(grid.shape, np.int32)
    for index, (row, start, end) in enumerate(runs):
        numbers[row, start:end] = _root(parent, index) + 1
    return numbers


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index
