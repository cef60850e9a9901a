"""Blocks of clean text of a book, web page or Word file, before it is cut into pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from catena.types import Cue

BlockKind = Literal["heading", "text", "row", "header"]

# Between the cells of a row, as in the rows of a PDF; columns show in the boxes of the words.
CELL_GAP = " "

_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
# Controls, lone surrogates, soft hyphens, zero-width and bidi controls, invisible operators, tag characters:
# what a reader of the page cannot see must not reach a search or a prompt.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# Joiners shape Persian, Indic scripts and emoji; between other characters they only hide things.
_STRAY_JOINERS = re.compile("(?<![^\x00-\u02ff])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u02ff])")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SectionStart:
    """A heading's rank, 1 the highest, and its words; from here on, text belongs to it."""

    level: int
    title: str


@dataclass(slots=True)
class Block:
    """A paragraph, a heading or a table row, on one line; `cells` may hold empty ones, to keep columns.

    `printed_page` is the number that a printed page has which starts with this block. Cells of a spreadsheet stand
    in its row `sheet_row`, from 1, and in `columns` ("B"); `spans`: how many columns each goes over, if any do;
    `is_head`: the row names the columns. `cues`: when its text was said.
    """

    kind: BlockKind
    text: str
    section: SectionStart | None = None
    cells: tuple[str, ...] = ()
    table: int = 0
    anchors: tuple[str, ...] = ()
    printed_page: str = ""
    sheet_row: int = 0
    columns: tuple[str, ...] = ()
    spans: tuple[int, ...] = ()
    is_head: bool = False
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside of another one: a document of its own."""

    name: str
    data: bytes


@dataclass(slots=True)
class Book:
    """A whole document; `problems` name what is missing of it, `notes` what a reader may want to know besides.

    `metadata` holds what it is cited by, as its file says it (`catena/ingest/file_metadata.py`).
    `is_paged`: its pages are those that blocks start by their `printed_page`, sheets or slides, and no others.
    """

    title: str = ""
    blocks: list[Block] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_paged: bool = False
    attached: list[Attachment] = field(default_factory=list)
    metadata: dict[str, list[str]] = field(default_factory=dict)


def clean(text: str) -> str:
    """Put text on one line, without what cannot be seen, ligatures resolved."""
    if not text.isascii():
        text = _STRAY_JOINERS.sub("", _INVISIBLE.sub("", text.translate(_LIGATURES)))
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return _SPACES.sub(" ", text).strip()


def paragraph(text: str) -> Block | None:
    text = clean(text)
    return Block("text", text) if text else None


def heading(text: str, level: int) -> Block | None:
    text = clean(text)
    return Block("heading", text, SectionStart(level, text)) if text else None


def row(cells: list[str], table: int) -> Block | None:
    """A table row on one line; a row of one cell is a paragraph."""
    cleaned = tuple(clean(cell) for cell in cells)
    filled = [cell for cell in cleaned if cell]
    if len(filled) < 2 and len(cleaned) < 2:
        return paragraph(filled[0]) if filled else None
    return Block("row", CELL_GAP.join(filled), cells=cleaned, table=table) if filled else None
