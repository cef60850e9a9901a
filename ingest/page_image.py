"""A page as PNG with quotes marked: a translucent yellow ground that leaves print black, and a thin edge."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pymupdf
from numpy.typing import NDArray

from catena.ingest.reader_protocol import Picture
from catena.types import Box

MAX_PIXELS = 20_000_000
_FILL = np.array([255, 228, 92], np.float32)
_EDGE = np.array([150, 96, 0], np.uint8)
_PADDING_POINTS = 1.5
_PNG_LEVEL = 2

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def scale_for(width: float, height: float, dpi: int) -> float:
    """Pixels per point for `dpi`, less for a page that would get too many pixels."""
    wanted = dpi / 72
    area = max(width, 1.0) * max(height, 1.0)
    return min(wanted, float((MAX_PIXELS / area) ** 0.5))


def page_picture(page: pymupdf.Page, dpi: int) -> Picture:
    """Render a page as it is displayed, its annotations too."""
    scale = scale_for(page.rect.width, page.rect.height, dpi)
    pixmap = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False)
    return Picture(pixmap.width, pixmap.height, pixmap.samples, scale)


def draw(picture: Picture, boxes: Sequence[Box], clip: Box | None = None) -> bytes:
    """Draw `boxes` (points) on a page and encode it, or what lies in `clip` of it, as PNG."""
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.width, 3).copy()
    if boxes:
        mask = _mask(picture, boxes)
        _tint(pixels, mask)
        pixels[_edge(mask, max(1, round(picture.scale * 0.6)))] = _EDGE
    return _png(_cut(pixels, picture.scale, clip) if clip is not None else pixels)


def _cut(pixels: Pixels, scale: float, clip: Box) -> Pixels:
    """The pixels of a part of a page; at least one."""
    height, width, _ = pixels.shape
    left, right = sorted(min(max(round(x * scale), 0), width) for x in (clip[0], clip[2]))
    top, bottom = sorted(min(max(round(y * scale), 0), height) for y in (clip[1], clip[3]))
    left, top = min(left, width - 1), min(top, height - 1)
    return pixels[top : max(bottom, top + 1), left : max(right, left + 1)]


def _png(pixels: Pixels) -> bytes:
    """Encode as PNG (RFC 2083): MuPDF's own encoder makes a page of text no smaller in three times the time."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.data, _PNG_LEVEL)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _mask(picture: Picture, boxes: Sequence[Box]) -> Mask:
    """Mark the pixels inside any box; words of one quote grow together by their padding."""
    mask: Mask = np.zeros((picture.height, picture.width), np.bool_)
    for x0, y0, x1, y1 in boxes:
        left, top = ((np.array([x0, y0]) - _PADDING_POINTS) * picture.scale).clip(0).astype(int)
        right, bottom = ((np.array([x1, y1]) + _PADDING_POINTS) * picture.scale).clip(0).round().astype(int)
        mask[top:bottom, left:right] = True
    return mask


def _tint(pixels: Pixels, mask: Mask) -> None:
    """Multiply bright ground with yellow, as a marker does; lighten dark ground, where none would show."""
    marked = pixels[mask].astype(np.float32)
    if not len(marked):
        return
    multiplied = marked * (_FILL / 255)
    lightened = marked * 0.65 + _FILL * 0.35
    is_dark = np.median(marked) < 110
    pixels[mask] = (lightened if is_dark else multiplied).astype(np.uint8)


def _edge(mask: Mask, thickness: int) -> Mask:
    """The rim of the marked area: what a shrunken copy of it does not cover."""
    inner = mask.copy()
    for _ in range(thickness):
        padded = np.pad(inner, 1)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge: Mask = mask & ~inner
    return edge
