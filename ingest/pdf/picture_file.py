"""Pictures (PNG, JPEG, TIFF, WebP, GIF, BMP) as a PDF of pages without text, which are then recognised like a scan."""

from __future__ import annotations

import io
from pathlib import Path

import pymupdf

from catena.errors import DocumentError

_WEBP = b"WEBP"
_SHORTEST = 3  # points of a side


def open_picture(path: Path) -> pymupdf.Document:
    """Open a picture, one page for each of its own. Raises DocumentError."""
    data = path.read_bytes()
    if data[8:12] == _WEBP:
        data = _as_png(data, path.name)
    try:
        pictures = pymupdf.open(stream=data, filetype=_file_type(data))
        document = pymupdf.open("pdf", pictures.convert_to_pdf())
    except (RuntimeError, ValueError) as error:
        raise _damaged(path.name) from error
    if not len(document) or min(document[0].rect.width, document[0].rect.height) < _SHORTEST:
        raise _damaged(path.name)
    return document


def _file_type(data: bytes) -> str:
    signs = {
        b"\x89PNG": "png",
        b"\xff\xd8": "jpeg",
        b"II*\0": "tiff",
        b"MM\0*": "tiff",
        b"GIF8": "gif",
        b"BM": "bmp",
    }
    return next((kind for sign, kind in signs.items() if data.startswith(sign)), "png")


def _as_png(data: bytes, name: str) -> bytes:
    """MuPDF reads no WebP."""
    try:
        from PIL import Image, WebPImagePlugin  # of the extra `ocr`; the other pictures need none
    except ImportError as error:
        remedy = 'pip install "catena-qa[ocr]", or save it as PNG.'
        raise DocumentError(
            "unsupported", f"{name} is a WebP picture, which needs Pillow.", remedy
        ) from error
    png = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=[WebPImagePlugin.WebPImageFile.format]) as picture:
            picture.convert("RGB").save(png, "PNG", compress_level=1)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _damaged(name) from error
    return png.getvalue()


def _damaged(name: str) -> DocumentError:
    return DocumentError(
        "damaged",
        f"{name} is no picture that can be read.",
        "Open it in a viewer and save it anew, then add that.",
    )
