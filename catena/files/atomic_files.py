"""Files that are either all there or not at all: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from catena.files.failpoints import point

FILE_MODE = 0o600
FOLDER_MODE = 0o700


class DurableFile:
    """A new file under a temporary name; `keep_as` gives it its own."""

    def __init__(self, temporary: Path) -> None:
        self._path = temporary
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE
        )
        self._file: BinaryIO = os.fdopen(descriptor, "wb")

    def write(self, data: bytes | memoryview) -> None:
        point("before-write")
        self._file.write(data)

    def keep_as(self, path: Path) -> None:
        """Put the bytes on the disk, then the name."""
        point("before-fsync")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        point("after-fsync")
        make_folder(path.parent)
        point("before-rename")
        os.replace(self._path, path)
        point("after-rename")
        sync_folder(path.parent)

    def discard(self) -> None:
        """Drop the file unless it was kept."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def durable_file(path: Path) -> Iterator[DurableFile]:
    """Write a file so that a crash leaves the old one or the new one; an error leaves the old one.

    >>> with durable_file(folder / "index.faiss") as file:
    ...     file.write(data)
    """
    make_folder(path.parent)
    file = DurableFile(path.parent / f".{path.name}.{uuid4().hex}.part")
    try:
        yield file
        file.keep_as(path)
    finally:
        file.discard()


def write_file(path: Path, data: bytes) -> None:
    """Replace a small file durably."""
    with durable_file(path) as file:
        file.write(data)


def unlink(path: Path) -> None:
    """Delete a file durably; one that is gone already is fine."""
    point("before-unlink")
    path.unlink(missing_ok=True)
    point("after-unlink")
    if path.parent.is_dir():
        sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and its parents, readable by the owner alone."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Put the names of a folder on the disk."""
    point("before-folder-fsync")
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    point("after-folder-fsync")


_log = logging.getLogger(__name__)


def close_to_others(home: Path) -> None:
    """Close a folder of ours that others may enter, and say so.

    The folder of the person, and one where everybody may leave files (/tmp), are not for us to close.
    """
    if sys.platform == "win32" or not os.path.isdir(home):
        return
    found = home.stat()
    is_open = found.st_mode & 0o077 and not found.st_mode & stat.S_ISVTX
    if not is_open or found.st_uid != os.geteuid() or os.path.realpath(home) == os.path.realpath(Path.home()):
        return
    try:
        home.chmod(FOLDER_MODE)
    except OSError:  # a disk that can only be read, or that knows no rights
        return
    if not home.stat().st_mode & 0o077:
        _log.warning("%s was open to other users of this machine; it is closed to them now (mode 700).", home)
