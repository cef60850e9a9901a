"""Regular files alone are opened: a named pipe, a socket or a device would block, or answer for a file."""

from __future__ import annotations

import os
import stat
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
