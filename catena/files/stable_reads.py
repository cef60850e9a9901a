"""A file is read while nobody changes it: what is kept is one version, not the head of one and the tail of another."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from catena.errors import DocumentError
from catena.files.regular_files import open_regular, unread
from catena.render.harmless import one_line

TRIES = 3
PAUSE_SECONDS = 0.5
"""Between two tries: a program that saves a file is done by then."""


def read_steadily(path: Path, read: Callable[[BufferedReader], str], *, pause: float = PAUSE_SECONDS) -> str:
    """Have `read` take a file to its end and return its SHA-256, again where the file changed meanwhile.

    Size, times, inode and hash are the same before and after. Raises DocumentError where it goes on changing.
    """
    for attempt in range(TRIES):
        if attempt:
            time.sleep(pause)
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            digest = read(file)
        if _marks_and_digest(path) == (*_marks(before), digest):
            return digest
    raise DocumentError(
        "changing",
        f"{one_line(str(path))} changed while it was read, {TRIES} times.",
        "Add it when whatever writes to it is done.",
    )


def _marks_and_digest(path: Path) -> tuple[int | str, ...]:
    with open_regular(path) as file:
        try:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unread(path, error) from error
        return *_marks(os.fstat(file.fileno())), digest


def _marks(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
