"""Paths of a folder that changed, once they rest: who writes a file is waited for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

from catena.errors import DocumentError
from catena.folder_sync import Wanted, is_at, place_of

REST_SECONDS = 2.0
"""How long size and time of a file stay the same until it is taken to be written."""
_POLL_MILLISECONDS = 500
Marks = tuple[int, int, int] | None
"""Inode, size and time of change; None where there is nothing."""


def rested_changes(folder: Path, stop: threading.Event | None = None) -> Iterator[Wanted]:
    """Yield again and again which places are to be looked at: at first all that rest, then what changed and rests.

    Raises DocumentError where there is no such folder.
    """
    if not os.path.isdir(folder):
        raise DocumentError("not_a_document", f"There is no folder {folder}.", "Check the path.")
    root = place_of(folder)
    waiting: dict[str, tuple[Marks, float]] = {}
    is_first = True
    for changes in watch(
        root, watch_filter=None, rust_timeout=_POLL_MILLISECONDS, yield_on_timeout=True, stop_event=stop
    ):
        now = time.monotonic()
        begun = _just_written(root) if is_first else {one for _, path in changes for one in _below(path)}
        for path in begun | {one for one, (marks, _) in waiting.items() if _marks(one) != marks}:
            waiting[path] = (_marks(path), now)
        rested = {one for one, (_, since) in waiting.items() if now - since >= REST_SECONDS}
        if is_first or rested:
            waiting = {one: value for one, value in waiting.items() if one not in rested}
            yield _wanted(None if is_first else rested, {*waiting})
            is_first = False


def _wanted(rested: set[str] | None, waiting: set[str]) -> Wanted:
    def is_wanted(place: str) -> bool:
        """Tell whether a place, or what is in it where it is a manual, or what it was in, changed and rests."""
        if any(is_at(one, place) for one in waiting):
            return False
        return rested is None or any(is_at(place, one) or is_at(one, place) for one in rested)

    return is_wanted


def _just_written(root: str) -> set[str]:
    """The files that somebody may be writing."""
    since = time.time() - REST_SECONDS
    return {one for one in _below(root) if (marks := _marks(one)) and marks[2] > since * 1e9}


def _below(path: str) -> set[str]:
    """A path, and all files below it."""
    return {path, *(os.path.join(folder, one) for folder, _, files in os.walk(path) for one in files)}


def _marks(path: str) -> Marks:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
