"""Text that a page holds but does not show: unpainted, white on white, tiny. Known as a way to mislead machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pymupdf

from catena.ingest.boxes import is_inside, rotated
from catena.types import Box

_PAPER = 0xDC  # grey; text of 0xE6 and more is not seen on ground lighter than this
_LOOK_DPI = 48
MIN_VISIBLE_SIZE = 1.5  # points; 0.5 pt text is a known way to hide words from people
PAINTED = 16 | 32  # filled or stroked; span["char_flags"] bits, mupdf/fitz/structured-text.h


def hidden_spans(page: Any, blocks: Iterable[list[dict[str, Any]]]) -> tuple[list[Box], bool]:
    """Boxes of text that nobody sees, and whether most unpainted text lies over pictures: OCR, which stays."""
    hidden: list[Box] = []
    unpainted: list[Box] = []
    pale: list[Box] = []
    for lines in blocks:
        for line in lines:
            for span in line["spans"]:
                if not span["char_flags"] & PAINTED:
                    unpainted.append(span["bbox"])
                elif span["size"] < MIN_VISIBLE_SIZE or span["alpha"] < 8:
                    hidden.append(span["bbox"])
                elif span["color"] >= 0xE6E6E6 and _is_pale(span["color"]):
                    pale.append(span["bbox"])
    if not unpainted and not pale:
        return hidden, False
    log = page.get_bboxlog()
    images = [box for kind, box in log if kind == "fill-image"]
    uncovered = [box for box in unpainted if not is_inside(*box, images)]
    is_ocr = len(uncovered) < len(unpainted) / 2
    return hidden + uncovered + _on_paper(page, pale, log), is_ocr


def _is_pale(color: int) -> bool:
    return min(color >> 16, color >> 8 & 0xFF, color & 0xFF) >= 0xE6


def _on_paper(page: Any, boxes: list[Box], log: list[Any]) -> list[Box]:
    """Of boxes of nearly white text, those on nearly white ground."""
    painted = [box for kind, box in log if kind in ("fill-path", "fill-image", "fill-shade", "stroke-path")]
    hidden = [box for box in boxes if not is_inside(*box, painted)]
    uncertain = [box for box in boxes if is_inside(*box, painted)]
    if uncertain:
        matrix = tuple(page.rotation_matrix)
        places = [rotated(*box, matrix) for box in uncertain]
        around = pymupdf.EMPTY_RECT()
        for place in places:
            around |= place
        picture = page.get_pixmap(
            dpi=_LOOK_DPI, colorspace=pymupdf.csGRAY, alpha=False, annots=False, clip=around + (-2, -2, 2, 2)
        )
        hidden += [
            box for box, place in zip(uncertain, places, strict=True) if _darkest(picture, place) > _PAPER
        ]
    return hidden


def _darkest(picture: Any, box: Box) -> int:
    """The darkest grey inside a box of the page."""
    scale, x, y = _LOOK_DPI / 72, picture.x, picture.y
    left, right = max(int(box[0] * scale) - x, 0), min(int(box[2] * scale) + 1 - x, picture.width)
    top, bottom = max(int(box[1] * scale) - y, 0), min(int(box[3] * scale) + 1 - y, picture.height)
    samples, stride = picture.samples_mv, picture.stride
    return min(
        (min(samples[row * stride + left : row * stride + right], default=255) for row in range(top, bottom)),
        default=255,
    )
