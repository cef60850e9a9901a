"""Checkpoints of unfinished runs, in the file of what is under way.

A run is there from its first step until its answer is kept in the library; a chain that was killed goes on after the
last row of its journal.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catena.agents.state import State, options_from_json
from catena.errors import CatenaError
from catena.health import Problem
from catena.jobs.job_store import JobStore
from catena.library.checksums import digest_of
from catena.options import AskOptions

_log = logging.getLogger(__name__)
_TABLES = ("checkpoints", "writes", "notes", "checks")
_NOTES = (
    "CREATE TABLE IF NOT EXISTS notes (thread_id TEXT, path INTEGER, place INTEGER, entry TEXT, "
    "checksum INTEGER, PRIMARY KEY (thread_id, path, place)) WITHOUT ROWID"
)
_CHECKS = (
    "CREATE TABLE IF NOT EXISTS checks (thread_id TEXT, checkpoint_id TEXT, checksum INTEGER, "
    "PRIMARY KEY (thread_id, checkpoint_id)) WITHOUT ROWID"
)
"""The checksum of each checkpoint: LangGraph's table has no room for one."""
"""What the workers of a chain leave (`Journal`); the other two tables are LangGraph's."""


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A question that was asked and has no answer yet: it runs somewhere, or was killed."""

    run_id: str
    question: str
    document_ids: tuple[str, ...]
    options: AskOptions


class Checkpoints(JobStore):
    """The file with the tables of LangGraph and of a chain's workers."""

    tables = (*JobStore.tables, _NOTES, _CHECKS)

    def _migrate(self, opened: sqlite3.Connection) -> None:
        names = {row[1] for row in opened.execute("PRAGMA table_info(notes)")}
        if names and "checksum" not in names:  # of an older version: what it holds is asked anew
            opened.execute("DROP TABLE notes")

    def check(self, *, repair: bool) -> list[Problem]:
        """Check the store for `catena doctor`; with `repair`, it is set aside where it cannot be used."""
        if self.path is None or not self.path.exists():
            return []
        try:
            said = [one for (one,) in self.rows("PRAGMA integrity_check(1)") if one != "ok"]
            tables = self._tables()
        except CatenaError as error:
            said, tables = [error.message], set()
        if said and repair:
            with self.lock:
                self.set_aside(said[0])
            return []
        if said:
            message = f"{self.path} is damaged: {said[0]}. Unfinished runs in it begin anew."
            return [Problem("unfinished runs", message, can_repair=True)]
        if "checkpoints" not in tables or "checks" not in tables:
            return []
        bad = [run_id for (run_id,) in self.rows("SELECT DISTINCT thread_id FROM checkpoints")]
        bad = [run_id for run_id in bad if not self.is_sound(run_id)]
        if repair:
            self.delete(bad)
            return []
        return [
            Problem(
                "unfinished run",
                f"What is kept of the run {one[:12]} is damaged; it begins anew.",
                can_repair=True,
            )
            for one in bad
        ]

    def is_sound(self, run_id: str) -> bool:
        """Tell whether all that is kept of a run is as it was written: each checkpoint, and each worker's note."""
        query = "SELECT checkpoint_id, type, checkpoint, metadata FROM checkpoints WHERE thread_id = ?"
        kept = dict(self.rows("SELECT checkpoint_id, checksum FROM checks WHERE thread_id = ?", (run_id,)))
        rows = self.rows(query, (run_id,))
        return all(kept.get(row[0]) == digest_of((run_id, *row)) for row in rows) and all(
            checksum == digest_of((run_id, *row))
            for *row, checksum in self.rows(
                "SELECT path, place, entry, checksum FROM notes WHERE thread_id = ?", (run_id,)
            )
        )

    def unfinished(self) -> list[UnfinishedRun]:
        """List the runs that have no answer yet, oldest first."""
        query = "SELECT thread_id, metadata, MIN(rowid) FROM checkpoints GROUP BY thread_id ORDER BY 3"
        rows = self.rows(query) if "checkpoints" in self._tables() else []
        return [_run_of(run_id, json.loads(metadata)) for run_id, metadata, _ in rows if self._kept(run_id)]

    def _kept(self, run_id: str) -> bool:
        """Tell whether a run can go on; what is damaged of one is dropped."""
        if self.is_sound(run_id):
            return True
        _log.warning("What was kept of the run %s was damaged on the disk, and is dropped.", run_id[:12])
        self._delete([run_id])
        return False

    def drop_unsound(self, run_id: str) -> None:
        """Let a run begin anew when what is kept of it is damaged."""
        if "checkpoints" in self._tables():
            self._kept(run_id)

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
        self.wipe()
        return len(run_ids)

    def delete(self, run_ids: Iterable[str]) -> None:
        """Delete some runs, from the log too."""
        self._delete(run_ids)
        if self._tables():
            self.wipe()

    def _tables(self) -> set[str]:
        """Those that there are: before the first run there is no file, and LangGraph makes its tables late."""
        if self.path is not None and not self.path.exists():
            return set()
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master")} & set(_TABLES)

    def _delete(self, run_ids: Iterable[str]) -> None:
        tables, values = self._tables(), [(run_id,) for run_id in run_ids]
        with self.writing() as connection:
            for table in tables:
                connection.executemany(f"DELETE FROM {table} WHERE thread_id = ?", values)


def describe(start: State) -> dict[str, Any]:
    """Describe what each checkpoint says of its run, as plain values."""
    return {
        "documents": " ".join(start["document_ids"]),
        "question": start["question"],
        "options": json.dumps(start["options"]),
    }


def _run_of(run_id: str, metadata: dict[str, Any]) -> UnfinishedRun:
    options = options_from_json(json.loads(metadata["options"]))
    return UnfinishedRun(run_id, metadata["question"], tuple(metadata["documents"].split()), options)


class Journal:
    """What the workers of a run left, a row a worker: a fact is written once. Several threads may write."""

    def __init__(self, checkpoints: Checkpoints, run_id: str) -> None:
        self._checkpoints = checkpoints
        self._run_id = run_id

    def entries(self, path: int) -> list[dict[str, Any]]:
        """Return what the workers of a path wrote, in their order."""
        query = "SELECT entry FROM notes WHERE thread_id = ? AND path = ? ORDER BY place"
        return [json.loads(entry) for (entry,) in self._checkpoints.rows(query, (self._run_id, path))]

    def last(self) -> list[dict[str, Any]]:
        """The last entry of each path."""
        query = "SELECT entry, MAX(place) FROM notes WHERE thread_id = ? GROUP BY path"
        return [json.loads(entry) for entry, _ in self._checkpoints.rows(query, (self._run_id,))]

    def write(self, path: int, place: int, entry: Mapping[str, Any]) -> None:
        """Keep one worker's entry: it survives a killed process, not a power cut, and waits for no disk."""
        row = (self._run_id, path, place, json.dumps(entry, ensure_ascii=False))
        self._checkpoints.change(
            "INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?)", (*row, digest_of(row))
        )
