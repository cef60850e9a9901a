"""Small PDFs made on the spot, and how they read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf

from catena.ingest.pdf.pdf_reader import PdfReading
from catena.types import Page

WIDTH, HEIGHT = 400.0, 600.0
Draw = Callable[[Any], None]


def save_pdf(path: Path, *pages: Draw, finish: Callable[[Any], None] | None = None) -> Path:
    with pymupdf.open() as document:
        for draw in pages:
            draw(document.new_page(width=WIDTH, height=HEIGHT))
        if finish is not None:
            finish(document)
        document.save(path)
    return path


def read(path: Path, password: str | None = None) -> list[Page]:
    return list(PdfReading(path, password).pages("d"))


def lines(page: Page) -> list[tuple[str, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


def put(page: Any, x: float, y: float, text: str, size: float = 10, font: str = "helv", **more: Any) -> None:
    page.insert_text((x, y), text, fontsize=size, fontname=font, **more)


def column(page: Any, x: float, y: float, texts: list[str], size: float = 10, pitch: float = 12) -> None:
    for index, text in enumerate(texts):
        put(page, x, y + index * pitch, text, size)
