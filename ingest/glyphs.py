"""Reads one PDF page into runs: words that stand side by side, with boxes, size and weight; hidden text left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pymupdf

from catena.ingest.boxes import is_inside, rotated
from catena.ingest.hidden import hidden_spans
from catena.types import Box

TEXT_FLAGS: int = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
BOLD = 16  # span["flags"] bit
VERTICAL_ORIGIN = 0.88  # in font sizes; the default of /DW2, PDF 32000-1 section 9.7.4.3
BULLET = "•"
"""What a sign of Dingbats, Wingdings or Webdings stands for, mostly; its character is some letter or figure."""
CELL_GAP = 1.0  # in font sizes; spaces in justified text stay below

_DROPPED = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_SPACE = re.compile("[\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOT_SPACE = re.compile("[^\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
WIDE = re.compile("[\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")


@dataclass(slots=True)
class Run:
    """Words side by side without a wide gap, in the frame in which they read from left to right.

    `texts[i]` is printed in `boxes[i]`, a box on the page as displayed; all other places are in the frame:
    the first word ends at `first_x1`, the last begins at `last_x0`.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    first_x1: float
    last_x0: float
    size: float
    is_bold: bool
    texts: list[str]
    boxes: list[Box]
    turn: int = 0
    is_rtl: bool = False
    is_vertical: bool = False

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@dataclass(slots=True)
class Glyphs:
    """What one page yielded."""

    width: float
    height: float
    runs: list[Run] = field(default_factory=list)
    num_characters: int = 0
    num_hidden: int = 0
    num_unreadable: int = 0
    is_ocr: bool = False


def is_wide(character: str) -> bool:
    """Chinese and Japanese: written without spaces between words. Hangul has spaces."""
    return character >= "\u2e80" and WIDE.match(character) is not None


def is_rtl_word(text: str) -> bool:
    """Whether a word has Hebrew or Arabic letters."""
    return not text.isascii() and _RTL.search(text) is not None


def clean(text: str) -> str:
    """Drop controls, zero-width and bidi marks and lone surrogates; resolve ligatures."""
    return text if text.isascii() and text.isprintable() else _DROPPED.sub("", text).translate(_LIGATURES)


def read_glyphs(page: Any) -> Glyphs:
    """Read `page` (a pymupdf.Page) in one pass over its text."""
    rectangle = page.rect
    glyphs = Glyphs(rectangle.width, rectangle.height)
    matrix: tuple[float, ...] | None = tuple(page.rotation_matrix) if page.rotation else None
    text_page = page.get_textpage(flags=TEXT_FLAGS)
    words = text_page.extractWORDS()
    if not words:
        return glyphs
    if _SPACE.search("".join([word[4] for word in words])):
        words = [part for word in words for part in _split_at_spaces(word)]
    blocks = {block["number"]: block["lines"] for block in text_page.extractDICT()["blocks"]}
    hidden, glyphs.is_ocr = hidden_spans(page, blocks.values())
    glyphs.num_characters = sum(len(word[4]) for word in words)
    start, end, num_words = 0, 0, len(words)
    while start < num_words:
        number, line_number = words[start][5], words[start][6]
        end = start + 1
        while end < num_words and words[end][6] == line_number and words[end][5] == number:
            end += 1
        line = _line_of(blocks.get(number, ()), line_number, words[start])
        if line is not None:
            _read_line(glyphs, line, words[start:end], matrix, hidden)
        start = end
    return glyphs


def _line_of(lines: Sequence[dict[str, Any]], number: int, word: Any) -> dict[str, Any] | None:
    """The line that a word stands in; numbers run ahead where lines lie outside the page."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    for index in range(min(number, len(lines) - 1), -1, -1):
        left, top, right, bottom = lines[index]["bbox"]
        if left - 1 <= x <= right + 1 and top - 1 <= y <= bottom + 1:
            return lines[index]
    return lines[min(number, len(lines) - 1)] if lines else None


def _read_line(
    glyphs: Glyphs,
    line: dict[str, Any],
    words: list[Any],
    matrix: tuple[float, ...] | None,
    hidden: list[Box],
) -> None:
    spans = line["spans"]
    main = spans[0] if len(spans) == 1 else max(spans, key=_num_characters)
    size: float = main["size"]
    is_bold = bool(main["flags"] & BOLD) or "Bold" in main["font"]
    turn = _turn(line["dir"], matrix)
    signs = [span["bbox"] for span in spans if "ding" in span["font"].lower()]
    is_vertical = line["wmode"] == 1
    if is_vertical:
        words = [_lifted(word, line["dir"], VERTICAL_ORIGIN * size) for word in words]
    width, height = glyphs.width, glyphs.height
    widest, right = CELL_GAP * size, 0.0
    run: Run | None = None
    texts: list[str] = []
    boxes: list[Box] = []
    for x0, y0, x1, y1, text, *_ in words:
        if signs and len(text) == 1 and is_inside(x0, y0, x1, y1, signs):
            text = BULLET
        if not (text.isascii() and text.isprintable()):
            text = _readable(text, glyphs)
            if not text:
                continue
        if hidden and is_inside(x0, y0, x1, y1, hidden):
            glyphs.num_hidden += 1
            continue
        if matrix is not None:
            x0, y0, x1, y1 = rotated(x0, y0, x1, y1, matrix)
        if x0 < 0.0 or y0 < 0.0 or x1 > width or y1 > height:
            x0, y0, x1, y1 = max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height)
        if x0 >= x1 or y0 >= y1:
            glyphs.num_hidden += 1
            continue
        box = (x0, y0, x1, y1)
        if turn:
            x0, y0, x1, y1 = framed(x0, y0, x1, y1, turn, glyphs)
        if run is not None and -size < x0 - right < widest:
            texts.append(text)
            boxes.append(box)
            run.last_x0, run.x1 = x0, x1
            if y0 < run.y0:
                run.y0 = y0
            if y1 > run.y1:
                run.y1 = y1
        else:
            texts, boxes = [text], [box]
            is_rtl = is_rtl_word(text)
            run = Run(x0, y0, x1, y1, x1, x0, size, is_bold, texts, boxes, turn, is_rtl, is_vertical)
            glyphs.runs.append(run)
        right = x1


def _lifted(word: Any, direction: tuple[float, float], distance: float) -> Any:
    """MuPDF draws the boxes of vertical writing from the middle of a character's top, one em too late."""
    x0, y0, x1, y1, *rest = word
    dx, dy = direction[0] * distance, direction[1] * distance
    return (x0 - dx, y0 - dy, x1 - dx, y1 - dy, *rest)


def _split_at_spaces(word: Any) -> Iterator[Any]:
    """Cut a word at spaces that MuPDF does not take for spaces; the box is shared out by characters."""
    x0, y0, x1, y1, text, *place = word
    unit = (x1 - x0) / len(text)
    for match in _NOT_SPACE.finditer(text):
        yield (x0 + unit * match.start(), y0, x0 + unit * match.end(), y1, match.group(), *place)


def _num_characters(span: dict[str, Any]) -> int:
    return len(span["text"])


def _readable(raw: str, glyphs: Glyphs) -> str:
    text = clean(raw.replace("\u00ad", "-"))  # what is drawn is no hint where a word may be broken
    if len(text) == 1 and "\uf020" <= text <= "\uf0ff":
        return BULLET
    num_unreadable = len(_UNREADABLE.findall(text))
    if num_unreadable:
        glyphs.num_unreadable += num_unreadable
        if num_unreadable == len(text):
            return ""
    return text


def _turn(direction: tuple[float, float], matrix: tuple[float, ...] | None) -> int:
    """Quarter turns clockwise of the reading direction, as displayed."""
    dx, dy = direction
    if matrix is not None:
        a, b, c, d = matrix[:4]
        dx, dy = dx * a + dy * c, dx * b + dy * d
    if abs(dx) >= abs(dy):
        return 0 if dx >= 0 else 2
    return 1 if dy > 0 else 3


def framed(x0: float, y0: float, x1: float, y1: float, turn: int, glyphs: Glyphs) -> Box:
    """Turn the page so that text of this direction reads from left to right."""
    if turn == 1:
        return y0, glyphs.width - x1, y1, glyphs.width - x0
    if turn == 2:
        return glyphs.width - x1, glyphs.height - y1, glyphs.width - x0, glyphs.height - y0
    return glyphs.height - y1, x0, glyphs.height - y0, x1
