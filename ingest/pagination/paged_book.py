"""A book as a document of pages: cut, typeset, and drawn on demand. EPUB, DOCX, HTML, text and transcripts share it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pymupdf

from catena.ingest.page_image import page_picture
from catena.ingest.pagination.blocks import Block, Book
from catena.ingest.pagination.chapters import Chapter, chapter_starts
from catena.ingest.pagination.fonts import SMALL, font, width_of
from catena.ingest.pagination.typeset import Sheet, typeset
from catena.ingest.reader_protocol import Outcome, Picture
from catena.types import Figure, OutlineEntry, Page, PageRef, Section

_GREY = (0.45, 0.45, 0.45)
_MAX_NAMED_PROBLEMS = 3
WORDS_PER_PAGE = 500
_FEWEST, _MOST = 300, 650  # a page is not cut below, nor grown beyond
_SENTENCE_END = re.compile(r"[.!?…]['\"”’)\]]*\s+|[。！？]")
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_LONG_WORD = 24
_MAX_LABEL = 40
_WINDOW = WORDS_PER_PAGE * _LONG_WORD  # no page has more characters


class FlowReading:
    """An open document without pages of its own."""

    def __init__(self, book: Book, name: str = "the file") -> None:
        self.title = book.title
        self.attached = book.attached
        self.metadata = book.metadata
        self._name = name
        self._problems = book.problems
        self._notes = book.notes
        self._leaves = list(cut(book.blocks, is_paged=book.is_paged))
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

    def take_figures(self) -> list[Figure]:
        """The pictures of such documents are not kept as figures."""
        return []

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
    """Print a set page, and in grey its label at the foot and the names of rows and columns."""
    writer = pymupdf.TextWriter(page.rect)
    for x, baseline, text, face, is_rtl in sheet.runs:
        writer.append((x, baseline), text, font=font(face.font), fontsize=face.size, right_to_left=is_rtl)
    writer.write_text(page)
    foot = pymupdf.TextWriter(page.rect)
    for x, baseline, name in sheet.marks:
        foot.append((x, baseline), name, font=font(SMALL.font), fontsize=SMALL.size)
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


@dataclass(slots=True)
class Leaf:
    """A page before it is typeset; `paths[i]` is the section path of `blocks[i]`."""

    label: str
    blocks: list[Block] = field(default_factory=list)
    paths: list[tuple[str, ...]] = field(default_factory=list)


def count_words(text: str) -> int:
    """Count words; two characters of Chinese, Japanese or Korean, or 24 of an endless word, count as one."""
    words = text.count(" ") + 1
    if text.isascii():
        return words if len(text) < words * _LONG_WORD else math.ceil(len(text) / _LONG_WORD)
    wide = len(_WIDE.findall(text))
    return max(words + wide // 2, len(text) // _LONG_WORD)


def cut(blocks: list[Block], *, is_paged: bool = False) -> Iterator[Leaf]:
    """Yield pages in order: printed ones as the document marks them, else of about 500 words.

    A chapter starts a new one, a heading never ends one, but for `is_paged`: then marks alone do.
    """
    is_printed = is_paged or sum(bool(block.printed_page) for block in blocks) > 1
    starts = {} if is_paged else chapter_starts(blocks)
    pager = _Pager()
    for index, block in enumerate(blocks):
        if is_printed and block.printed_page:
            yield from pager.close(keep_headings=not is_paged)
            pager.turn_to(block.printed_page)
        elif index in starts and not pager.printed_page:
            yield from pager.close()
            pager.chapter = starts[index]
            pager.num_in_chapter = 0
        pager.note_section(block)
        for piece in _pieces(block):
            if pager.is_full_for(piece):
                yield from pager.close(keep_headings=True)
            pager.add(piece)
    yield from pager.close()


class _Pager:
    """The page being filled."""

    def __init__(self) -> None:
        self.chapter = Chapter("")
        self.num_in_chapter = 0
        self.printed_page = ""
        self._num_pages = self._num_on_printed = 0
        self._words = 0
        self._leaf = Leaf("")
        self._path: list[tuple[int, str]] = []

    def note_section(self, block: Block) -> None:
        if block.section is not None:
            section = block.section
            self._path = [(level, title) for level, title in self._path if level < section.level]
            self._path.append((section.level, section.title))

    def turn_to(self, printed_page: str) -> None:
        self.printed_page, self._num_on_printed = printed_page[:_MAX_LABEL], 0

    def is_full_for(self, block: Block) -> bool:
        words = count_words(block.text)
        if self._words + words <= WORDS_PER_PAGE * 1.1:
            return False
        return self._words >= _FEWEST or self._words + words > _MOST

    def add(self, block: Block) -> None:
        self._leaf.blocks.append(block)
        self._leaf.paths.append(tuple(title for _, title in self._path))
        self._words += count_words(block.text)

    def close(self, *, keep_headings: bool = False) -> Iterator[Leaf]:
        leaf, self._leaf = self._leaf, Leaf("")
        self._words = 0
        while keep_headings and len(leaf.blocks) > 1 and leaf.blocks[-1].kind == "heading":
            self._leaf.blocks.insert(0, leaf.blocks.pop())
            self._leaf.paths.insert(0, leaf.paths.pop())
        if leaf.blocks:
            self._num_pages += 1
            self.num_in_chapter += 1
            leaf.label = self._label()
            yield leaf

    def _label(self) -> str:
        if self.printed_page:  # one with more words than fit has parts
            self._num_on_printed += 1
            return self.printed_page + f" ({self._num_on_printed})" * (self._num_on_printed > 1)
        if not self.chapter.label:
            return str(self._num_pages)
        return f"{self.chapter.label}, p. {self.num_in_chapter}"


def _pieces(block: Block) -> Iterator[Block]:
    """Cut a paragraph that fills more than a page at sentence ends, at words, or anywhere."""
    text, at = block.text, 0
    while len(text) - at > _WINDOW or count_words(text[at:]) > _MOST:
        end = at + _cut_point(text[at : at + _WINDOW])
        yield _piece(block, at, end)
        at = end
    if not at:
        yield block
    elif text[at:].strip():
        yield _piece(block, at, len(text))


def _piece(block: Block, start: int, end: int) -> Block:
    """A stretch of a paragraph, with the cues in it."""
    text = block.text[start:end].strip()
    start = block.text.index(text, start)
    cues = tuple(
        replace(cue, start=max(0, cue.start - start), end=min(len(text), cue.end - start))
        for cue in block.cues
        if cue.end > start and cue.start < start + len(text)
    )
    return replace(
        block, kind="text", text=text, cells=(), section=None if start else block.section, cues=cues
    )


def _cut_point(window: str) -> int:
    """Find where about 500 words end."""
    most = max(1, math.floor(len(window) * min(1.0, WORDS_PER_PAGE / count_words(window))))
    least = most // 2
    ends = [match.end() for match in _SENTENCE_END.finditer(window, least, most)]
    if ends:
        return ends[-1]
    space = window.rfind(" ", least, most)
    return space + 1 if space > 0 else most
