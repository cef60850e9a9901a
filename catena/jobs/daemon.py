"""Work in a process of its own that outlives whoever began it: started with keys in its environment alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from catena.environment import hide_secrets
from catena.files.atomic_files import FILE_MODE
from catena.files.file_lock import FileLock

TAKEN = 75
"""Exit code of a process whose work another one holds."""
NICENESS = 10
"""Of work that nobody waits for: halfway to the lowest priority."""


def begin(module: str, file: Path, *, log: Path, keys: Mapping[str, str]) -> bool:
    """Start `python -m MODULE FILE` and wait until it has detached; False when another process holds its work.

    `keys` are variables for its environment, as OPENAI_API_KEY.
    """
    log.touch(FILE_MODE)
    with log.open("ab") as output:
        ended = subprocess.run(
            # -P: the library's folder is not a place to import from.
            [sys.executable, "-P", "-m", module, str(file)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            env={**os.environ, **keys},
            start_new_session=True,
            check=False,
        )
    return ended.returncode == 0


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
