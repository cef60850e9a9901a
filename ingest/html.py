"""HTML, and the chapters of an EPUB, as blocks: paragraphs, headings, and table rows on one line each."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from catena.ingest.blocks import Block, Book, clean, heading, paragraph
from catena.ingest.decoding import decode_markup
from catena.ingest.tables import TableRows

_DROPPED = frozenset(
    ("script", "style", "nav", "noscript", "template", "svg", "iframe", "object", "canvas", "video", "audio")
    + ("select", "button", "dialog", "rt", "rp")
)
_BREAKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl")
    + ("dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "li", "main")
    + ("menu", "ol", "p", "section", "summary", "ul", "table", "pre", "tr", "td", "th")
    + ("h1", "h2", "h3", "h4", "h5", "h6")
)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track")
    + ("wbr",)
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])", re.I
)
_SUPERSCRIPT = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_MAX_DEPTH = 500  # of lists; browsers give up at 512 open elements


def read_html(path: Path) -> Book:
    """Read a web page or saved document."""
    return parse_html(decode_markup(path.read_bytes()))


def parse_html(markup: str) -> Book:
    """Turn markup into blocks; what a reader would not see (scripts, hidden parts, menus) is dropped."""
    parser = _Parser()
    parser.feed(markup)
    parser.close()
    parser.finish()
    return Book(parser.title, parser.blocks)


class _Parser(HTMLParser):
    """Collects text until an element ends the paragraph; tables keep their rows aside until they end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._skipped: list[str] = []  # open elements inside a dropped one
        self._heading = 0
        self._in_title = False
        self._in_pre = False
        self._in_superscript = False
        self._breaks = 0
        self._lists: list[int] = []  # next number of each open list; 0 for bullets
        self._anchors: list[str] = []
        self._tables: list[TableRows] = []
        self._num_tables = 0

    # What HTMLParser calls

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID and (self._skipped or tag not in ("br", "hr")):
            return
        attributes = {name: value or "" for name, value in attrs}
        if self._skipped or _is_dropped(tag, attributes):
            if tag not in _VOID:
                self._skipped.append(tag)
            return
        if tag in _BREAKS:
            self._flush()
        if anchor := attributes.get("id") or (attributes.get("name") if tag == "a" else ""):
            self._anchors.append(anchor)
        self._open(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag in self._skipped:
                while self._skipped.pop() != tag:
                    pass
            return
        if tag in _BREAKS:
            self._flush()
        self._close(tag)

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if self._in_title:
            self.title = clean(f"{self.title}{data}")
            return
        if self._in_superscript:
            data = _raised(data)
        if data.strip():
            self._breaks = 0
        if self._in_pre and "\n" in data:
            *lines, data = data.split("\n")
            for line in lines:
                self._text.append(line)
                self._flush()
        self._text.append(data)

    def unknown_decl(self, data: str) -> None:
        """Take the text of a CDATA part, which XHTML may hold."""
        if data.startswith("CDATA["):
            self.handle_data(data[6:])

    # What elements mean

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "br":
                self._breaks += 1
                self._text.append(" ")
                if self._breaks > 1 or self._in_pre:
                    self._flush()
            case "title" | "sup" | "pre":
                self._set_mode(tag, is_on=True)
            case "ol" | "ul" | "menu":
                number = _small_number(attributes.get("start", "1"), 1)
                self._lists = [*self._lists, number if tag == "ol" else 0][-_MAX_DEPTH:]
            case "li":
                self._begin_item()
            case "table":
                self._open_table()
            case "tr" if self._tables:
                self._end_row()
            case "td" | "th" if self._tables:
                spans = [_small_number(attributes.get(name, "1"), 1) for name in ("colspan", "rowspan")]
                self._tables[-1].begin_cell(*spans)
            case _ if tag in _HEADINGS:
                self._heading = _HEADINGS[tag]

    def _close(self, tag: str) -> None:
        match tag:
            case "title" | "sup" | "pre":
                self._set_mode(tag, is_on=False)
            case "ol" | "ul" | "menu":
                del self._lists[-1:]
            case "tr" if self._tables:
                self._end_row()
            case "table" if self._tables:
                self._end_row()
                self._tables.pop()
            case _ if tag in _HEADINGS:
                self._heading = 0

    def _set_mode(self, tag: str, *, is_on: bool) -> None:
        if tag == "title":
            self._in_title = is_on and not self.title
        elif tag == "sup":
            self._in_superscript = is_on
        else:
            self._in_pre = is_on

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        self._text.append(f"{number}. " if number else "• ")
        if number:
            self._lists[-1] = number + 1

    def _open_table(self) -> None:
        if self._tables:  # a table in a cell: the outer one is there for the layout of the page
            self.blocks += self._tables[-1].give_up()
        self._num_tables += 1
        self._tables.append(TableRows(self._num_tables))

    def _end_row(self) -> None:
        self._add(self._tables[-1].end_row())

    def _flush(self) -> None:
        text, self._text = "".join(self._text), []
        self._breaks = 0
        if self._tables and self._tables[-1].takes(text, is_heading=bool(self._heading)):
            return
        if not text or text.isspace() or text.strip() in ("•", ""):
            return
        block = heading(text, self._heading) if self._heading else paragraph(text)
        self._add([block] if block else [])

    def _add(self, blocks: list[Block]) -> None:
        if blocks and self._anchors:
            blocks[0].anchors = tuple(self._anchors)
            self._anchors = []
        self.blocks += blocks

    def finish(self) -> None:
        self._flush()
        while self._tables:
            self._end_row()
            self._tables.pop()


def _is_dropped(tag: str, attributes: dict[str, str]) -> bool:
    if tag in _DROPPED or "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN_STYLE.search(attributes.get("style", "")))


def _raised(data: str) -> str:
    """Raise the digits of a footnote mark or power, so that "5,000" and mark 2 do not read 5,0002."""
    raised = data.strip().translate(_SUPERSCRIPT)
    return raised if not any(c.isascii() and c.isalnum() for c in raised) else data


def _small_number(value: str, default: int) -> int:
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 5 else default
