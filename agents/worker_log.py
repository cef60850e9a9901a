"""Log of what each worker of a run left behind, a row a worker: a fact is written once, however long the book.

A run that was killed goes on after the last row. It lies in the database of the checkpoints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from catena.agents.run_store import Checkpoints
from catena.library.checksums import digest_of


class Journal:
    """The rows of one run; its paths may write from several threads."""

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
