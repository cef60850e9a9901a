"""Text that a page holds but does not show: unpainted, covered, in the colour of its ground, tiny.

Known as a way to mislead machines, and as what is left of words that somebody blacked out. Order and colours of what is
drawn tell which words to doubt; whether they are seen is looked up in a picture of the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pymupdf

from catena.ingest.pdf.word_runs import is_inside, rotated
from catena.types import Box

MIN_VISIBLE_SIZE = 1.5  # points; 0.5 pt text is a known way to hide words from people
MIN_CONTRAST = 28  # of 255 in any colour; text of grey 0xE6 on white has 25
MIN_COVER = 2.0  # points; what is thinner underlines or strikes
PAINTED = 16 | 32  # filled or stroked; span["char_flags"] bits, mupdf/fitz/structured-text.h
VECTOR = 3  # block["type"]
_PALE = 0xE6
_ALIKE = 24  # of 255: two colours that differ less look like one
_LOOK_SCALE = 2.0  # pixels per point
_MAX_LOOK_PIXELS = 4_000_000
_BAND = 16.0  # points
_MAX_PLACES = 500  # of covered lines on one page; where there are more, all of it is looked at
_COVERING = frozenset(("Square", "Circle", "Polygon", "FreeText", "Stamp", "Ink", "Line", "Redact"))
"""Annotations that may cover text; highlights let it through."""


def hidden_text(
    page: Any, blocks: Sequence[dict[str, Any]], texts: Sequence[dict[str, Any]], words: Sequence[Any]
) -> tuple[list[Box], bool]:
    """Boxes of text that nobody sees, and whether most unpainted text lies over pictures: OCR, which stays.

    `blocks` of extractDICT stand in the order of drawing, with fills among them; `texts` are those with the words.
    """
    hidden: list[Box] = []
    unpainted: list[Box] = []
    doubtful: list[Box] = []
    fills = [block for block in blocks if block["type"] == VECTOR and _may_cover(block)]
    looks: dict[int, str] = {}
    for block in texts:
        for line in block["lines"]:
            for span in line["spans"]:
                color = span["color"]
                if not span["char_flags"] & PAINTED:
                    unpainted.append(span["bbox"])
                elif span["size"] < MIN_VISIBLE_SIZE or span["alpha"] < 8:
                    hidden.append(span["bbox"])
                elif (look := looks.get(color) or _look(looks, color, fills)) == "pale":
                    doubtful.append(span["bbox"])
                elif look == "as a fill":
                    doubtful += _on_own_colour(span, block["number"], fills)
    if fills:
        doubtful += _under_fills(fills, texts, words)
    doubtful += _under_annotations(page, words)
    if doubtful:
        hidden += unseen(page, doubtful)
    if not unpainted:
        return hidden, False
    images = [box for kind, box in page.get_bboxlog() if kind == "fill-image"]
    uncovered = [box for box in unpainted if not is_inside(*box, images)]
    return hidden + uncovered, len(uncovered) < len(unpainted) / 2


def _may_cover(fill: dict[str, Any]) -> bool:
    x0, y0, x1, y1 = fill["bbox"]
    return not fill["stroked"] and fill["alpha"] == 255 and x1 - x0 > MIN_COVER and y1 - y0 > MIN_COVER


def _is_pale(color: int) -> bool:
    return min(color >> 16, color >> 8 & 0xFF, color & 0xFF) >= _PALE


def _look(looks: dict[int, str], color: int, fills: Sequence[dict[str, Any]]) -> str:
    """Reasons to doubt a colour of text; learnt once a page."""
    if color >= 0xE6E6E6 and _is_pale(color):
        look = "pale"
    else:
        look = "as a fill" if any(_are_alike(color, fill["color"]) for fill in fills) else "plain"
    looks[color] = look
    return look


def _are_alike(one: int, other: int) -> bool:
    return all(abs((one >> shift & 0xFF) - (other >> shift & 0xFF)) < _ALIKE for shift in (16, 8, 0))


def _on_own_colour(span: dict[str, Any], number: int, fills: Sequence[dict[str, Any]]) -> list[Box]:
    """The span, where a fill of its colour was drawn under it."""
    under = [
        fill["bbox"] for fill in fills if fill["number"] < number and _are_alike(span["color"], fill["color"])
    ]
    x0, y0, x1, y1 = span["bbox"]
    return [(x0, y0, x1, y1)] if is_inside(x0, y0, x1, y1, under) else []


def _under_fills(
    fills: Sequence[dict[str, Any]], texts: Sequence[dict[str, Any]], words: Sequence[Any]
) -> list[Box]:
    """Words in places that were filled after them."""
    places = _places_under(fills, texts)
    if not places:
        return []
    boxes: list[Box] = [word[:4] for word in words]
    return [box for box in boxes if is_inside(*box, places)] if len(places) < _MAX_PLACES else boxes


def _places_under(fills: Sequence[dict[str, Any]], texts: Sequence[dict[str, Any]]) -> list[Box]:
    """Places that fills share with lines that were written before them."""
    last = fills[-1]["number"]
    bands: defaultdict[int, list[tuple[float, int, Box]]] = defaultdict(list)
    for block in texts:
        number = block["number"]
        if number > last:
            break
        for line in block["lines"]:
            box = line["bbox"]
            middle = (box[1] + box[3]) / 2
            bands[int(middle // _BAND)].append((middle, number, box))
    if not bands:
        return []
    places: list[Box] = []
    first, lowest, highest = texts[0]["number"], min(bands), max(bands)
    for fill in fills:
        if fill["number"] < first:
            continue
        x0, y0, x1, y1 = fill["bbox"]
        for band in range(max(int(y0 // _BAND), lowest), min(int(y1 // _BAND), highest) + 1):
            for middle, number, box in bands.get(band, ()):
                if number < fill["number"] and y0 <= middle <= y1 and box[0] < x1 and box[2] > x0:
                    places.append((max(x0, box[0]), y0, min(x1, box[2]), y1))
        if len(places) > _MAX_PLACES:
            break
    return places


def _under_annotations(page: Any, words: Sequence[Any]) -> list[Box]:
    if page.first_annot is None:
        return []
    places = [
        tuple(annotation.rect * page.derotation_matrix)
        for annotation in page.annots()
        if annotation.type[1] in _COVERING
    ]
    boxes: list[Box] = [word[:4] for word in words]
    return [box for box in boxes if is_inside(*box, places)]


def unseen(page: Any, boxes: Sequence[Box]) -> list[Box]:
    """Of boxes of text, those in which a picture of the page has one colour alone."""
    matrix = tuple(page.rotation_matrix)
    places = [rotated(*box, matrix) for box in boxes]
    around = pymupdf.EMPTY_RECT()
    for place in places:
        around |= place
    around &= page.rect
    if around.is_empty:
        return []
    scale = min(_LOOK_SCALE, float((_MAX_LOOK_PIXELS / around.get_area()) ** 0.5))
    picture = page.get_pixmap(
        matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False, clip=around
    )
    pixels = np.frombuffer(picture.samples_mv, np.uint8).reshape(picture.height, picture.width, 3)
    return [
        box
        for box, place in zip(boxes, places, strict=True)
        if _is_plain(pixels, _inner(place, scale, picture.x, picture.y))
    ]


def _inner(box: Box, scale: float, x: int, y: int) -> tuple[int, int, int, int]:
    """The pixels between a box's ends and around the middle of its height, which letters always reach into."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    left, right = x0 + min(0.1 * width, 1.0), x1 - min(0.1 * width, 1.0)
    top, bottom = y0 + 0.3 * height, y1 - 0.25 * height
    if height > 3 * width:  # turned text
        left, right, top, bottom = x0 + 0.3 * width, x1 - 0.25 * width, y0 + 1.0, y1 - 1.0
    return (
        max(int(left * scale) - x, 0),
        max(int(top * scale) - y, 0),
        int(right * scale) + 1 - x,
        int(bottom * scale) + 1 - y,
    )


def _is_plain(pixels: Any, place: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = place
    part = pixels[top:bottom, left:right].reshape(-1, 3)
    return len(part) == 0 or bool((part.max(0).astype(int) - part.min(0)).max() < MIN_CONTRAST)
