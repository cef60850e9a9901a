"""The database of unfinished runs: apart from the library, and never waiting for the disk.

A run is there from its first step until its answer is kept in the library.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catena.agents.journal import LOCK_SECONDS
from catena.agents.state import State, options_from_json
from catena.types import AskOptions

TABLES = ("checkpoints", "writes", "notes")


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A question that was asked and has no answer yet: it runs somewhere, or was killed."""

    run_id: str
    question: str
    document_ids: tuple[str, ...]
    options: AskOptions


def describe(start: State) -> dict[str, Any]:
    """What each checkpoint says of its run, as plain values."""
    return {
        "documents": " ".join(start["document_ids"]),
        "question": start["question"],
        "options": json.dumps(start["options"]),
    }


def unfinished(path: Path) -> list[UnfinishedRun]:
    """List the runs that have no answer yet, oldest first."""
    rows = _rows(
        path, "SELECT thread_id, metadata, MIN(rowid) FROM checkpoints GROUP BY thread_id ORDER BY 3"
    )
    return [_run_of(run_id, json.loads(metadata)) for run_id, metadata, _ in rows]


def finish(path: Path, run_id: str) -> None:
    """Delete the checkpoints of a run."""
    _delete(path, [run_id])


def forget(path: Path, document_id: str) -> int:
    """Delete every checkpoint of runs over a document; return how many runs that were."""
    query = "SELECT DISTINCT thread_id FROM checkpoints WHERE CAST(metadata AS TEXT) LIKE ?"
    run_ids = [run_id for (run_id,) in _rows(path, query, (f"%{document_id}%",))]
    _delete(path, run_ids)
    return len(run_ids)


def _run_of(run_id: str, metadata: dict[str, Any]) -> UnfinishedRun:
    options = options_from_json(json.loads(metadata["options"]))
    return UnfinishedRun(run_id, metadata["question"], tuple(metadata["documents"].split()), options)


def _rows(path: Path, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as connection:
        return connection.execute(query, values).fetchall() if "checkpoints" in _tables(connection) else []


def _tables(connection: sqlite3.Connection) -> set[str]:
    """Those that there are: a file whose first run is about to begin has none yet."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")} & set(TABLES)


def _delete(path: Path, run_ids: Iterable[str]) -> None:
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as connection, connection:
        for table in _tables(connection):
            connection.executemany(
                f"DELETE FROM {table} WHERE thread_id = ?", [(run_id,) for run_id in run_ids]
            )
