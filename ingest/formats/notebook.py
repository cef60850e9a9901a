"""Jupyter notebooks: text as Markdown, code line by line, outputs as text and tables; nothing is run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from catena.errors import DocumentError
from catena.ingest.formats.html import parse_html
from catena.ingest.formats.html_visibility import PICTURES, LeftOut
from catena.ingest.formats.text_decoding import decode
from catena.ingest.pagination.blocks import Block, Book, paragraph

_PLAIN, _PAGE, _MARKDOWN = "text/plain", "text/html", "text/markdown"


def read_notebook(path: Path) -> Book:
    """Read a notebook. Raises DocumentError."""
    try:
        notebook = json.loads(decode(path.read_bytes()).text)
        sheets = [notebook, *_list(notebook.get("worksheets"))]
        cells = [cell for sheet in sheets for cell in _list(sheet.get("cells"))]
    except (ValueError, RecursionError, AttributeError) as error:
        raise DocumentError(
            "damaged", f"{path.name} is no notebook that can be read ({error}).", "Save it anew in Jupyter."
        ) from error
    reader = _Reader()
    book = Book(blocks=[block for cell in cells if isinstance(cell, dict) for block in reader.cell(cell)])
    book.title = next((block.text for block in book.blocks if block.kind == "heading"), "")
    book.notes += reader.left_out.notes()
    return book


class _Reader:
    def __init__(self) -> None:
        self.left_out = LeftOut()
        self._num_tables = 0

    def cell(self, cell: dict[str, Any]) -> Iterator[Block]:
        source = _text(cell.get("source", cell.get("input")))
        match cell.get("cell_type"):
            case "markdown":
                yield from self._markup(_html_of(source))
            case "heading":  # of notebooks before version 4
                yield from self._markup(
                    _html_of(f"{'#' * max(1, min(int(cell.get('level') or 1), 6))} {source}")
                )
            case _:
                yield from _lines(source)
        for output in _list(cell.get("outputs")):
            if isinstance(output, dict):
                yield from self._output(output)

    def _output(self, output: dict[str, Any]) -> Iterator[Block]:
        """What a cell wrote when it was run; a table as rows."""
        given = output.get("data")
        data: dict[str, Any] = given if isinstance(given, dict) else {}
        shown = {kind: _text(data[kind]) for kind in (_PAGE, _MARKDOWN, _PLAIN) if kind in data}
        self.left_out.add(PICTURES, any(kind.startswith("image/") for kind in (*data, *output)))
        if "<table" in shown.get(_PAGE, ""):
            yield from self._markup(shown[_PAGE])
        elif _MARKDOWN in shown:
            yield from self._markup(_html_of(shown[_MARKDOWN]))
        else:
            error = f"{output.get('ename', '')}: {output.get('evalue', '')}" if "ename" in output else ""
            yield from _lines(shown.get(_PLAIN) or _text(output.get("text")) or error)

    def _markup(self, html: str) -> Iterator[Block]:
        blocks = parse_html(html).blocks
        for block in blocks:
            if block.table:  # numbers of tables are the notebook's
                block.table += self._num_tables
            yield block
        self._num_tables += max((block.table for block in blocks), default=0)


def _html_of(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def _lines(text: str) -> Iterator[Block]:
    yield from (block for line in text.splitlines() if (block := paragraph(line)))


def _text(value: Any) -> str:
    """Text that a notebook may keep line by line."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
