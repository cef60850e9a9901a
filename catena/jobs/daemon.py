"""Processes that outlive whoever began them, and the locks that tell that they live."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from catena.environment import hide_secrets
from catena.files.file_lock import FileLock

TAKEN = 75
"""Exit code of a process whose work another one holds."""
NICENESS = 10
"""Of work that nobody waits for: halfway to the lowest priority."""


def detach(lock_file: Path) -> FileLock:
    """Take the lock of the work and go on in a child, or end with TAKEN; the lock is the child's.

    Whoever began us waits for the parent alone, so the child is never its zombie.
    """
    hide_secrets()
    lock = FileLock(lock_file)
    if not lock.acquire_within():
        sys.exit(TAKEN)
    if sys.platform != "win32" and os.fork():
        os._exit(0)
    return lock


def lower_priority() -> None:
    """Give way to what somebody waits for; processes that are started from here on do, too."""
    if sys.platform != "win32":
        os.nice(NICENESS)


def is_held(lock_file: Path) -> bool:
    """Tell whether a process works: it holds the lock."""
    if not lock_file.exists():
        return False
    lock = FileLock(lock_file)
    try:
        is_free = lock.acquire(wait=False)
    except OSError:  # in a folder that can only be read: nobody here works on it
        return False
    lock.release()
    return not is_free
