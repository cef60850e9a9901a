"""Locks between processes: files that the kernel unlocks when their owner dies."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

POLL_SECONDS = 0.1


class FileLock:
    """An exclusive lock on a file; not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock; without `wait`, tell whether it was free."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _lock(descriptor, wait)
            except OSError:
                os.close(descriptor)
                if wait:
                    raise
                return False
            if self._is_file(descriptor):
                self._descriptor = descriptor
                return True
            os.close(descriptor)  # its owner deleted the file meanwhile: the next comer makes another

    def acquire_within(self, seconds: float = 1.0) -> bool:
        """Take the lock if it is free within this time: whoever looks whether it is held has it for a moment."""
        end = time.monotonic() + seconds
        while not self.acquire(wait=False):
            if time.monotonic() > end:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):  # a share that was lost says so here, too: nobody holds the lock any more
                os.close(self._descriptor)
            self._descriptor = None

    def _is_file(self, descriptor: int) -> bool:
        """Tell whether what was locked is still what has the name."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def __enter__(self) -> FileLock:
        self.acquire(wait=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _lock(descriptor: int, wait: bool) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
