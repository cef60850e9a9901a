"""The one way to open an SQLite file: any letters in its path, any file system, also a read-only one.

On a file system that other machines share, SQLite's write-ahead log does not work: it needs memory that all who write
have in common (https://sqlite.org/wal.html, "All processes using a database must be on the same host computer"); a
rollback journal needs the file's locks alone."""

from __future__ import annotations

import os
import re
import sqlite3
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from catena.errors import LibraryError
from catena.files.disk_reserve import free_bytes

_SHARED = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "gfs2", "glusterfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs",
    "vmhgfs",
))  # fmt: skip
_FUSE = re.compile(r"fuse(\..+)?")
"""Programs that serve files, sshfs and the like; `fuseblk` is a disk of this machine."""
_ESCAPE = re.compile(r"\\([0-7]{3})")
MOUNTS = Path("/proc/self/mountinfo")


def filesystem_of(path: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system that a path lies on, as Linux calls it; empty where nothing tells."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    wanted = Path(os.path.realpath(path))
    best, found = -1, ""
    for line in lines:
        about, _, kind = line.partition(" - ")
        fields = about.split(" ")
        if len(fields) < 5 or not kind:
            continue
        place = Path(_ESCAPE.sub(lambda code: chr(int(code[1], 8)), fields[4]))
        if wanted.is_relative_to(place) and len(place.parts) >= best:  # of two on one place the later counts
            best, found = len(place.parts), kind.split(" ")[0]
    return found


def is_shared(kind: str) -> bool:
    """Tell whether other machines may write to a file system of this type."""
    return kind in _SHARED or bool(_FUSE.fullmatch(kind))


def describe_disk(home: Path, *, is_read_only: bool) -> str:
    """Describe for `catena doctor` where a library lies."""
    kind = filesystem_of(home)
    named = kind or "of a type that is not known"
    shared = (
        ", which other machines may share: SQLite keeps a rollback journal there" if is_shared(kind) else ""
    )
    free = f", {free_bytes(home) / 1e6:,.0f} MB free"
    return f"{named}{shared}{free}{', and can only be read' if is_read_only else ''}"


def journal_mode(kind: str) -> str:
    """Return SQLite's journal mode on a file system of this type."""
    return "DELETE" if is_shared(kind) else "WAL"


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
