"""Markdown as blocks: rendered to HTML by markdown-it, then read like any web page."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt

from catena.ingest.formats.html import parse_html
from catena.ingest.formats.text_decoding import decode
from catena.ingest.pagination.blocks import Book

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*\n", re.S)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.M)


def read_markdown(path: Path) -> Book:
    """Read a Markdown file; images and links are never followed."""
    decoded = decode(path.read_bytes())
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(text)
    if front:
        text = text[front.end() :]
    renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    book = parse_html(str(renderer.render(text)))
    named = _TITLE.search(front[1]) if front else None
    first = next((block.text for block in book.blocks if block.kind == "heading"), "")
    book.title = named[1] if named else first
    book.notes += decoded.notes
    return book
