"""The rows of one HTML table while it is read."""

from __future__ import annotations

from catena.ingest.pagination.blocks import Block, paragraph, row

_MAX_COLUMNS = 60
# A cell with more than this is prose: the table is there for the layout of the page.
_MAX_CELL = 600


class TableRows:
    """Collects cells; knows spans, so that a column keeps its place."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._cells: list[str] = []
        self._is_in_cell = False
        self._is_layout = False
        self._spans = (1, 1)
        self._below: dict[int, int] = {}  # column -> rows for which a cell from above covers it

    def begin_cell(self, columns: int, rows: int) -> None:
        """Start a cell; the columns that cells from above cover stay empty."""
        self._is_in_cell = True
        if self._is_layout:
            return
        while self._below.get(len(self._cells), 0) > 0 and len(self._cells) < _MAX_COLUMNS:
            self._cells.append("")
        self._spans = (min(max(columns, 1), _MAX_COLUMNS), max(rows, 1))
        if len(self._cells) < _MAX_COLUMNS:
            self._cover(len(self._cells))
            self._cells.append("")
            for _ in range(min(self._spans[0] - 1, _MAX_COLUMNS - len(self._cells))):
                self._cover(len(self._cells))
                self._cells.append("")
            self._at = len(self._cells) - min(self._spans[0], len(self._cells))

    def takes(self, text: str, *, is_heading: bool) -> bool:
        """Keep text that belongs to the open cell; False when it stands by itself."""
        if self._is_layout or not self._is_in_cell or is_heading or not self._cells:
            return False
        self._cells[self._at] = f"{self._cells[self._at]} {text}"
        return True

    def end_row(self) -> list[Block]:
        """Return the row, or its cells as paragraphs when they hold prose."""
        cells, self._cells = self._cells, []
        self._is_in_cell = False
        if not cells:  # </tr> and the next <tr> both end the row
            return []
        self._below = {column: rows - 1 for column, rows in self._below.items() if rows > 1}
        if any(len(cell) > _MAX_CELL for cell in cells):
            return [block for cell in cells if (block := paragraph(cell))]
        block = row(cells, self._number)
        return [block] if block else []

    def give_up(self) -> list[Block]:
        """Take the table for layout from here on: its cells are paragraphs."""
        self._is_layout = True
        cells, self._cells = self._cells, []
        return [block for cell in cells if (block := paragraph(cell))]

    def _cover(self, column: int) -> None:
        if self._spans[1] > 1:
            self._below[column] = self._spans[1]
