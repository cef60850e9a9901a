"""A book as a document of pages: cut, typeset, and drawn on demand. EPUB, DOCX, HTML and text share it."""

from __future__ import annotations

from collections.abc import Iterator

import pymupdf

from catena.ingest.page_image import page_picture
from catena.ingest.pagination.blocks import Book
from catena.ingest.pagination.fonts import SMALL, font, width_of
from catena.ingest.pagination.page_breaks import Leaf, cut
from catena.ingest.pagination.typeset import Sheet, typeset
from catena.ingest.reader_protocol import Outcome, Picture
from catena.types import OutlineEntry, Page, PageRef, Section

_GREY = (0.45, 0.45, 0.45)
_MAX_NAMED_PROBLEMS = 3


class FlowReading:
    """An open document without pages of its own."""

    def __init__(self, book: Book, name: str = "the file") -> None:
        self.title = book.title
        self._name = name
        self._problems = book.problems
        self._notes = book.notes
        self._leaves = list(cut(book.blocks))
        self.num_pages = len(self._leaves)
        self.outline = tuple(_outline(self._leaves))

    def pages(self, document_id: str) -> Iterator[Page]:
        for number, leaf in enumerate(self._leaves, 1):
            sheet = typeset(leaf.blocks)
            yield Page(
                ref=PageRef(document_id, number),
                text=sheet.text,
                label=leaf.label,
                words=tuple(sheet.words),
                lines=tuple(sheet.lines),
                sections=tuple(_sections(leaf, sheet)),
                width=sheet.width,
                height=sheet.height,
            )

    def outcome(self) -> Outcome:
        problems, notes = _named(self._problems), "; ".join(self._notes)
        if not self._leaves:
            message = f"{self._name} holds no text{': ' if problems else ''}{problems}."
            return Outcome("failed", 0, "no_text", message, "Check what is in it.")
        if problems:
            message = "; ".join([problems, *self._notes])
            return Outcome("partial", self.num_pages, None, f"{message}.", "What could be read can be asked.")
        return Outcome("ready", self.num_pages, None, notes)

    def render(self, number: int, dpi: int) -> Picture:
        leaf = self._leaves[number - 1]
        sheet = typeset(leaf.blocks)
        page = pymupdf.open().new_page(width=sheet.width, height=sheet.height)
        print_sheet(page, sheet, leaf.label)
        return page_picture(page, dpi)


def _named(problems: list[str]) -> str:
    """The first few of what could not be read, and how many more there are."""
    named = "; ".join(problems[:_MAX_NAMED_PROBLEMS])
    more = len(problems) - _MAX_NAMED_PROBLEMS
    return f"{named}; and {more} more" if more > 0 else named


def print_sheet(page: pymupdf.Page, sheet: Sheet, label: str) -> None:
    """Print a set page, and its label at the foot."""
    writer = pymupdf.TextWriter(page.rect)
    for x, baseline, text, face, is_rtl in sheet.runs:
        writer.append((x, baseline), text, font=font(face.font), fontsize=face.size, right_to_left=is_rtl)
    writer.write_text(page)
    foot = pymupdf.TextWriter(page.rect)
    x = (sheet.width - width_of(label, SMALL)) / 2
    foot.append((x, sheet.height - 24), label, font=font(SMALL.font), fontsize=SMALL.size)
    foot.write_text(page, color=_GREY)


def _sections(leaf: Leaf, sheet: Sheet) -> Iterator[Section]:
    """A section path wherever it changes."""
    last: tuple[str, ...] = ()
    for line, path in zip(sheet.lines, leaf.paths, strict=True):
        if path != last:
            yield Section(line.start, path)
            last = path


def _outline(leaves: list[Leaf]) -> Iterator[OutlineEntry]:
    for number, leaf in enumerate(leaves, 1):
        for block in leaf.blocks:
            if block.section is not None:
                yield OutlineEntry(block.section.level, block.section.title, number)
