"""Room on the disk of a library: a file that is given up when the disk is full, so that reading and removing go on.

SQLite needs room to read (its index of the log) and more to delete; an answer is kept in a few kilobytes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from catena.files.atomic_files import FILE_MODE

FULL = (errno.ENOSPC, errno.EDQUOT)
NAME = "reserve"
_LEAST, _MOST = 512 << 10, 32 << 20
_SHARE = 4
"""The reserve is a quarter of the database: what deleting a document writes grows with it."""
_LOW, _AMPLE = 2, 8
"""Times the reserve: with less free it is given up, with more it is made again."""

READ_ROOM = 256 << 10
"""Bytes that SQLite needs to read a file that others write to."""

Free = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return the free bytes on the disk of a folder that may not be there yet."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def is_full(folder: Path) -> bool:
    """Tell whether what SQLite makes beside a file that it reads has no room."""
    return free_bytes(folder) < READ_ROOM


def may_take_none(folder: Path) -> bool:
    """Tell whether not even a little may be written: the disk is full, or what its owner may take of it."""
    probe = folder / f"probe{os.getpid()}"
    try:
        probe.write_bytes(os.urandom(READ_ROOM))
    except OSError as error:
        return error.errno in FULL
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return False


def give_up_reserve(home: Path) -> bool:
    """Give the reserve up, whatever the disk says that it has free; tells whether there was one."""
    with contextlib.suppress(OSError):
        (home / NAME).unlink()
        return True
    return False


def settle_reserve(home: Path, free: Free = free_bytes) -> None:
    """Give the reserve of a library up where its disk is full, or make it where there is ample room."""
    path = home / NAME
    with contextlib.suppress(OSError):  # nothing depends on it but a full disk
        wanted, there = _wanted(home), _size(path)
        if free(home) < _LOW * wanted:
            path.unlink(missing_ok=True)
        elif there < wanted and free(home) > _AMPLE * wanted:
            _fill(path, wanted)


def _wanted(home: Path) -> int:
    return max(_LEAST, min(_MOST, _size(home / "library.db") // _SHARE))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fill(path: Path, size: int) -> None:
    """Take up room on the disk, not only the right to some."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.write(descriptor, os.urandom(size))
    finally:
        os.close(descriptor)
