"""What each worker of a run left behind, a row a worker: a fact is written once, however long the book.

A run that was killed goes on after the last row. It lies in the database of the checkpoints.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOCK_SECONDS = 60.0
"""How long a run waits for others that write to the same database."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS notes (thread_id TEXT, path INTEGER, place INTEGER, entry TEXT, "
    "PRIMARY KEY (thread_id, path, place)) WITHOUT ROWID"
)


class Journal:
    """The rows of one run; its paths may write from several threads."""

    def __init__(self, connection: sqlite3.Connection, run_id: str) -> None:
        self._connection = connection
        self._run_id = run_id
        self._lock = threading.Lock()

    def entries(self, path: int) -> list[dict[str, Any]]:
        """What the workers of a path wrote, in their order."""
        query = "SELECT entry FROM notes WHERE thread_id = ? AND path = ? ORDER BY place"
        with self._lock:
            rows = self._connection.execute(query, (self._run_id, path)).fetchall()
        return [json.loads(entry) for (entry,) in rows]

    def last(self) -> list[dict[str, Any]]:
        """The last entry of each path."""
        query = "SELECT entry, MAX(place) FROM notes WHERE thread_id = ? GROUP BY path"
        with self._lock:
            rows = self._connection.execute(query, (self._run_id,)).fetchall()
        return [json.loads(entry) for entry, _ in rows]

    def write(self, path: int, place: int, entry: Mapping[str, Any]) -> None:
        """Keep one worker's entry: it survives a killed process, not a power cut, and waits for no disk."""
        row = (self._run_id, path, place, json.dumps(entry, ensure_ascii=False))
        with self._lock, self._connection:
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the connection once nobody writes: a run that was cancelled leaves its last row to a thread."""
        with self._lock:
            self._connection.close()


@contextmanager
def open_journal(path: Path | None, run_id: str) -> Iterator[Journal]:
    """Open the journal of a run in the database at `path`; no path, and it is forgotten in the end."""
    connection = sqlite3.connect(path or ":memory:", timeout=LOCK_SECONDS, check_same_thread=False)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    journal = Journal(connection, run_id)
    try:
        yield journal
    finally:
        journal.close()
