"""Starts processes that work on jobs: the one worker of a library, and one of its own for a job that has a name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from catena.environment import without_secrets_of
from catena.errors import LibraryError
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.jobs.daemon import TAKEN, is_held

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
