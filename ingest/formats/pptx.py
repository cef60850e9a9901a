"""PowerPoint presentations (PPTX): a slide is a page, its text in the order of the file, which is read aloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from catena.ingest.formats.html_visibility import EMBEDDED, PICTURES, LeftOut
from catena.ingest.formats.omml import equation_text
from catena.ingest.formats.package_parts import PackageParts
from catena.ingest.formats.safe_xml import attribute, local
from catena.ingest.formats.slides import HIDDEN_SLIDES, slide_blocks
from catena.ingest.formats.zip_archive import Archive, damaged
from catena.ingest.pagination.blocks import Block, Book, paragraph, row

_UNREAD = frozenset(("sldNum", "dt"))
_FOOTERS = frozenset(("ftr", "hdr"))


def read_pptx(path: Path) -> Book:
    """Read a presentation. Raises DocumentError."""
    return _Presentation(Archive(path)).read()


class _Presentation:
    def __init__(self, archive: Archive) -> None:
        self._parts = PackageParts(archive)
        self._name = archive.name
        self._left_out = LeftOut()
        self._num_tables = 0
        self._met: set[str] = set()  # footers

    def read(self) -> Book:
        main = self._parts.related("").get("officeDocument", ["ppt/presentation.xml"])[0]
        root = self._parts.tree(main)
        if root is None:
            raise damaged(self._name, "its presentation is missing")
        targets = self._parts.targets(main)
        book = Book(self._parts.title(), is_paged=True)
        slides = [element for element in root.iter() if local(element) == "sldId"]
        for number, element in enumerate(slides, 1):
            book.blocks += self._slide(targets.get(_relation(element), ""), number)
        book.notes += self._left_out.notes()
        return book

    def _slide(self, member: str, number: int) -> list[Block]:
        root = self._parts.tree(member)
        if root is None:
            return []
        if attribute(root, "show") in ("0", "false"):
            self._left_out.add(HIDDEN_SLIDES)
            return []
        related = self._parts.related(member)
        shapes = [shape for tree in root.iter() if local(tree) == "spTree" for shape in _shapes(tree)]
        titles = [shape for shape in shapes if _placeholder(shape) in ("title", "ctrTitle")]
        blocks = [block for shape in shapes if shape not in titles for block in self._shape(shape, member)]
        for name in related.get("diagramData", ()):
            blocks += self._paragraphs(self._parts.tree(name))
        notes = [block for name in related.get("notesSlide", ()) for block in self._notes(name)]
        for name in related.get("comments", ()):
            notes += self._comments(name)
        title = " ".join(block.text for shape in titles for block in self._paragraphs(shape))
        return slide_blocks(number, title, blocks, notes)

    def _shape(self, shape: Element, member: str) -> Iterator[Block]:
        kind = _placeholder(shape)
        if kind in _UNREAD:
            return
        match local(shape):
            case "pic":
                self._left_out.add(PICTURES)
            case "graphicFrame":
                yield from self._frame(shape, member)
            case _:
                for block in self._paragraphs(shape):
                    if kind not in _FOOTERS or block.text not in self._met:
                        yield block
                    self._met.update([block.text] if kind in _FOOTERS else [])

    def _frame(self, shape: Element, member: str) -> Iterator[Block]:
        """A table, or a chart by the values that the file keeps of it."""
        for element in shape.iter():
            match local(element):
                case "tbl":
                    yield from self._table(element)
                    return
                case "chart" if identity := _relation(element):
                    yield from self._chart(self._parts.tree(self._parts.targets(member).get(identity, "")))
                case "oleObj":
                    self._left_out.add(EMBEDDED)

    def _table(self, element: Element) -> Iterator[Block]:
        self._num_tables += 1
        for line in element:
            if local(line) == "tr":
                cells = [
                    " ".join(block.text for block in self._paragraphs(cell))
                    for cell in line
                    if local(cell) == "tc"
                ]
                if block := row(cells, self._num_tables):
                    yield block

    def _chart(self, root: Element | None) -> Iterator[Block]:
        """The title of a chart, then a row for each category with a column for each series."""
        if root is None:
            return
        self._num_tables += 1
        series = [_series(element) for element in root.iter() if local(element) == "ser"]
        for title in [element for element in root.iter() if local(element) == "title"][:1]:
            yield from self._paragraphs(title)
        categories = next((names for _, names, _ in series if names), [])
        lines = [["", *(name for name, _, _ in series)]]
        for at, category in enumerate(categories):
            lines.append([category, *(values[at] if at < len(values) else "" for _, _, values in series)])
        yield from (block for line in lines if (block := row(line, self._num_tables)))

    def _notes(self, member: str) -> Iterator[Block]:
        root = self._parts.tree(member)
        for shape in root.iter() if root is not None else ():
            if local(shape) == "sp" and _placeholder(shape) == "body":
                yield from self._paragraphs(shape)

    def _comments(self, member: str) -> Iterator[Block]:
        root = self._parts.tree(member)
        for comment in root.iter() if root is not None else ():
            if local(comment) == "cm":
                own = [one.text or "" for one in comment.iter() if local(one) in ("text", "t")]
                yield from [block] if (block := paragraph(f"Comment: {' '.join(own)}")) else []

    def _paragraphs(self, element: Element | None) -> Iterator[Block]:
        for one in element.iter() if element is not None else ():
            if local(one) == "p" and (block := paragraph("".join(_pieces(one)))):
                yield block


def _relation(element: Element) -> str:
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _shapes(tree: Element) -> Iterator[Element]:
    """Shapes in the order of the file, those of groups too; of alternatives the first."""
    for child in tree:
        match local(child):
            case "sp" | "pic" | "graphicFrame" | "cxnSp":
                yield child
            case "grpSp":
                yield from _shapes(child)
            case "AlternateContent":
                for choice in list(child)[:1]:
                    yield from _shapes(choice)


def _placeholder(shape: Element) -> str:
    """What a shape is in its slide's layout: title, body, sldNum; nothing for one of its own."""
    return next((attribute(one, "type") or "body" for one in shape.iter() if local(one) == "ph"), "")


def _pieces(element: Element) -> Iterator[str]:
    """The text of a paragraph; of alternatives the first."""
    for child in element:
        match local(child):
            case "t":
                yield child.text or ""
            case "br":
                yield " "
            case "oMath":
                yield equation_text(child)
            case "AlternateContent":
                for choice in list(child)[:1]:
                    yield from _pieces(choice)
            case "pPr" | "rPr" | "endParaRPr":
                pass
            case _:
                yield from _pieces(child)


def _series(element: Element) -> tuple[str, list[str], list[str]]:
    """Name, categories and values of one series of a chart, as the file keeps them."""
    found: dict[str, list[str]] = {}
    for part in element:
        values = [
            "".join(one.text or "" for one in point if local(one) == "v")
            for point in part.iter()
            if local(point) == "pt"
        ]
        if local(part) == "tx" and not values:
            values = [one.text or "" for one in part.iter() if local(one) == "v"]
        found[local(part)] = values
    name = (found.get("tx") or [""])[0]
    return name, found.get("cat") or found.get("xVal") or [], found.get("val") or found.get("yVal") or []
