"""Processes that work on jobs and outlive whoever began them: the one worker of a library, and one for each named job.

Locks tell that they live.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from catena.environment import hide_secrets, without_secrets_of
from catena.errors import LibraryError
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.file_lock import FileLock

LOCK_NAME = "worker.lock"
LOG_NAME = "worker.log"
_MAX_LOG_BYTES = 1 << 20


def own_lock(home: Path, name: str) -> Path:
    """The file that whoever works on the job of a name has locked."""
    return home / "jobs" / f"{name}.lock"


def ensure_worker(home: Path, *, arguments: tuple[str, ...] = ()) -> bool:
    """Start a worker that lives on when we end, unless one holds the lock; tell whether one was started."""
    return not worker_runs(home) and _start(home, arguments, without_secrets_of(os.environ))


def start_process(home: Path, name: str, keys: Mapping[str, str]) -> bool:
    """Start the process of a job with a name; false when another one holds the job.

    `keys` are variables for its environment, as OPENAI_API_KEY; they stand in no file.
    """
    make_folder(own_lock(home, name).parent)
    return _start(home, ("--job", name), {**os.environ, **keys})


def worker_runs(home: Path) -> bool:
    """Tell whether a worker holds the lock. Held for a moment by ourselves: a worker that starts tries again."""
    return is_held(home / LOCK_NAME)


def _start(home: Path, arguments: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    """Start a process and wait until it has its lock and has detached, so that it is never a zombie of ours."""
    make_folder(home)
    # -P: the library's folder is not a place to import from.
    command = [sys.executable, "-P", "-m", "catena.jobs.worker", "--home", str(home), *arguments]
    with _log(home) as log:
        code = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home,
            env=environment,
            start_new_session=True,
            check=False,
        ).returncode
    if code not in (0, TAKEN):
        raise LibraryError(f"The process for work behind ended with {code}.", f"See {home / LOG_NAME}.")
    return code == 0


def _log(home: Path) -> BinaryIO:
    path = home / LOG_NAME
    if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
        path.unlink()
    path.touch(FILE_MODE)
    return path.open("ab")


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
