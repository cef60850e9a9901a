"""The database of unfinished runs: apart from the library, and never waiting for the disk.

A run is there from its first step until its answer is kept in the library.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from catena.agents.state import State, options_from_json
from catena.types import AskOptions

LOCK_SECONDS = 60.0
"""How long a write waits for other processes that write to the same database."""
_TABLES = ("checkpoints", "writes", "notes")
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # survives a killed process, not a power cut, and waits for no disk
    "PRAGMA secure_delete = ON",
)
_NOTES = (
    "CREATE TABLE IF NOT EXISTS notes (thread_id TEXT, path INTEGER, place INTEGER, entry TEXT, "
    "PRIMARY KEY (thread_id, path, place)) WITHOUT ROWID"
)
"""What the workers of a chain leave (`journal.py`); the other two tables are LangGraph's."""


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A question that was asked and has no answer yet: it runs somewhere, or was killed."""

    run_id: str
    question: str
    document_ids: tuple[str, ...]
    options: AskOptions


class Checkpoints:
    """The database, open for all runs of a process: they take turns at one connection under `lock`.

    Connections of their own would poll for SQLite's lock, and the last one to close would wait for the disk.
    """

    def __init__(self, path: Path | None = None) -> None:
        """It is opened when first used; no path, and it is forgotten in the end."""
        self.path = path
        self.lock = threading.Lock()

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """To be used with `lock` held."""
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        opened = sqlite3.connect(self.path or ":memory:", timeout=LOCK_SECONDS, check_same_thread=False)
        if self.path:
            self.path.chmod(0o600)
        for statement in (*_PRAGMAS, _NOTES):
            opened.execute(statement)
        return opened

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self.lock:
            return self.connection.execute(query, values).fetchall()

    def change(self, statement: str, values: Sequence[object]) -> None:
        """Commit one statement."""
        with self.lock, self.connection:
            self.connection.execute(statement, values)

    def unfinished(self) -> list[UnfinishedRun]:
        """List the runs that have no answer yet, oldest first."""
        query = "SELECT thread_id, metadata, MIN(rowid) FROM checkpoints GROUP BY thread_id ORDER BY 3"
        rows = self.rows(query) if "checkpoints" in self._tables() else []
        return [_run_of(run_id, json.loads(metadata)) for run_id, metadata, _ in rows]

    def finish(self, run_id: str) -> None:
        """Delete what is kept of a run."""
        self._delete([run_id])

    def forget(self, document_id: str) -> int:
        """Delete every run over a document, from the log too; return how many runs that were."""
        if "checkpoints" not in self._tables():
            return 0
        query = "SELECT DISTINCT thread_id FROM checkpoints WHERE CAST(metadata AS TEXT) LIKE ?"
        run_ids = [run_id for (run_id,) in self.rows(query, (f"%{document_id}%",))]
        self._delete(run_ids)
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(run_ids)

    def delete(self, run_ids: Iterable[str]) -> None:
        """Delete some runs, from the log too."""
        self._delete(run_ids)
        if self._tables():
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection once nobody writes: a run that was cancelled leaves its last row to a thread."""
        with self.lock:
            if "connection" in self.__dict__:
                self.connection.close()

    def _tables(self) -> set[str]:
        """Those that there are: before the first run there is no file, and LangGraph makes its tables late."""
        if self.path is not None and not self.path.exists():
            return set()
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master")} & set(_TABLES)

    def _delete(self, run_ids: Iterable[str]) -> None:
        tables, values = self._tables(), [(run_id,) for run_id in run_ids]
        with self.lock, self.connection:
            for table in tables:
                self.connection.executemany(f"DELETE FROM {table} WHERE thread_id = ?", values)


def describe(start: State) -> dict[str, Any]:
    """What each checkpoint says of its run, as plain values."""
    return {
        "documents": " ".join(start["document_ids"]),
        "question": start["question"],
        "options": json.dumps(start["options"]),
    }


def _run_of(run_id: str, metadata: dict[str, Any]) -> UnfinishedRun:
    options = options_from_json(json.loads(metadata["options"]))
    return UnfinishedRun(run_id, metadata["question"], tuple(metadata["documents"].split()), options)
