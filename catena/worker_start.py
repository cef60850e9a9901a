"""Starts the worker process of a library, if none runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from catena.environment import without_secrets_of
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.file_lock import FileLock

LOCK_NAME = "worker.lock"
LOG_NAME = "worker.log"
_MAX_LOG_BYTES = 1 << 20


def ensure_worker(home: Path, *, arguments: tuple[str, ...] = ()) -> bool:
    """Start a worker that lives on when we end, unless one holds the lock; tell whether one was started."""
    if worker_runs(home):
        return False
    # -P: the library's folder is not a place to import from. The child forks and ends at once (--detach),
    # so that a worker is never a zombie of a program that runs for long.
    command = [sys.executable, "-P", "-m", "catena.jobs.worker", "--home", str(home), "--detach", *arguments]
    with _log(home) as log:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home,
            env=without_secrets_of(os.environ),
            start_new_session=True,
            check=True,
        )
    return True


def worker_runs(home: Path) -> bool:
    """Tell whether a worker holds the lock. Held for a moment by ourselves: a worker that starts tries again."""
    make_folder(home)
    lock = FileLock(home / LOCK_NAME)
    if not lock.acquire(wait=False):
        return True
    lock.release()
    return False


def _log(home: Path) -> BinaryIO:
    path = home / LOG_NAME
    if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
        path.unlink()
    path.touch(FILE_MODE)
    return path.open("ab")
