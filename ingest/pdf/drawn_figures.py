"""Figures of a PDF page: what it draws, among its words, and which of it has to be recognised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catena.ingest.figures.figure_regions import Drawn, Shape, TextLine, draws, find_regions, union
from catena.ingest.pdf.hidden_text import VECTOR
from catena.ingest.pdf.page_pictures import MIN_SHARE, text_in
from catena.ingest.pdf.word_runs import FigurePlace, Glyphs, area_of, is_inside, rotated
from catena.types import Box

Matrix = tuple[float, ...] | None


def find_figures(
    glyphs: Glyphs, blocks: Sequence[dict[str, Any]], pictures: Sequence[Box], matrix: Matrix
) -> None:
    """Note figures among `blocks` of extractDICT and `pictures`; their boxes are of the page before it is turned."""
    shapes = [_shape(block, matrix) for block in blocks if block["type"] == VECTOR]
    if not pictures and not any(draws(shape) for shape in shapes):
        return
    placed = [rotated(*box, matrix) if matrix else box for box in pictures]
    lines = [TextLine(run.text, union(run.boxes), len(run.texts)) for run in glyphs.runs]
    regions = find_regions(Drawn(glyphs.width, glyphs.height, shapes, placed, lines))
    glyphs.figures = [
        FigurePlace(one.box, *((one.caption.text, one.caption.box) if one.caption else ())) for one in regions
    ]


def find_lone_pictures(page: Any, glyphs: Glyphs) -> None:
    """Note the pictures of a page without text, which is none itself."""
    matrix = tuple(page.rotation_matrix)
    boxes = [box for kind, box in page.get_bboxlog() if kind == "fill-image"]
    area = page.rect.get_area()
    find_figures(glyphs, (), [box for box in boxes if area_of(box) > MIN_SHARE * area], matrix)


def look_for_drawn_words(page: Any, glyphs: Glyphs) -> None:
    """Note the figures with a caption in which words seem to be drawn as shapes: they have to be recognised."""
    inverse: tuple[float, ...] = tuple(page.derotation_matrix)
    for figure in glyphs.figures:
        has_words = any(is_inside(*box, [figure.box]) for run in glyphs.runs for box in run.boxes)
        is_known = any(is_inside(*box, [figure.box]) for box in glyphs.unread)
        if not figure.caption or has_words or is_known:
            continue
        words = text_in(page, rotated(*figure.box, inverse), ())
        if words != "no text":
            glyphs.unread.append(figure.box)
            glyphs.sparse.append(figure.box)
            glyphs.num_labelled += words != "few words"


def _shape(block: dict[str, Any], matrix: Matrix) -> Shape:
    box: Box = block["bbox"]
    return Shape(rotated(*box, matrix) if matrix else box, block["isrect"], block["color"], block["stroked"])
