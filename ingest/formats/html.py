"""HTML, and the chapters of an EPUB, as blocks: paragraphs, headings, and table rows on one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from selectolax.lexbor import LexborNode

from catena.ingest.file_metadata import of_html
from catena.ingest.formats import html_visibility
from catena.ingest.formats.docx_numbering import format_number
from catena.ingest.formats.html_tables import TableRows
from catena.ingest.formats.markup import attributes, parse_markup, walk
from catena.ingest.formats.mathml import formula_text
from catena.ingest.formats.text_decoding import decode_markup
from catena.ingest.pagination.blocks import Block, Book, clean, heading, paragraph
from catena.ingest.raised import MARKS

_BREAKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr",
    "html", "legend", "li", "listing", "main", "menu", "ol", "p", "plaintext", "pre", "search", "section",
    "summary", "table", "td", "textarea", "th", "tr", "ul", "xmp", "h1", "h2", "h3", "h4", "h5", "h6",
))  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_VERBATIM = frozenset(("pre", "listing", "plaintext", "xmp", "textarea"))
_NUMBERS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MARKS: dict[str, Callable[[str], str]] = {**MARKS, "quote": lambda text: f"“{text}”"}
_UNTYPED = frozenset(("hidden", "password", "file", "color", "range"))  # inputs without words
_MAX_FRAMES = 3  # documents within documents
_MAX_PAGE_NUMBER = 12  # characters


def read_html(path: Path) -> Book:
    """Read a web page or saved document."""
    decoded = decode_markup(path.read_bytes())
    book = parse_html(decoded.text)
    book.notes += decoded.notes
    return book


def parse_html(markup: str, *, is_xhtml: bool = False, page_breaks: Mapping[str, str] | None = None) -> Book:
    """Turn markup into blocks; what a reader would not see (scripts, hidden parts, menus) is dropped and counted.

    `page_breaks` maps anchors to the printed pages that start there.
    """
    reader = _Reader(page_breaks or {})
    reader.read(markup, is_xhtml=is_xhtml)
    return Book(
        reader.title, reader.blocks, reader.problems, reader.left_out.notes(), metadata=reader.metadata
    )


@dataclass(slots=True)
class _List:
    """An open list: its next number, and how numbers are written ("" for bullets)."""

    style: str
    number: int = 1
    step: int = 1


class _Reader:
    """Collects text until an element ends the paragraph; tables keep their rows aside until they end."""

    def __init__(self, page_breaks: Mapping[str, str]) -> None:
        self.title = ""
        self.metadata: dict[str, list[str]] = {}
        self.blocks: list[Block] = []
        self.problems: list[str] = []
        self.left_out = html_visibility.LeftOut()
        self._page_breaks = page_breaks
        self._next_page = self._new_page = (
            ""  # printed ones: that starts with the next word, with the next block
        )
        self._text: list[str] = []
        self._label = ""  # of a list item whose words are still to come
        self._marks: list[tuple[str, int]] = []  # open ones: what, and from which piece of the text on
        self._heading = self._breaks = self._num_frames = self._num_tables = self._verbatim = 0
        self._lists: list[_List] = []
        self._anchors: list[str] = []
        self._tables: list[TableRows] = []
        self._browsing: set[int] = set()
        self._marked: list[int] = []

    def read(self, markup: str, *, is_xhtml: bool = False) -> None:
        root = parse_markup(markup, is_xhtml=is_xhtml)
        if root is None:
            return
        self.title = self.title or _title(root)
        self.metadata = self.metadata or of_html(_metas(root))
        self._browsing |= html_visibility.browsing_lines(root)
        nodes = walk(root)
        is_skipped: bool | None = None
        while True:
            try:
                node, is_end = nodes.send(is_skipped)
            except StopIteration:
                break
            is_skipped = False
            if is_end:
                self._leave(node)
            elif node.is_text_node:
                self._take(node.text_content or "")
            elif node.is_element_node:
                is_skipped = self._enter(node)
        self._finish()

    # What elements mean

    def _enter(self, node: LexborNode) -> bool:
        """Open an element; True when nothing inside of it is to be read."""
        tag = node.tag or ""
        own = attributes(node)
        if (
            tag in html_visibility.UNSEEN
            or html_visibility.is_browsing(tag, own)
            or node.mem_id in self._browsing
        ):
            return True
        if html_visibility.is_hidden(tag, own):
            return self._pass_over(node)
        if tag in _BREAKS:
            self._flush()
        if html_visibility.kinds(own) & html_visibility.PAGE_BREAKS and self._turn_page(node, own):
            return True
        self._note_place(tag, own)
        if read := _WHOLE.get(tag):
            read(self, node, own)
            return True
        self._open(tag, own)
        if mark := html_visibility.mark_of(tag, own):
            self._marks.append((mark, len(self._text)))
            self._marked.append(node.mem_id)
        return False

    def _open(self, tag: str, own: Mapping[str, str]) -> None:
        match tag:
            case "br":
                self._breaks += 1
                self._text.append(" ")
                if self._breaks > 1 or self._verbatim:
                    self._flush()
            case "ol" | "ul" | "menu":
                self._lists.append(_list(tag, own))
            case "li":
                self._begin_item(own)
            case "table":
                self._open_table()
            case "tr" if self._tables:
                self._end_row()
            case "td" | "th" if self._tables:
                spans = [_small_number(own.get(name, "1"), 1) for name in ("colspan", "rowspan")]
                self._tables[-1].begin_cell(*spans)
            case "object" if own.get("data"):
                self.left_out.add(html_visibility.EMBEDDED)
            case "frameset" if not self._num_frames:
                self._num_frames += 1
                self.problems.append("it is a frame around other pages, which were not read: add those")
            case _ if tag in _VERBATIM:
                self._verbatim += 1
            case _ if tag in _HEADINGS:
                self._heading = _HEADINGS[tag]
            case _ if own.get("role") == "heading":
                self._heading = min(_small_number(own.get("aria-level", "2"), 2), 6)

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if self._marked and self._marked[-1] == node.mem_id:
            self._marked.pop()
            self._close_mark()
        if tag in _BREAKS:
            self._flush()
        match tag:
            case "ol" | "ul" | "menu":
                del self._lists[-1:]
                self._label = ""
            case "li":
                self._label = ""
            case "tr" if self._tables:
                self._end_row()
            case "table" if self._tables:
                self._end_row()
                self._tables.pop()
            case _ if tag in _VERBATIM:
                self._verbatim -= 1
            case _ if tag in _HEADINGS:
                self._heading = 0
            case _ if self._heading and node.attributes.get("role") == "heading":
                self._flush()
                self._heading = 0

    def _note_place(self, tag: str, own: Mapping[str, str]) -> None:
        anchor = own.get("id") or (own.get("name") if tag == "a" else "")
        if anchor:
            self._anchors.append(anchor)
        self._next_page = self._page_breaks.get(anchor or "", self._next_page)

    def _turn_page(self, node: LexborNode, own: Mapping[str, str]) -> bool:
        """Note that a printed page starts here; its number is no part of the text."""
        number = clean(node.text())
        is_number = len(number) <= _MAX_PAGE_NUMBER
        self._note_place(node.tag or "", own)
        self._next_page = own.get("title") or own.get("aria-label") or number * is_number or self._next_page
        return is_number

    def _pass_over(self, node: LexborNode) -> bool:
        """Leave out what is hidden; a formula hidden behind its own picture is read."""
        if (math := node.css_first("math")) and math.text().strip() == node.text().strip():
            self._formula(math, {})
        elif words := len(node.text(separator=" ").split()):
            self.left_out.add(html_visibility.HIDDEN, words)
        return True

    # Elements that are read whole

    def _formula(self, node: LexborNode, own: Mapping[str, str]) -> None:
        self._take(formula_text(node))

    def _drawing(self, node: LexborNode, own: Mapping[str, str]) -> None:
        if words := html_visibility.drawn_text(node):
            self._flush()
            self._take(words)
            self._flush()

    def _frame(self, node: LexborNode, own: Mapping[str, str]) -> None:
        if not (inner := own.get("srcdoc")):
            self.left_out.add(html_visibility.FRAMES)
        elif self._num_frames < _MAX_FRAMES:
            self._num_frames += 1
            self._flush()
            self._inside(inner)

    def _inside(self, markup: str) -> None:
        """Read a document that stands inside of this one."""
        inner = _Reader(self._page_breaks)
        inner._num_frames = self._num_frames
        inner.left_out = self.left_out
        inner.read(markup)
        self._add(inner.blocks)

    def _picture(self, node: LexborNode, own: Mapping[str, str]) -> None:
        if own.get("alt", "none"):  # an empty one says: decoration
            self.left_out.add(html_visibility.PICTURES)

    def _embedded(self, node: LexborNode, own: Mapping[str, str]) -> None:
        self.left_out.add(html_visibility.EMBEDDED)

    def _input(self, node: LexborNode, own: Mapping[str, str]) -> None:
        kind = own.get("type", "text").lower()
        if kind in ("checkbox", "radio"):
            signs = "☐☑" if kind == "checkbox" else "○◉"
            self._take(f"{signs['checked' in own]} ")
        elif kind not in _UNTYPED and own.get("value"):
            self._take(f" {own['value']} ")

    def _choice(self, node: LexborNode, own: Mapping[str, str]) -> None:
        options = node.css("option")
        chosen = [option for option in options if "selected" in option.attributes]
        if "multiple" in own or _small_number(own.get("size", "1"), 1) > 1:
            chosen = options
        self._take(f" {', '.join(clean(option.text()) for option in chosen or options[:1])} ")

    # Text

    def _take(self, data: str) -> None:
        if self._next_page and data.strip():
            data = self._begin_page(data)
        if data.strip():
            self._breaks = 0
        if self._verbatim and "\n" in data:
            *lines, data = data.split("\n")
            for line in lines:
                self._text.append(line)
                self._flush()
        self._text.append(data)

    def _begin_page(self, data: str) -> str:
        """Start a printed page at a word; what stands before it belongs to the page before."""
        written = "".join(self._text)
        if written.strip() and not self._tables and not self._marks:
            if not written[-1].isspace() and not data[0].isspace():  # in the middle of a word
                rest, gap, data = data.partition(" ")
                self._text.append(rest)
                if not gap:
                    return ""
            self._flush()
        self._new_page, self._next_page = self._next_page, ""
        return data

    def _close_mark(self) -> None:
        mark, start = self._marks.pop()
        text = "".join(self._text[start:])
        if text:
            self._text[start:] = [_MARKS[mark](text)]

    def _begin_item(self, own: Mapping[str, str]) -> None:
        current = self._lists[-1] if self._lists else _List("")
        if not current.style:
            self._label = "• "
            return
        current.number = _small_number(own.get("value", ""), current.number)
        self._label = f"{format_number(current.number, current.style)}. "
        current.number += current.step

    def _open_table(self) -> None:
        if self._tables:  # a table in a cell: the outer one is there for the layout of the page
            self._add(self._tables[-1].give_up())
        self._num_tables += 1
        self._tables.append(TableRows(self._num_tables))

    def _end_row(self) -> None:
        self._add(self._tables[-1].end_row())

    def _flush(self) -> None:
        text, self._text = "".join(self._text), []
        self._marks = [(mark, 0) for mark, _ in self._marks]
        self._breaks = 0
        if not text or text.isspace():
            return
        text, self._label = f"{self._label}{text}", ""
        if self._tables and self._tables[-1].takes(text, is_heading=bool(self._heading)):
            return
        block = heading(text, self._heading) if self._heading else paragraph(text)
        self._add([block] if block else [])

    def _add(self, blocks: list[Block]) -> None:
        if blocks and self._anchors:
            blocks[0].anchors = (*self._anchors, *blocks[0].anchors)
            self._anchors = []
        if blocks and self._new_page:
            blocks[0].printed_page, self._new_page = clean(self._new_page), ""
        self.blocks += blocks

    def _finish(self) -> None:
        self._flush()
        while self._tables:
            self._end_row()
            self._tables.pop()


_WHOLE: dict[str, Callable[[_Reader, LexborNode, Mapping[str, str]], None]] = {
    "math": _Reader._formula,
    "svg": _Reader._drawing,
    "iframe": _Reader._frame,
    "frame": _Reader._frame,
    "img": _Reader._picture,
    "canvas": _Reader._picture,
    "video": _Reader._embedded,
    "audio": _Reader._embedded,
    "embed": _Reader._embedded,
    "applet": _Reader._embedded,
    "input": _Reader._input,
    "select": _Reader._choice,
}


def _metas(root: LexborNode) -> Iterator[tuple[str, str]]:
    for node in root.css("meta"):
        own = node.attributes
        name, content = own.get("name") or own.get("property"), own.get("content")
        if name and content:
            yield name, content


def _title(root: LexborNode) -> str:
    found = root.css_first("head > title") or root.css_first("title")
    return clean(found.text()) if found is not None else ""


def _list(tag: str, own: Mapping[str, str]) -> _List:
    if tag != "ol":
        return _List("")
    style = _NUMBERS.get(own.get("type", "1"), "decimal")
    return _List(style, _small_number(own.get("start", "1"), 1), -1 if "reversed" in own else 1)


def _small_number(value: str, default: int) -> int:
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 5 else default
