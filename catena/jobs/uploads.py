"""Files that come through the browser: kept under names of ours until a job has added them.

A file's own name is its title, and never part of a path.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import IO

from catena.files.atomic_files import make_folder

FOLDER = "uploads"
UPLOAD = "upload"
"""Stem of a file that came through the browser: its name is the title."""
SUFFIXES = (
    "pdf", "epub", "docx", "html", "htm", "md", "txt", "xlsx", "xlsm", "xls", "ods", "csv", "tsv", "pptx", "pptm",
    "odp", "odt", "rtf", "png", "jpg", "jpeg", "tif", "tiff", "webp", "eml", "msg", "mbox", "mht", "mhtml", "tex",
    "ipynb", "srt", "vtt", "json3", "json",
)  # fmt: skip
"""Of what a library takes; the content decides, the suffix only helps with plain text."""


def receive(home: Path, name: str, file: IO[bytes]) -> Path:
    """Copy an upload into the library's folder. Returns where it lies."""
    suffix = Path(name).suffix.lower()
    folder = home / FOLDER / uuid.uuid4().hex
    make_folder(folder)
    path = folder / f"{UPLOAD}{suffix if suffix.lstrip('.') in SUFFIXES else ''}"
    with path.open("wb") as target:
        shutil.copyfileobj(file, target)
    return path


def own_name(path: Path, title: str) -> str:
    """The name of a file; of one that came through the browser its title, which is its own name, and not ours."""
    is_upload = path.stem == UPLOAD and path.parent.parent.name == FOLDER
    return f"{title}{path.suffix}" if is_upload and title else path.name


def discard(path: Path) -> None:
    """Delete an upload and its folder."""
    shutil.rmtree(path.parent, ignore_errors=True)
