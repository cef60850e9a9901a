"""Widths of words in MuPDF's built-in fonts, which fall back by themselves for other scripts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pymupdf

from catena.ingest.pagination.blocks import Block


@dataclass(frozen=True, slots=True)
class Face:
    """A built-in font at a size in points."""

    font: str
    size: float
    ascender: float = 0.93  # of the size, from the top of the box to the baseline


_BODY, _ROW = Face("tiro", 10.5), Face("helv", 8.5)
_HEADINGS = (Face("tibo", 15.0), Face("tibo", 13.0), Face("tibo", 11.5), Face("tibo", 10.5))
SMALL = Face("helv", 7.5)


def face_of(block: Block) -> Face:
    """Choose the font of a block by its kind and rank."""
    if block.kind == "row":
        return _ROW
    if block.kind == "header":
        return SMALL
    if block.kind == "heading":
        level = block.section.level if block.section else len(_HEADINGS)
        return _HEADINGS[min(max(level, 1), len(_HEADINGS)) - 1]
    return _BODY


@cache
def font(name: str) -> Any:
    return pymupdf.Font(name)


def width_of(text: str, face: Face) -> float:
    """Measure text in points; combining marks have no width of their own."""
    return _units(text, face.font) * face.size


def num_fitting(text: str, face: Face, width: float) -> int:
    """Count the characters that fit into `width`, one at least."""
    used = 0.0
    for count, character in enumerate(text):
        used += _advance(character, face.font) * face.size
        if used > width:
            return max(1, count)
    return len(text)


@lru_cache(maxsize=50_000)
def _units(text: str, name: str) -> float:
    return sum(_advance(character, name) for character in text)


@lru_cache(maxsize=20_000)
def _advance(character: str, name: str) -> float:
    return float(font(name).glyph_advance(ord(character)))
