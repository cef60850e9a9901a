"""File system of a folder: on one that other machines share, SQLite's write-ahead log does not work.

The log needs memory that all who write have in common (https://sqlite.org/wal.html, "All processes using a database
must be on the same host computer"); a rollback journal needs the file's locks alone.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from catena.files.disk_reserve import free_bytes

_SHARED = frozenset(
    (
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "drvfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
    )
    + ("nfs", "nfs3", "nfs4", "ocfs2", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs")
)
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
