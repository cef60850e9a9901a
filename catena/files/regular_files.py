"""Regular files alone are opened, and one is read while nobody changes it.

A named pipe, a socket or a device would block, or answer for a file; what is kept is one version, not the head of one
and the tail of another.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from catena.errors import DocumentError
from catena.render.harmless import one_line

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_OTHERS = (
    (stat.S_ISDIR, "a folder", "Add it with `catena add FOLDER`."),
    (stat.S_ISFIFO, "a named pipe", "Write what comes out of it to a file, and add that."),
    (stat.S_ISSOCK, "a socket", "Add a file."),
)


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading, at once. Raises DocumentError for what cannot be read and what is no regular file."""
    try:
        _require_regular(path, path.stat().st_mode)  # a device is not even opened: some act when they are
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise unread(path, error) from error
    file = os.fdopen(descriptor, "rb")
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)  # it may be another by now
    except BaseException:
        file.close()
        raise
    return file


def unread(path: Path, error: OSError | ValueError) -> DocumentError:
    """The error of a file that cannot be read. A path with a NUL is a ValueError of Python's."""
    if isinstance(error, FileNotFoundError):
        return DocumentError("not_a_document", f"There is no file at {_named(path)}.", "Check the path.")
    why = error.strerror if isinstance(error, OSError) else str(error)
    return DocumentError(
        "not_a_document", f"{_named(path)} cannot be read: {why}.", "Check the path and its permissions."
    )


def check_size(name: str, num_bytes: int, max_bytes: int) -> None:
    """Raise DocumentError for a file that is larger than the settings allow."""
    if num_bytes > max_bytes:
        raise DocumentError(
            "too_big",
            f"{name} is larger than {max_bytes >> 20} MiB.",
            "Raise CATENA_MAX_FILE_MIB, or split the file.",
        )


def leads_into(folder: Path, path: Path) -> bool:
    """Tell whether what a path in a folder stands for lies in it, wherever its links lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    what, remedy = next(
        ((what, remedy) for is_such, what, remedy in _OTHERS if is_such(mode)), ("a device", "Add a file.")
    )
    raise DocumentError("not_a_document", f"{_named(path)} is {what}.", remedy)


def _named(path: Path) -> str:
    return one_line(str(path))


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
