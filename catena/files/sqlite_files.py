"""The one way to open an SQLite file: whatever letters its path has, and also where nothing can be written."""

from __future__ import annotations

import os
import sqlite3
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from catena.errors import LibraryError
from catena.files.filesystems import MOUNTS, filesystem_of, journal_mode


def connect(path: Path, *, seconds: float = 5.0, is_read_only: bool = False) -> sqlite3.Connection:
    """Open a file for any thread; `seconds` is how long a lock is waited for.

    Raises LibraryError for a file that can only be read, and has a log beside it that would have to be read in.
    """
    if not is_read_only:
        return sqlite3.connect(path, timeout=seconds, check_same_thread=False)
    if has_log(path):
        raise LibraryError(
            f"{path} has a log beside it, and {path.parent} can only be read.",
            "Run `catena ls` once where it can be written: that reads the log in.",
        )
    # Immutable: SQLite makes no file beside it, and takes no lock. The address is bytes with all of them escaped.
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1"
    return sqlite3.connect(address, uri=True, timeout=seconds, check_same_thread=False)


def has_log(path: Path) -> bool:
    """Tell whether something stands in a log beside the file that is not in the file yet."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def set_journal(connection: sqlite3.Connection, path: Path, mounts: Path = MOUNTS) -> None:
    """Keep what transactions change as the file system of the path allows, by the system's list of `mounts`."""
    connection.execute(f"PRAGMA journal_mode = {_mode(path.parent, mounts)}").fetchall()


@lru_cache(maxsize=16)
def _mode(folder: Path, mounts: Path) -> str:
    return journal_mode(filesystem_of(folder, mounts))


def is_only_read(path: Path) -> bool:
    """Tell whether there is a file that this process may read, and not write, or not make files beside."""
    return os.path.exists(path) and not (
        os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)
    )
