"""Pictures on pages of text: which are large and new, what they cover, and whether they look as if they held text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pymupdf
from numpy.typing import NDArray

from catena.ingest.pdf.word_runs import area_of, is_inside, rotated
from catena.types import Box

MIN_SHARE = 0.008
"""Of the page: smaller pictures are icons and signatures; a line of text across a page has a hundredth."""
MIN_SHARE_OF_FIGURE = 0.03
MAX_SHARE_COVERED = 0.5
"""A picture of most of the page with text below it is a scan, and the text is what was recognised in it."""
MIN_WORDS_OF_SCAN = 20
MAX_PICTURES = 12  # looked at on one page
_FEW_PIXELS = 64  # a box drawn as a picture
_MAX_SIGHTINGS = 2  # of one picture: what comes again on every page belongs to the paper
_MAX_DEPTH = 4
MAX_REFERENCES = 500  # of one page or form
_REFERENCE = re.compile(r"(\d+) 0 R")
_KEEP, _REMOVE = 0, 0  # PDF_REDACT_IMAGE_NONE and _LINE_ART_NONE, PDF_REDACT_TEXT_REMOVE
_LOOK_DPI = 90
_TILE = 24  # pixels, about two lines of small print
_INK = 60  # of 255: what is darker or lighter than its ground by more
# The four most frequent of 32 greys: 25 to 70% of a photograph's pixels, 79 to 96% of a chart's or a page's.
_MIN_FLAT = 0.75
_MIN_TILES = 7
# Text fills more of a picture than the labels of a chart do; large letters alone are a logo.
_MIN_TEXT_SHARE, _MIN_TEXT_TILES, _MIN_LINE_TILES, _MAX_STROKE = 0.15, 30, 12, 3.0


Words = Literal["no text", "few words", "labels", "text"]


@dataclass(slots=True)
class Sight:
    """Pictures of one page and what they mean; boxes as MuPDF's text has them, before the page is turned."""

    texts: list[Box] = field(default_factory=list)
    """Pictures of text."""
    labels: list[Box] = field(default_factory=list)
    """Pictures with some words in them, such as charts."""
    drawn: list[Box] = field(default_factory=list)
    """Pictures with a word or two, or none: drawings, logos."""
    pictures: list[Box] = field(default_factory=list)
    """All that are no icons and no scan of the page."""
    covered: list[Box] = field(default_factory=list)
    """Words that nobody sees as a picture lies over them."""


class PictureFinder:
    """Finds the pictures of a document page by page; those that come again and again are looked at twice."""

    def __init__(self, doc: pymupdf.Document) -> None:
        self._doc = doc
        self._kinds: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._resources: dict[int, tuple[int, ...]] = {}
        self._sightings: Counter[int] = Counter()

    def look(self, page: Any, words: Sequence[Any]) -> Sight:
        """Look at the large pictures of a page with `words`, and for words under pictures."""
        drawn = self._drawn(page.xref, 0, set())
        self._sightings.update(drawn.keys())
        if not any(
            pixels <= _FEW_PIXELS or self._sightings[xref] <= _MAX_SIGHTINGS for xref, pixels in drawn.items()
        ):
            return Sight()
        log = page.get_bboxlog()
        area = page.rect.get_area()
        sight = Sight()
        boxes = _joined([box for kind, box in log if kind == "fill-image"])
        for box in [box for box in boxes if area_of(box) > MIN_SHARE * area][:MAX_PICTURES]:
            if area_of(box) > MAX_SHARE_COVERED * area and _num_in(words, box) > MIN_WORDS_OF_SCAN:
                continue
            sight.pictures.append(box)
            verdict = text_in(page, box, words)
            (sight.texts if verdict == "text" else sight.labels if verdict == "labels" else []).append(box)
            if verdict == "few words" and area_of(box) > MIN_SHARE_OF_FIGURE * area:
                sight.drawn.append(box)
        covered = _covered(log, words, MAX_SHARE_COVERED * area)
        sight.covered = vanishing(page, covered) if covered else []
        return sight

    def _drawn(self, xref: int, depth: int, known: set[int]) -> dict[int, int]:
        """The pictures that a page or form may draw, with their number of pixels."""
        if xref in known or depth > _MAX_DEPTH or len(known) > 1000:
            return {}
        known.add(xref)
        pixels, inner = self._kind(xref, depth == 0)
        found = {xref: pixels} if pixels else {}
        for reference in inner:
            found |= self._drawn(reference, depth + 1, known)
        return found

    def _kind(self, xref: int, is_page: bool) -> tuple[int, tuple[int, ...]]:
        """The pixels of a picture, or what a page or form refers to; learnt once an object."""
        if xref not in self._kinds:
            self._kinds[xref] = self._learnt(xref, is_page)
        return self._kinds[xref]

    def _learnt(self, xref: int, is_page: bool) -> tuple[int, tuple[int, ...]]:
        doc = self._doc
        if not is_page and doc.xref_get_key(xref, "Subtype")[1] == "/Image":
            sides = [doc.xref_get_key(xref, key)[1] for key in ("Width", "Height")]
            return (int(sides[0]) * int(sides[1]) or 1 if all(map(str.isdigit, sides)) else 1), ()
        path = "Resources"
        kind, value = doc.xref_get_key(xref, path)
        if kind == "null":
            path = "Parent/Resources"
            kind, value = doc.xref_get_key(xref, path)
        if kind == "dict" and "/XObject" not in value:
            return 0, ()
        if kind == "xref":
            return 0, self._shared(int(value.split()[0]))
        return 0, _references(doc, *doc.xref_get_key(xref, f"{path}/XObject"))

    def _shared(self, resources: int) -> tuple[int, ...]:
        """References of a dictionary of resources, which many pages may share; learnt once."""
        if resources not in self._resources:
            found = self._doc.xref_get_key(resources, "XObject")
            self._resources[resources] = _references(self._doc, *found)
        return self._resources[resources]


def _references(doc: pymupdf.Document, kind: str, value: str) -> tuple[int, ...]:
    if kind == "xref":
        value = doc.xref_object(int(value.split()[0]))
    return tuple(int(number) for number in _REFERENCE.findall(value)[:MAX_REFERENCES])


def _num_in(words: Sequence[Any], box: Box) -> int:
    return sum(is_inside(word[0], word[1], word[2], word[3], [box]) for word in words)


def _joined(boxes: Sequence[Box]) -> list[Box]:
    """Join the strips that pictures are often cut into."""
    joined: list[Box] = []
    for x0, y0, x1, y1 in boxes:
        if joined:
            left, top, right, bottom = joined[-1]
            if abs(left - x0) < 1 and abs(right - x1) < 1 and -1 < y0 - bottom < 1:
                joined[-1] = (left, top, right, y1)
                continue
        joined.append((x0, y0, x1, y1))
    return joined


def _covered(log: Sequence[Any], words: Sequence[Any], largest: float) -> list[Box]:
    """Words at places where text was drawn, then a picture, then no text."""
    pictures = [
        (order, box)
        for order, (kind, box) in enumerate(log)
        if kind == "fill-image" and area_of(box) < largest
    ][:100]
    places: list[Box] = [word[:4] for word in words]
    under = [place for place in places if is_inside(*place, [box for _, box in pictures])]
    if not under:
        return []
    texts = [(order, box) for order, (kind, box) in enumerate(log) if kind in ("fill-text", "stroke-text")]
    found = []
    for x0, y0, x1, y1 in under[:2000]:
        last_text = max((order for order, box in texts if is_inside(x0, y0, x1, y1, [box])), default=0)
        last_picture = max((order for order, box in pictures if is_inside(x0, y0, x1, y1, [box])), default=0)
        if last_picture > last_text:
            found.append((x0, y0, x1, y1))
    return found


def text_in(page: Any, box: Box, words: Sequence[Any]) -> Words:
    """Estimate the text a picture seems to hold beside the words printed on it."""
    place = pymupdf.Rect(rotated(*box, tuple(page.rotation_matrix))) & page.rect
    if place.is_empty or place.width < 8 or place.height < 6:
        return "no text"
    grey = _look(page, place)
    scale, matrix = _LOOK_DPI / 72, tuple(page.rotation_matrix)
    for x0, y0, x1, y1, *_ in words:
        x0, y0, x1, y1 = rotated(x0, y0, x1, y1, matrix)
        if x0 < place.x1 and x1 > place.x0 and y0 < place.y1 and y1 > place.y0:
            left, top = int((x0 - place.x0) * scale) - 1, int((y0 - place.y0) * scale) - 1
            right, bottom = int((x1 - place.x0) * scale) + 2, int((y1 - place.y0) * scale) + 2
            grey[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 255
    return _judged(grey)


def _judged(grey: NDArray[np.int16]) -> Words:
    levels = np.sort(np.bincount((grey >> 3).ravel(), minlength=32))
    if levels[-4:].sum() < _MIN_FLAT * grey.size:
        return "no text"
    padded = np.pad(grey, ((0, -grey.shape[0] % _TILE), (0, -grey.shape[1] % _TILE)), mode="edge")
    height, width = padded.shape
    tiles = padded.reshape(height // _TILE, _TILE, width // _TILE, _TILE)  # (rows, y, columns, x)
    ground = np.median(tiles, axis=(1, 3))[:, None, :, None]
    ink = (np.abs(tiles - ground) > _INK).reshape(height, width)
    across = np.pad(ink[:, 1:] != ink[:, :-1], ((0, 0), (0, 1))).reshape(tiles.shape).sum(axis=(1, 3))
    down = np.pad(ink[1:] != ink[:-1], ((0, 1), (0, 0))).reshape(tiles.shape).sum(axis=(1, 3))
    filled = ink.reshape(tiles.shape).mean(axis=(1, 3))
    is_text = (across > 40) & (down > 25) & (across < 4 * down) & (down < 2 * across) & (filled < 0.45)
    num_tiles = int(is_text.sum())
    if num_tiles < _MIN_TILES:
        return "few words" if num_tiles else "no text"
    stroke = 2 * ink.sum() / across.sum()
    is_block = num_tiles >= _MIN_TEXT_TILES or num_tiles >= _MIN_LINE_TILES and stroke < _MAX_STROKE
    return "text" if is_block and is_text.mean() >= _MIN_TEXT_SHARE else "labels"


def vanishing(page: Any, boxes: Sequence[Box]) -> list[Box]:
    """Of boxes of text, those in which the page looks the same without the text."""
    with pymupdf.open() as copy:
        copy.insert_pdf(page.parent, from_page=page.number, to_page=page.number)
        other = copy[0]
        other.set_rotation(page.rotation)
        seen = _look(other, other.rect)
        for box in boxes:
            other.add_redact_annot(pymupdf.Rect(box), fill=False, cross_out=False)
        other.apply_redactions(images=_KEEP, graphics=_KEEP, text=_REMOVE)
        bare = _look(other, other.rect)
    scale = _LOOK_DPI / 72
    found = []
    for box in boxes:
        x0, y0, x1, y1 = (int(value * scale) for value in rotated(*box, tuple(page.rotation_matrix)))
        if not (np.abs(seen[y0 : y1 + 1, x0 : x1 + 1] - bare[y0 : y1 + 1, x0 : x1 + 1]) > 8).any():
            found.append(box)
    return found


def _look(page: Any, place: Any) -> NDArray[np.int16]:
    picture = page.get_pixmap(dpi=_LOOK_DPI, colorspace=pymupdf.csGRAY, alpha=False, annots=False, clip=place)
    samples = np.frombuffer(picture.samples, np.uint8)
    return samples.reshape(picture.height, picture.stride)[:, : picture.width].astype(np.int16)
