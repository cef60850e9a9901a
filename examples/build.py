"""Typeset the bundled example, the Jargon File, as a book: python -m catena.examples.build OUT.pdf

Several hundred pages with outline, printed page labels (i, ii, ... then 1, 2, ...), running heads and
tables; the same bytes every time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pymupdf

from catena.examples.jargon_reader import Block, read_blocks
from catena.examples.typesetting import (
    BOTTOM,
    FONTS,
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    Line,
    Mark,
    Run,
    Sheet,
    code,
    gap,
    measure,
    paginate,
    paragraph,
    rule,
    show,
    table,
)

TEXT = Path(__file__).with_name("jargon.txt")
TITLE = "The Jargon File"
VERSION = "Version 4.4.7, 29 December 2003"
IMPRINT = (
    "This document (the Jargon File) is in the public domain, to be freely used, shared, and modified. There"
    " are (by intention) no legal restraints on what you can do with it, but there are traditions about its"
    " proper use to which many hackers are quite strongly attached."
)
ORIGIN = "Typeset from the plain text of the Debian package jargon-text 4.4.7-4.1. Edited by Eric S. Raymond."
METADATA = {
    "title": f"{TITLE} 4.4.7",
    "author": "Eric S. Raymond (editor)",
    "subject": "A compendium of hacker slang; public domain",
    "creationDate": "D:20031229000000Z",
    "modDate": "D:20031229000000Z",
}
ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m catena.examples.build OUT.pdf")
    build(Path(sys.argv[1]))


def build(path: Path) -> None:
    """Write the book; the contents know the page numbers because the body is set first."""
    blocks = list(read_blocks(TEXT.read_text(encoding="utf-8")))
    end = next(index for index, block in enumerate(blocks) if block.text.startswith("Part I."))
    body = paginate(list(set_blocks(blocks[end:])))
    preface = list(set_blocks(blocks[:end]))
    front = paginate([*title_page(), *contents(body), *preface])
    write(path, front, body)


def set_blocks(blocks: Sequence[Block]) -> Iterator[Line]:
    for block in blocks:
        match block.kind:
            case "part":
                yield from set_part(block.text)
            case "chapter":
                yield from set_chapter(block.text)
            case "letter":
                title = "Numbers and Symbols" if block.text == "0" else block.text
                yield from set_chapter(title)
            case "section":
                yield gap(14, keeps=True)
                yield from heading(block.text, [("B", block.text)], 12.5, 2)
                yield gap(3, keeps=True)
            case "entry":
                yield gap(5)
                yield from heading(block.text, [("B", block.text), *emphasis("  " + block.rest)], 10, 2)
            case "table":
                yield gap(5)
                yield from table(block.rows, has_head=block.rows[0][0] in ("glyph", "Version"))
                yield gap(6)
            case "code":
                yield gap(2)
                yield from code(block.text)
                yield gap(5)
            case _:
                yield from set_prose(block)


def set_part(text: str) -> Iterator[Line]:
    """A page that opens a part; the preface is none, and stands in the front matter."""
    yield Line(0.0, keeps=True, mark=Mark(0, text, True), starts_page=True)
    yield gap(150 if text.startswith("Part") else 40, keeps=True)
    for line in text.split(". ", 1):
        yield from keep(paragraph([("B", line)], size=22, leading=34, align="center"))
    yield gap(30, keeps=True)


def set_chapter(text: str) -> Iterator[Line]:
    yield Line(0.0, keeps=True, mark=Mark(1, text, True), starts_page=True)
    yield gap(24, keeps=True)
    yield from keep(paragraph([("B", text)], size=17, leading=22, align="left"))
    yield rule(b"0.2 G")
    yield gap(14, keeps=True)


def heading(title: str, runs: Sequence[Run], size: float, level: int) -> Iterator[Line]:
    lines = list(keep(paragraph(runs, size=size, leading=size * 1.28, align="left")))
    yield Line(0.0, keeps=True, mark=Mark(level, title))
    yield from lines


def keep(lines: Sequence[Line]) -> Iterator[Line]:
    """No page break among these lines nor after them."""
    for line in lines:
        yield Line(line.height, line.drawing, keeps=True)


def set_prose(block: Block) -> Iterator[Line]:
    if block.kind == "verse":
        for row in block.text.split("\n"):
            deep = 12 + 3.0 * (len(row) - len(row.lstrip()))
            yield from paragraph(emphasis(row.strip()), size=9.6, leading=11.8, indent=deep, align="left")
    elif block.kind == "bullet":
        deep = 16.0 * (1 + int(block.rest))
        first, *others = paragraph(emphasis(block.text), indent=deep)
        bullet = show([("R", "•")], 10, LEFT + deep - 10)
        yield Line(first.height, bullet + first.drawing, first.keeps)
        yield from others
    else:
        yield from paragraph(emphasis(block.text), indent=18 if block.kind == "quote" else 0)
    yield gap(5)


def emphasis(text: str) -> list[Run]:
    """Set {cross-references} in italics, without their braces."""
    parts = re.split(r"\{([^{}]{1,60})\}", text)
    return [("I" if index % 2 else "R", part) for index, part in enumerate(parts) if part]


def title_page() -> Iterator[Line]:
    yield Line(0.0, keeps=True, starts_page=True)
    yield gap(140, keeps=True)
    yield from keep(paragraph([("B", TITLE)], size=32, leading=40, align="center"))
    yield gap(12, keeps=True)
    yield from keep(paragraph([("I", "A compendium of hacker slang")], size=14, leading=20, align="center"))
    yield gap(220, keeps=True)
    yield from paragraph([("R", VERSION)], size=11, align="center")
    yield Line(0.0, keeps=True, starts_page=True)
    yield gap(380, keeps=True)
    for text in (IMPRINT, ORIGIN):
        yield from paragraph([("R", text)], size=8.5, leading=10.6, align="left")
        yield gap(6)


def contents(body: Sequence[Sheet]) -> Iterator[Line]:
    """Parts, chapters and letters with their page numbers."""
    yield Line(0.0, keeps=True, mark=Mark(0, "Contents"), starts_page=True)
    yield gap(24, keeps=True)
    yield from keep(paragraph([("B", "Contents")], size=17, leading=22, align="left"))
    yield gap(10, keeps=True)
    for number, sheet in enumerate(body, 1):
        for mark, _ in sheet.marks:
            if mark.is_in_contents:
                yield from contents_line(mark, str(number))


def contents_line(mark: Mark, number: str) -> Iterator[Line]:
    font, indent = ("B", 0.0) if mark.level == 0 else ("R", 14.0)
    if mark.level == 0:
        yield gap(6)
    title = [(font, mark.title)]
    end = RIGHT - measure([(font, number)], 10)
    start = LEFT + indent + measure(title, 10) + 6
    dots = "." * max(0, int((end - 6 - start) / 5)) if mark.level else ""
    drawing = show(title, 10, LEFT + indent)
    if dots:
        leader = "".join(f"{dot} " for dot in dots).strip()
        drawing += show([("R", leader)], 10, end - 6 - measure([("R", leader)], 10))
    drawing += show([(font, number)], 10, end)
    yield Line(13.6, drawing, keeps=mark.level == 0)


def write(path: Path, front: Sequence[Sheet], body: Sequence[Sheet]) -> None:
    document = pymupdf.open()
    resources = add_fonts(document)
    outline: list[list[object]] = []
    head = TITLE
    for index, sheet in enumerate([*front, *body]):
        number = index + 1 if index < len(front) else index + 1 - len(front)
        label = roman(number) if index < len(front) else str(number)
        for mark, y in sheet.marks:
            head = mark.title if mark.level < 2 else head
            outline.append([mark.level + 1, mark.title, index + 1, destination(y)])
        frame = b"" if index < 2 else running(head, label, number % 2 == 0, sheet.is_opening)
        add_page(document, resources, bytes(sheet.drawing) + frame)
    document.set_toc(outline, collapse=1)
    document.set_page_labels([label_rule(0, "r"), label_rule(len(front), "D")])
    document.set_metadata(METADATA)
    document.save(path, garbage=1, deflate=True, no_new_id=True)


def add_fonts(document: pymupdf.Document) -> int:
    """One resource object for all pages; none of the fourteen standard fonts needs to be embedded."""
    entries = []
    for name, font in FONTS.items():
        encoding = "" if name == "S" else "/Encoding/WinAnsiEncoding"
        xref = add_object(document, f"<</Type/Font/Subtype/Type1/BaseFont/{font.standard}{encoding}>>")
        entries.append(f"/{name} {xref} 0 R")
    return add_object(document, f"<</Font<<{' '.join(entries)}>>>>")


def add_object(document: pymupdf.Document, text: str) -> int:
    xref: int = document.get_new_xref()
    document.update_object(xref, text)
    return xref


def add_page(document: pymupdf.Document, resources: int, drawing: bytes) -> None:
    page = document.new_page(width=WIDTH, height=HEIGHT)
    contents = add_object(document, "<<>>")
    document.update_stream(contents, drawing, new=True)
    document.xref_set_key(page.xref, "Resources", f"{resources} 0 R")
    document.xref_set_key(page.xref, "Contents", f"{contents} 0 R")


def running(head: str, label: str, is_left: bool, is_opening: bool) -> bytes:
    """The running head; on a page that opens something only its number, at the foot."""
    number: list[Run] = [("R", label)]
    if is_opening:
        return show(number, 9, (WIDTH - measure(number, 9)) / 2, HEIGHT - BOTTOM - 24)
    y = HEIGHT - 52.0
    at_edge = RIGHT - measure(number, 9)
    if is_left:
        title: list[Run] = [("I", TITLE)]
        texts = show(number, 9, LEFT, y) + show(title, 9, RIGHT - measure(title, 9), y)
    else:
        texts = show([("I", head)], 9, LEFT, y) + show(number, 9, at_edge, y)
    return texts + b"q 0.6 G 0.4 w %.1f %.1f m %.1f %.1f l S Q\n" % (LEFT, y - 5, RIGHT, y - 5)


def destination(y: float) -> dict[str, object]:
    return {"kind": pymupdf.LINK_GOTO, "to": pymupdf.Point(LEFT, y), "zoom": 0}


def label_rule(start: int, style: str) -> dict[str, object]:
    return {"startpage": start, "prefix": "", "style": style, "firstpagenum": 1}


def roman(number: int) -> str:
    text = ""
    for value, letters in ROMAN:
        text += letters * (number // value)
        number %= value
    return text


if __name__ == "__main__":
    main()
