"""Word files (DOCX): paragraphs, headings by style, numbered lists, tables, notes, comments, headers, text boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from catena.ingest.file_metadata import of_core
from catena.ingest.formats.docx_lines import WordText, paragraphs
from catena.ingest.formats.docx_numbering import Numbering
from catena.ingest.formats.docx_parts import Notes, Parts
from catena.ingest.formats.docx_styles import Styles
from catena.ingest.formats.html import parse_html
from catena.ingest.formats.html_visibility import LeftOut
from catena.ingest.formats.mail import saved_page
from catena.ingest.formats.plain_text import parse_text
from catena.ingest.formats.safe_xml import attribute, local
from catena.ingest.formats.text_decoding import decode, decode_markup
from catena.ingest.formats.zip_archive import Archive, damaged
from catena.ingest.pagination.blocks import Block, Book, clean, heading, paragraph, row

_WRAPPERS = frozenset(
    ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice")
)
_MAX_TITLE = 300
_FEWEST_WORDS = 4  # a footer of fewer beside a page number is "Page 3 of 9"
_MAX_DEPTH = 3  # of documents inside documents


def read_docx(path: Path) -> Book:
    """Read a Word file. Raises DocumentError."""
    return _Reader(Archive(path), 0).read()


class _Reader:
    """Walks the body; notes follow the paragraph that refers to them, headers the first headings, footers the text."""

    def __init__(self, archive: Archive, depth: int) -> None:
        self._archive = archive
        self._depth = depth
        self._parts = Parts(archive)
        self._styles = Styles(self._parts.kin("styles"))
        self._numbering = Numbering(self._parts.kin("numbering"))
        self._notes = Notes(self._parts)
        self._left_out = LeftOut()
        self._problems: list[str] = []
        self._num_tables = 0

    def read(self) -> Book:
        root = self._parts.main()
        body = next((child for child in root if local(child) == "body"), None) if root is not None else None
        if root is None or body is None:
            raise damaged(self._archive.name, "its main part is missing")
        self._notes.read_formats(root)
        blocks = list(self._blocks(body))
        first = next((at for at, block in enumerate(blocks) if block.kind != "heading"), 0)
        blocks[first:first] = self._around(root, "header")
        blocks += self._around(root, "footer")
        core = self._parts.read("docProps/core.xml")
        metadata = of_core(core) if core is not None else {}
        return Book(self._title(core), blocks, self._problems, self._left_out.notes(), metadata=metadata)

    def _title(self, core: Element | None) -> str:
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
                case "altChunk" | "subDoc":
                    yield from self._chunk(element)
                case name if name in _WRAPPERS:
                    yield from self._blocks(element)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        level = self._styles.heading_level(element)
        line = self._line(element)
        text = line.text()
        number = self._numbering.label(*self._styles.list_of(element)) if text.strip() else ""
        text = f"{number} {text}" if number else text
        block = heading(text, level) if level else paragraph(text)
        if block:
            yield block
        yield from self._beside(line)

    def _line(self, element: Element) -> WordText:
        line = WordText(self._styles, self._notes.mark, self._left_out)
        line.collect(element)
        return line

    def _beside(self, line: WordText) -> Iterator[Block]:
        """Text that the paragraph just read refers to, or has floating beside it."""
        for box in line.boxes:
            yield from self._blocks(box)
        for kind, identity in line.cited:
            note = self._notes.take(kind, identity)
            text = (
                " ".join(self._line(inner).text() for inner in paragraphs(note)) if note is not None else ""
            )
            if text.strip():
                block = paragraph(f"{self._notes.label(kind, identity)} {text}")
                yield from [block] if block else []

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

    def _chunk(self, element: Element) -> Iterator[Block]:
        """A whole document that Word shows in this place."""
        member = self._parts.target(attribute(element, "id") or "")
        data = self._archive.read_if_there(member) if member else None
        if data is None or self._depth >= _MAX_DEPTH:
            self._problems.append("a part of another file that it shows is not in it")
            return
        book = _read_chunk(member, data, self._read_inner)
        self._problems += book.problems
        for block in book.blocks:
            if block.table:  # numbers of tables are this document's
                block.table += self._num_tables
            yield block
        self._num_tables += max((block.table for block in book.blocks), default=0)

    def _read_inner(self, name: str, data: bytes) -> Book:
        return _Reader(Archive(Path(name), data), self._depth + 1).read()

    def _around(self, root: Element, name: str) -> list[Block]:
        """Headers or footers, each once, without the numbers of pages."""
        found: dict[str, Block] = {}
        for reference in root.iter():
            if local(reference) == f"{name}Reference":
                part = self._parts.read(self._parts.target(attribute(reference, "id") or ""))
                for element in paragraphs(part) if part is not None else ():
                    line = self._line(element)
                    block = paragraph(line.text())
                    is_page = line.has_page_field and len(line.text().split()) < _FEWEST_WORDS
                    if block and not is_page:
                        found.setdefault(block.text, block)
        return list(found.values())


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


def _read_chunk(member: str, data: bytes, read_word: Callable[[str, bytes], Book]) -> Book:
    """Read a part by its content; one that cannot be read is a problem of the book. Raises DocumentError."""
    name = PurePosixPath(member).name
    head = data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if data.startswith(b"PK\x03\x04"):
        return read_word(name, data)
    if head.startswith(b"{\\rtf"):
        return Book(problems=[f"a part in Rich Text ({name}) was not read"])
    if head.startswith((b"mime-version:", b"content-type:", b"from:")):
        return saved_page(data)
    if head.startswith(b"<") or name.lower().endswith((".html", ".htm", ".xhtml")):
        return parse_html(decode_markup(data).text)
    if b"\0" in data[:1024]:
        return Book(problems=[f"a part of unknown kind ({name}) was not read"])
    return parse_text(decode(data).text)
