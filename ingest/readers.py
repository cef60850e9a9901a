"""Readers by kind of file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from catena.ingest.formats.docx import read_docx
from catena.ingest.formats.epub import read_epub
from catena.ingest.formats.html import read_html
from catena.ingest.formats.markdown import read_markdown
from catena.ingest.formats.plain_text import read_text
from catena.ingest.ocr.tesseract import Recogniser
from catena.ingest.pagination.blocks import Book
from catena.ingest.pagination.paged_book import FlowReading
from catena.ingest.pdf.pdf_reader import Keep, PdfReading
from catena.ingest.reader_protocol import Reading
from catena.types import Kind

_BOOKS: dict[Kind, Callable[[Path], Book]] = {
    "docx": read_docx,
    "epub": read_epub,
    "html": read_html,
    "markdown": read_markdown,
    "text": read_text,
}


def open_reading(
    path: Path,
    kind: Kind,
    password: str | None,
    recogniser: Recogniser | None = None,
    keep: Keep | None = None,
    picture_remedy: str = "",
    *,
    is_ahead: bool = False,
) -> Reading:
    """Open a file with the reader of its kind; see `PdfReading` for what only a PDF needs. Raises DocumentError."""
    if kind == "pdf":
        return PdfReading(path, password, recogniser, keep, picture_remedy, is_ahead=is_ahead)
    return FlowReading(_BOOKS[kind](path), path.name)
