"""Word files (DOCX): paragraphs, headings by style, numbered lists, tables, notes, text boxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from catena.ingest.archive import Archive, damaged
from catena.ingest.blocks import Block, Book, clean, heading, paragraph, row
from catena.ingest.numbering import Numbering
from catena.ingest.styles import Styles
from catena.ingest.xmltree import BadXML, attribute, local, parse_xml

_SKIPPED = frozenset(
    ("del", "moveFrom", "Fallback", "rPr", "sectPr", "proofErr", "commentRangeStart", "instrText", "delText")
)
_MAX_TITLE = 300
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def read_docx(path: Path) -> Book:
    """Read a Word file. Raises DocumentError."""
    archive = Archive(path)
    return _Reader(archive).read()


class _Reader:
    """Walks the body; notes follow the paragraph that refers to them."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._styles = Styles(self._part("word/styles.xml"))
        self._numbering = Numbering(self._part("word/numbering.xml"))
        self._notes = {
            name: _notes(self._part(f"word/{name}s.xml"), name) for name in ("footnote", "endnote")
        }
        self._num_tables = 0
        self._cited: list[tuple[str, str]] = []
        self._boxes: list[Element] = []

    def read(self) -> Book:
        root = self._part(self._main_part())
        body = next((child for child in root if local(child) == "body"), None) if root is not None else None
        if body is None:
            raise damaged(self._archive.name, "its main part is missing")
        return Book(self._title(), list(self._blocks(body)))

    def _main_part(self) -> str:
        if "word/document.xml" in self._archive.names:
            return "word/document.xml"
        names = sorted(name for name in self._archive.names if name.startswith("word/document"))
        return names[0] if names else ""

    def _part(self, name: str) -> Element | None:
        try:
            data = self._archive.read_if_there(name)
            return parse_xml(data) if data else None
        except BadXML as error:
            raise damaged(self._archive.name, f"{name} is no proper XML ({error})") from error

    def _title(self) -> str:
        core = self._part("docProps/core.xml")
        titles = (
            [element.text or "" for element in core if local(element) == "title"] if core is not None else []
        )
        return clean(titles[0])[:_MAX_TITLE] if titles else ""

    def _blocks(self, container: Element) -> Iterator[Block]:
        for element in container:
            match local(element):
                case "p":
                    yield from self._paragraph(element)
                case "tbl":
                    yield from self._table(element)
                case "sdt" | "sdtContent" | "customXml" | "smartTag" | "ins" | "moveTo":
                    yield from self._blocks(element)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        level = self._styles.heading_level(element)
        text = self._text(element)
        number = self._numbering.label(*self._styles.list_of(element)) if text.strip() else ""
        text = f"{number} {text}" if number else text
        block = heading(text, level) if level else paragraph(text)
        if block:
            yield block
        yield from self._notes_and_boxes()

    def _notes_and_boxes(self) -> Iterator[Block]:
        """What the paragraph just read refers to, or has floating beside it."""
        cited, self._cited = self._cited, []
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            yield from self._blocks(box)
        for kind, identity in cited:
            note = self._notes[kind].get(identity)
            block = paragraph(f"{_raised(identity)} {self._text(note)}") if note is not None else None
            if block:
                yield block

    def _table(self, element: Element) -> Iterator[Block]:
        self._num_tables += 1
        number = self._num_tables
        for child in _children(element, "tr"):
            cells: list[str] = []
            later: list[Block] = []
            for cell in _children(child, "tc"):
                inner = list(self._blocks(cell))
                if any(block.kind == "row" for block in inner):  # a table in the cell keeps its own rows
                    later += inner
                    cells.append("")
                else:
                    cells.append(" ".join(block.text for block in inner))
                cells += [""] * (_grid_span(cell) - 1)
            block = row(cells, number)
            if block:
                yield block
            yield from later

    def _text(self, element: Element) -> str:
        pieces: list[str] = []
        self._collect(element, pieces)
        return "".join(pieces)

    def _collect(self, element: Element, pieces: list[str]) -> None:
        for child in element:
            match local(child):
                case "t":
                    pieces.append(child.text or "")
                case "tab" | "br" | "cr" | "ptab":
                    pieces.append(" ")
                case "noBreakHyphen":
                    pieces.append("-")
                case "footnoteReference" | "endnoteReference":
                    self._cite(child, pieces)
                case "txbxContent":
                    self._boxes.append(child)
                case "r" if self._styles.is_hidden(child):
                    pass
                case name if name not in _SKIPPED:
                    self._collect(child, pieces)

    def _cite(self, reference: Element, pieces: list[str]) -> None:
        identity = attribute(reference, "id") or ""
        pieces.append(_raised(identity))
        self._cited.append((local(reference).removesuffix("Reference"), identity))


def _notes(root: Element | None, kind: str) -> dict[str, Element]:
    if root is None:
        return {}
    return {
        attribute(note, "id") or "": note
        for note in root
        if local(note) == kind and attribute(note, "type") in (None, "normal")
    }


def _children(element: Element, name: str) -> Iterator[Element]:
    """Children of a table or row, also those wrapped in content controls or tracked changes."""
    for child in element:
        if local(child) == name:
            yield child
        elif local(child) in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _children(child, name)


def _grid_span(cell: Element) -> int:
    for properties in cell:
        if local(properties) == "tcPr":
            for child in properties:
                if local(child) == "gridSpan":
                    value = attribute(child, "val") or "1"
                    return min(int(value), 60) if value.isdecimal() and len(value) < 5 else 1
    return 1


def _raised(identity: str) -> str:
    return identity.translate(_SUPERSCRIPT)
