"""Lines of a Word paragraph: runs with their marks, symbols, equations, references to notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from xml.etree.ElementTree import Element

from catena.ingest.dingbats import dingbat, is_symbol_font
from catena.ingest.formats import html_visibility
from catena.ingest.formats.docx_styles import Styles
from catena.ingest.formats.omml import equation_text
from catena.ingest.formats.safe_xml import attribute, local
from catena.ingest.raised import MARKS, to_superscript

# Not on the page: properties, the other form of what was read already, instructions, the readings of ruby.
_SKIPPED = frozenset((
    "Fallback", "rPr", "pPr", "sectPr", "proofErr", "commentRangeStart", "instrText", "delInstrText", "rt",
    "sdtPr", "rubyPr", "tblPr", "docPr", "cNvGraphicFramePr", "numPr",
))  # fmt: skip
_DELETED = frozenset(("del", "moveFrom"))
_PAGE_FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES")
CHARTS = "charts and diagrams that were not read"
DELETED = "words that tracked changes delete were left out"


@dataclass(slots=True)
class WordText:
    """The text of one paragraph, and what it refers to: notes, comments, boxes beside it.

    `number_of` gives the mark of a note as printed; `left_out` counts what is not read.
    """

    styles: Styles
    number_of: Callable[[str, str], str]
    left_out: html_visibility.LeftOut
    cited: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    has_page_field: bool = False
    _pieces: list[tuple[str, str]] = field(default_factory=list)  # mark, text
    _mark: str = ""
    _font: str = ""
    _fields: list[str] = field(default_factory=list)  # instructions of the open fields

    def collect(self, element: Element) -> None:
        for child in element:
            name = local(child)
            if read := _READERS.get(name):
                read(self, child)
            elif name in _DELETED:
                self.left_out.add(DELETED, len(_plain_text(child).split()))
            elif name not in _SKIPPED:
                self.collect(child)

    def text(self) -> str:
        """The text so far; neighbours with the same mark are one figure."""
        joined = (
            (mark, "".join(text for _, text in group)) for mark, group in groupby(self._pieces, itemgetter(0))
        )
        return "".join(MARKS[mark](text) if mark else text for mark, text in joined)

    def _write(self, text: str) -> None:
        if any(_is_page_field(instruction) for instruction in self._fields):
            self.has_page_field = True
        elif text:
            self._pieces.append((self._mark, text))

    def _run(self, run: Element) -> None:
        if self.styles.is_hidden(run):
            self.left_out.add(html_visibility.HIDDEN, len(_plain_text(run).split()))
            return
        before = self._mark, self._font
        self._mark, self._font = self.styles.mark(run), self.styles.font(run)
        self.collect(run)
        self._mark, self._font = before

    def _letters(self, element: Element) -> None:
        text = element.text or ""
        if self._font and is_symbol_font(self._font):
            text = "".join(dingbat(self._font, ord(character)) or character for character in text)
        self._write(text)

    def _symbol(self, element: Element) -> None:
        code, font = attribute(element, "char") or "", attribute(element, "font") or ""
        try:
            number = int(code, 16)
        except ValueError:
            return
        is_private = 0xE000 <= number <= 0xF8FF or number > 0x10FFFF
        self._write(dingbat(font, number) or ("" if is_private else chr(number)))

    def _refer(self, element: Element) -> None:
        kind, identity = local(element).removesuffix("Reference"), attribute(element, "id") or ""
        self.cited.append((kind, identity))
        if kind == "comment":
            return
        if attribute(element, "customMarkFollows") not in ("1", "true", "on"):
            self._pieces.append(("", to_superscript(self.number_of(kind, identity), is_formula=True)))

    def _field_character(self, element: Element) -> None:
        match attribute(element, "fldCharType"):
            case "begin":
                self._fields.append("")
                self._write(_form_field(element))
            case "end" if self._fields:
                self._fields.pop()

    def _instruct(self, element: Element) -> None:
        if self._fields:
            self._fields[-1] += element.text or ""

    def _simple_field(self, element: Element) -> None:
        self._fields.append(attribute(element, "instr") or "")
        self.collect(element)
        self._fields.pop()

    def _draw(self, element: Element) -> None:
        """A drawing: its boxes are read, its pictures, charts and diagrams counted."""
        before = len(self.boxes)
        self.collect(element)
        names = {local(inner) for inner in element.iter()}
        if names & {"chart", "relIds"}:
            self.left_out.add(CHARTS)
        elif len(self.boxes) == before and names & {"pic", "imagedata", "blip"}:
            self.left_out.add(html_visibility.PICTURES)


def _plain_text(element: Element) -> str:
    return " ".join(inner.text or "" for inner in element.iter() if local(inner) in ("t", "delText"))


def _is_page_field(instruction: str) -> bool:
    return instruction.split()[:1] in [[name] for name in _PAGE_FIELDS]


def _form_field(begin: Element) -> str:
    """Text of a form field that has none of its own: a box, ticked or not, or a choice of a list."""
    for inner in begin.iter():
        match local(inner):
            case "checkBox":
                return "☑" if _is_on(_settings(inner, "checked") or _settings(inner, "default")) else "☐"
            case "ddList":
                entries = list(_settings(inner, "listEntry"))
                chosen = next(iter(_settings(inner, "result")), "0")
                return entries[int(chosen)] if chosen.isdecimal() and int(chosen) < len(entries) else ""
    return ""


def _settings(element: Element, name: str) -> list[str]:
    return [attribute(child, "val") or "1" for child in element if local(child) == name]


def _is_on(values: list[str]) -> bool:
    return bool(values) and values[0] not in ("0", "false", "off")


def _gap(text: WordText, _: Element) -> None:
    text._write(" ")


_READERS: dict[str, Callable[[WordText, Element], None]] = {
    "t": WordText._letters,
    "r": WordText._run,
    "tab": _gap,
    "br": _gap,
    "cr": _gap,
    "ptab": _gap,
    "noBreakHyphen": lambda text, _: text._write("-"),
    "sym": WordText._symbol,
    "oMath": lambda text, element: text._write(equation_text(element)),
    "footnoteReference": WordText._refer,
    "endnoteReference": WordText._refer,
    "commentReference": WordText._refer,
    "fldChar": WordText._field_character,
    "instrText": WordText._instruct,
    "fldSimple": WordText._simple_field,
    "drawing": WordText._draw,
    "pict": WordText._draw,
    "object": lambda text, _: text.left_out.add(html_visibility.EMBEDDED),
    "txbxContent": lambda text, element: text.boxes.append(element),
    "textpath": lambda text, element: text._write(f" {attribute(element, 'string') or ''} "),
}


def paragraphs(element: Element) -> Iterator[Element]:
    """Paragraphs at any depth, as in a note or a header."""
    for child in element:
        if local(child) == "p":
            yield child
        else:
            yield from paragraphs(child)
