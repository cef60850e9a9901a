"""Reads one PDF page into runs: words that stand side by side, with boxes, size and weight; hidden text left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import pymupdf

from catena.ingest.pdf.drawn_figures import find_figures
from catena.ingest.pdf.font_ciphers import text_without_meaning
from catena.ingest.pdf.hidden_text import hidden_text
from catena.ingest.pdf.number_marks import SMALL, moved_words
from catena.ingest.pdf.page_pictures import PictureFinder, Sight
from catena.ingest.pdf.rtl import BidiLine, bidi_lines, bidi_words, is_mostly_rtl
from catena.ingest.pdf.word_runs import Glyphs, Run, is_inside, rotated
from catena.types import Box

TEXT_FLAGS: int = (
    pymupdf.TEXT_PRESERVE_WHITESPACE
    | pymupdf.TEXT_MEDIABOX_CLIP
    | pymupdf.TEXT_COLLECT_VECTORS
    | pymupdf.TEXT_LAZY_VECTORS  # or a rule through a line would cut it in two
)
BOLD = 16  # span["flags"] bit
TEXT = 0  # block["type"]
MAX_STEP_BACK = 0.4  # in font sizes; further back the same is printed again
VERTICAL_ORIGIN = 0.88  # in font sizes; the default of /DW2, PDF 32000-1 section 9.7.4.3
BULLET = "•"
"""What a sign of Dingbats, Wingdings or Webdings stands for, mostly; its character is some letter or figure."""
CELL_GAP = 1.0  # in font sizes; spaces in justified text stay below

_DROPPED = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNREADABLE = re.compile("[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_FORMS = re.compile("[\ufb13-\ufdff\ufe70-\ufefc]+")
_SPACE = re.compile("[\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOT_SPACE = re.compile("[^\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
WIDE = re.compile("[\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]")


def is_wide(character: str) -> bool:
    """Chinese and Japanese: written without spaces between words. Hangul has spaces."""
    return character >= "\u2e80" and WIDE.match(character) is not None


def is_rtl_word(text: str) -> bool:
    """Tell whether a word has Hebrew or Arabic letters."""
    return not text.isascii() and _RTL.search(text) is not None


def clean(text: str) -> str:
    """Drop controls, zero-width and bidi marks and lone surrogates; resolve ligatures and joined forms of Arabic."""
    if text.isascii() and text.isprintable():
        return text
    return _FORMS.sub(
        lambda form: normalize("NFKC", form.group()), _DROPPED.sub("", text).translate(_LIGATURES)
    )


def read_glyphs(page: Any, finder: PictureFinder | None = None) -> Glyphs:
    """Read `page` (a pymupdf.Page) in one pass over its text; with `finder` look at its pictures too."""
    rectangle = page.rect
    glyphs = Glyphs(rectangle.width, rectangle.height)
    matrix: tuple[float, ...] | None = tuple(page.rotation_matrix) if page.rotation else None
    text_page = page.get_textpage(flags=TEXT_FLAGS)
    words = text_page.extractWORDS()
    if not words:
        return glyphs
    everything = "".join([word[4] for word in words])
    if _SPACE.search(everything):
        words = [part for word in words for part in _split_at_spaces(word)]
    blocks = text_page.extractDICT()["blocks"]
    texts = [block for block in blocks if block["type"] == TEXT]
    hidden, glyphs.is_ocr = hidden_text(page, blocks, texts, words)
    sight = finder.look(page, words) if finder is not None else Sight()
    hidden += _look_at_pictures(glyphs, sight, matrix)
    glyphs.num_characters = len(everything)
    reading = _Reading(glyphs, matrix, hidden, text_without_meaning(texts))
    is_level = not everything.isascii() and matrix is None and _RTL.search(everything) is not None
    taken = _read_bidi_lines(reading, page, text_page) if is_level else frozenset()
    start, end, num_words = 0, 0, len(words)
    while start < num_words:
        number, line_number = words[start][5], words[start][6]
        end = start + 1
        while end < num_words and words[end][6] == line_number and words[end][5] == number:
            end += 1
        line = _line_of(texts[number]["lines"] if number < len(texts) else (), line_number, words[start])
        if line is not None and tuple(line["bbox"]) not in taken:
            _read_line(reading, line, words[start:end])
        start = end
    if finder is not None:
        find_figures(glyphs, blocks, sight.pictures, matrix)
    return glyphs


def _look_at_pictures(glyphs: Glyphs, sight: Sight, matrix: tuple[float, ...] | None) -> list[Box]:
    """Note the pictures with text; returns where pictures hide words."""
    glyphs.num_pictures, glyphs.num_labelled = len(sight.texts), len(sight.labels)
    texts, sparse = (
        [rotated(*box, matrix) if matrix else box for box in boxes]
        for boxes in (sight.texts, [*sight.labels, *sight.drawn])
    )
    glyphs.unread += [*texts, *sparse]
    glyphs.sparse += sparse
    return sight.covered


@dataclass(slots=True)
class _Reading:
    """State of a page while its lines are read."""

    glyphs: Glyphs
    matrix: tuple[float, ...] | None
    hidden: list[Box]
    lying: list[Box]


def _read_bidi_lines(reading: _Reading, page: Any, text_page: Any) -> frozenset[Box]:
    """Read the lines with Hebrew or Arabic; returns the boxes of MuPDF's lines in them."""
    raw = {
        (round(character[2][0]), round(character[2][1])): chr(character[0])
        for span in page.get_texttrace()
        for character in span["chars"]
        if chr(character[0]) in "()[]{}<>«»‹›"
    }
    lines = bidi_lines(text_page.extractRAWDICT()["blocks"], raw, CELL_GAP)
    rtl = [line for line in lines if any(is_rtl_word(spot.text) for spot in line.spots)]
    is_rtl_page = is_mostly_rtl(spot.text for line in lines for spot in line.spots)
    for line in rtl:
        _read_bidi_line(reading, line, is_rtl_page)
    return frozenset(box for line in rtl for box in line.places)


def _read_bidi_line(reading: _Reading, line: BidiLine, is_rtl_page: bool) -> None:
    glyphs = reading.glyphs
    span = max(line.spans, key=lambda span: len(span["chars"]))
    is_bold = bool(span["flags"] & BOLD) or "Bold" in span["font"]
    is_rtl = is_rtl_page or is_mostly_rtl(spot.text for spot in line.spots)
    for cell in bidi_words(line, CELL_GAP, is_rtl=is_rtl):
        words = []
        for raw, box in cell:
            text = _readable(raw, glyphs)
            if reading.hidden and is_inside(*box, reading.hidden):
                glyphs.num_hidden += 1
            elif text:
                words.append((text, box))
        if words:
            glyphs.runs.append(_bidi_run(words, span, is_bold=is_bold, is_rtl=is_rtl))


def _bidi_run(words: list[tuple[str, Box]], span: dict[str, Any], *, is_bold: bool, is_rtl: bool) -> Run:
    texts, boxes = [text for text, _ in words], [box for _, box in words]
    x0, y0 = min(box[0] for box in boxes), min(box[1] for box in boxes)
    x1, y1 = max(box[2] for box in boxes), max(box[3] for box in boxes)
    first_x1, last_x0 = (x1, x0) if is_rtl else (boxes[0][2], boxes[-1][0])
    baseline = span["origin"][1]
    return Run(
        x0, y0, x1, y1, first_x1, last_x0, span["size"], is_bold, texts, boxes, 0, is_rtl, False, baseline
    )


def _line_of(lines: Sequence[dict[str, Any]], number: int, word: Any) -> dict[str, Any] | None:
    """The line that a word stands in; numbers run ahead where lines lie outside the page."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    for index in range(min(number, len(lines) - 1), -1, -1):
        left, top, right, bottom = lines[index]["bbox"]
        if left - 1 <= x <= right + 1 and top - 1 <= y <= bottom + 1:
            return lines[index]
    return lines[min(number, len(lines) - 1)] if lines else None


def _read_line(reading: _Reading, line: dict[str, Any], words: list[Any]) -> None:
    glyphs, matrix, hidden = reading.glyphs, reading.matrix, reading.hidden
    spans = line["spans"]
    main = spans[0] if len(spans) == 1 else max(spans, key=lambda span: len(span["text"]))
    size: float = main["size"]
    is_bold = bool(main["flags"] & BOLD) or "Bold" in main["font"]
    turn = _turn(line["dir"], matrix)
    signs = [span["bbox"] for span in spans if "ding" in span["font"].lower()]
    lying = reading.lying
    is_vertical = line["wmode"] == 1
    if is_vertical:
        words = [_lifted(word, line["dir"], VERTICAL_ORIGIN * size) for word in words]
    elif len(spans) > 1 and not glyphs.is_ocr and min([span["size"] for span in spans]) < SMALL * size:
        words = moved_words(line, main, words)
    baseline = _baseline(main["origin"], turn, matrix, glyphs)
    width, height = glyphs.width, glyphs.height
    widest, right = CELL_GAP * size, 0.0
    back = -MAX_STEP_BACK * size
    run: Run | None = None
    texts: list[str] = []
    boxes: list[Box] = []
    for x0, y0, x1, y1, text, *_ in words:
        if signs and len(text) == 1 and is_inside(x0, y0, x1, y1, signs):
            text = BULLET
        if hidden and is_inside(x0, y0, x1, y1, hidden):
            glyphs.num_hidden += 1
            continue
        is_lying = bool(lying) and is_inside(x0, y0, x1, y1, lying)
        if is_lying or not (text.isascii() and text.isprintable()):
            known = "" if is_lying else _readable(text, glyphs)
            glyphs.num_unreadable += len(text) if is_lying else 0
            if not known:
                glyphs.unread.append(rotated(x0, y0, x1, y1, matrix) if matrix else (x0, y0, x1, y1))
                continue
            text = known
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
        if run is not None and back < x0 - right < widest:
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
            run = Run(
                x0, y0, x1, y1, x1, x0, size, is_bold, texts, boxes, turn, is_rtl, is_vertical, baseline
            )
            glyphs.runs.append(run)
        right = x1


def _baseline(
    origin: tuple[float, float], turn: int, matrix: tuple[float, ...] | None, glyphs: Glyphs
) -> float:
    """The height of a line's baseline in its frame."""
    x, y = origin
    if matrix is not None:
        x, y, _, _ = rotated(x, y, x, y, matrix)
    return framed(x, y, x, y, turn, glyphs)[1] if turn else y


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


def _readable(raw: str, glyphs: Glyphs) -> str:
    raw = raw.replace("\u00ad", "-")  # what is drawn is no hint where a word may be broken
    num_unreadable = len(_UNREADABLE.findall(raw))
    text = clean(raw)
    if len(text) == 1 and "\uf020" <= text <= "\uf0ff":
        return BULLET
    if num_unreadable:
        glyphs.num_unreadable += num_unreadable
        if num_unreadable >= len(text):
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
