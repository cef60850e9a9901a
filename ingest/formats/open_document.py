"""Texts and presentations of OpenDocument (ODT, ODP): headings, paragraphs, lists, tables, notes; slides as pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from catena.errors import DocumentError
from catena.ingest.formats.html_visibility import PICTURES, LeftOut
from catena.ingest.formats.markup import parse_markup
from catena.ingest.formats.mathml import formula_text
from catena.ingest.formats.package_parts import PackageParts
from catena.ingest.formats.safe_xml import BadXML, attribute, local, parse_xml
from catena.ingest.formats.slides import HIDDEN_SLIDES, slide_blocks
from catena.ingest.formats.zip_archive import Archive, damaged
from catena.ingest.pagination.blocks import Block, Book, clean, heading, paragraph, row

_MAX_SPANS, _MAX_REPEATS = 60, 1000
_UNSEEN = frozenset(
    ("tracked-changes", "forms", "sequence-decls", "hidden-text", "hidden-paragraph", "page-number")
)
_CONTAINERS = frozenset(
    (
        "list",
        "list-item",
        "list-header",
        "section",
        "table-of-content",
        "index-body",
        "text-box",
        "numbered-paragraph",
    )
)


def read_odt(path: Path) -> Book:
    """Read a text. Raises DocumentError."""
    reader = _Reader(Archive(path))
    book = Book(open_document_title(reader.archive), [*reader.margins("header")])
    book.blocks += [*reader.blocks(reader.body("text")), *reader.margins("footer")]
    book.notes += reader.left_out.notes()
    return book


def read_odp(path: Path) -> Book:
    """Read a presentation: a slide is a page. Raises DocumentError."""
    reader = _Reader(Archive(path))
    book = Book(open_document_title(reader.archive), is_paged=True)
    slides = [element for element in reader.body("presentation") if local(element) == "page"]
    for number, slide in enumerate(slides, 1):
        book.blocks += reader.slide(slide, number)
    book.notes += reader.left_out.notes()
    return book


def require_open(archive: Archive) -> None:
    """Raise DocumentError for a file that is encrypted, or has no content."""
    if b"encryption-data" in (archive.read_if_there("META-INF/manifest.xml") or b""):
        remedy = "Save it without a password, and add that."
        raise DocumentError("needs_password", f"{archive.name} is encrypted.", remedy)
    if "content.xml" not in archive.names:
        raise damaged(archive.name, "its content is missing")


def open_document_title(archive: Archive) -> str:
    """The title that an OpenDocument file says that it has."""
    try:
        root = parse_xml(archive.read_if_there("meta.xml") or b"<none/>")
    except BadXML:
        return ""
    return next((clean(one.text or "") for one in root.iter() if local(one) == "title"), "")


class _Reader:
    def __init__(self, archive: Archive) -> None:
        require_open(archive)
        self.archive = archive
        self.left_out = LeftOut()
        self._parts = PackageParts(archive)
        self._num_tables = 0
        self._beside: list[Element] = []  # notes and comments of the paragraph that is read
        root = self._parts.tree("content.xml")
        self._root = root if root is not None else Element("none")
        self._hidden = {
            attribute(style, "name")
            for style in self._root.iter()
            if local(style) == "style"
            and any(
                attribute(one, "visibility") == "hidden" or attribute(one, "display") == "none"
                for one in style
            )
        }

    def body(self, kind: str) -> Element:
        for element in self._root.iter():
            if local(element) == kind and "office" in element.tag:
                return element
        raise damaged(self.archive.name, "its body is missing")

    def margins(self, kind: str) -> Iterator[Block]:
        """Headers or footers of all pages, each once, without numbers of pages."""
        root = self._parts.tree("styles.xml")
        met: set[str] = set()
        for element in root.iter() if root is not None else ():
            if local(element) == kind and "style" in element.tag:
                if any(local(one) == "page-number" for one in element.iter()):
                    continue
                for block in self.blocks(element):
                    if block.text not in met:
                        yield block
                    met.add(block.text)

    def blocks(self, container: Iterable[Element]) -> Iterator[Block]:
        for element in container:
            match local(element):
                case "h":
                    yield from self._line(element, _number(element, "outline-level", 1, 9))
                case "p":
                    yield from self._line(element, 0)
                case "table":
                    yield from self._table(element)
                case "frame" | "custom-shape" | "g" | "rect" | "a":
                    yield from self._frame(element)
                case name if name in _CONTAINERS:
                    yield from self.blocks(element)

    def slide(self, page: Element, number: int) -> list[Block]:
        if attribute(page, "style-name") in self._hidden:
            self.left_out.add(HIDDEN_SLIDES)
            return []
        title = ""
        blocks: list[Block] = []
        notes: list[Block] = []
        for element in page:
            if local(element) == "notes":
                notes += self.blocks(element)
            elif attribute(element, "class") == "title" and not title:
                title = " ".join(block.text for block in self._frame(element))
            else:
                blocks += self.blocks([element])
        return slide_blocks(number, title, blocks, notes)

    def _line(self, element: Element, level: int) -> Iterator[Block]:
        outer, self._beside = self._beside, []
        text = "" if attribute(element, "style-name") in self._hidden else "".join(self._pieces(element))
        block = heading(text, level) if level else paragraph(text)
        if block:
            yield block
        beside, self._beside = self._beside, outer
        for one in beside:
            yield from self._note(one)

    def _note(self, element: Element) -> Iterator[Block]:
        """A footnote with its number, a comment, or a frame that floats beside a paragraph."""
        if local(element) == "note":
            mark = "".join("".join(one.itertext()) for one in element if local(one) == "note-citation")
            body = [block for one in element if local(one) == "note-body" for block in self.blocks(one)]
            text = f"{mark} {' '.join(block.text for block in body)}"
        elif local(element) == "annotation":
            text = "Comment: " + " ".join(block.text for block in self.blocks(element))
        else:
            yield from self._frame(element)
            return
        yield from [block] if (block := paragraph(text)) else []

    def _pieces(self, element: Element) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            match local(child):
                case "s":
                    yield " "
                case "tab" | "line-break":
                    yield " "
                case "note":
                    yield "".join("".join(one.itertext()) for one in child if local(one) == "note-citation")
                    self._beside.append(child)
                case "annotation" | "frame" | "custom-shape":
                    if formula := self._formula(child):
                        yield formula
                    else:
                        self._beside.append(child)
                case name if name not in _UNSEEN and attribute(child, "style-name") not in self._hidden:
                    yield from self._pieces(child)
            yield child.tail or ""

    def _frame(self, element: Element) -> Iterator[Block]:
        """What stands in a frame: text, a table, a formula; a picture is counted."""
        if formula := self._formula(element):
            yield from [block] if (block := paragraph(formula)) else []
            return
        yield from self.blocks(element)
        for child in element:
            if local(child) == "image":
                self.left_out.add(PICTURES)

    def _formula(self, frame: Element) -> str:
        for child in frame:
            if local(child) == "object":
                member = (attribute(child, "href") or "").removeprefix("./") + "/content.xml"
                data = self.archive.read_if_there(member) or b""
                root = (
                    parse_markup(data.decode("utf-8", "replace").replace("math:", ""))
                    if b"math" in data
                    else None
                )
                found = root.css_first("math") if root is not None else None
                return formula_text(found) if found is not None else ""
        return ""

    def _table(self, element: Element) -> Iterator[Block]:
        self._num_tables += 1
        number = self._num_tables
        for line in _rows(element):
            cells: list[str] = []
            for cell in line:
                if local(cell) in ("table-cell", "covered-table-cell"):
                    text = " ".join(block.text for block in self.blocks(cell))
                    cells += [text] * _number(cell, "number-columns-repeated", 1, _MAX_SPANS)
            for _ in range(_number(line, "number-rows-repeated", 1, _MAX_REPEATS) if any(cells) else 0):
                if block := row(cells[:_MAX_SPANS], number):
                    yield block


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        if local(child) == "table-row":
            yield child
        elif local(child) in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(child)


def _number(element: Element, name: str, default: int, most: int) -> int:
    value = attribute(element, name) or ""
    return max(1, min(int(value), most)) if value.isdecimal() and len(value) < 9 else default
