"""Slides of presentations as pages: their title, what stands on them, and what their speaker notes."""

from __future__ import annotations

from catena.ingest.pagination.blocks import Block, SectionStart, heading

HIDDEN_SLIDES = "hidden slides that were not read"
_MAX_TITLE = 100


def slide_blocks(number: int, title: str, blocks: list[Block], notes: list[Block]) -> list[Block]:
    """The blocks of one page; a slide without a title is known by its first words."""
    found = [*([block] if (block := heading(title, 1)) else []), *blocks]
    if notes:
        notes[0].text = f"Notes: {notes[0].text}"
        found += notes
    if found:
        found[0].printed_page = str(number)
        if found[0].section is None:
            found[0].section = SectionStart(1, found[0].text[:_MAX_TITLE])
    return found
