"""The SQLite file of what is under way: jobs and their events, and beside them the checkpoints of LangGraph.

It is apart from the library, which waits for the disk and for whoever adds a book, and has nothing that lasts: an
answer is kept in the library, the items of a set in a file of their own.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from catena.files.disk_reserve import is_full
from catena.library.lost_found import set_database_aside
from catena.library.sqlite_store import SqliteStore

STORE = "checkpoints.db"
"""Its name in the library's folder; the first version kept checkpoints alone."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, kind TEXT, payload TEXT, "
    "state TEXT, is_cancelled INTEGER, progress TEXT, result TEXT, error TEXT, num_attempts INTEGER, "
    "created_at REAL, finished_at REAL, checksum INTEGER)",
    "CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_name ON jobs (name) WHERE name != ''",
    "CREATE TABLE IF NOT EXISTS events (job INTEGER, number INTEGER, kind TEXT, message TEXT, data TEXT, "
    "checksum INTEGER, PRIMARY KEY (job, number)) WITHOUT ROWID",
)
_log = logging.getLogger(__name__)


class JobStore(SqliteStore):
    """The file; one that cannot be opened is set aside, and what was under way begins anew."""

    tables: ClassVar[Sequence[str]] = _TABLES
    synchronous = "NORMAL"

    @cached_property
    def connection(self) -> sqlite3.Connection:
        try:
            return self._opened()
        except sqlite3.DatabaseError as error:
            if self.path is None or not _is_damage(error) or is_full(self.path.parent):
                raise
            self.set_aside(error)
            return self._opened()

    def set_aside(self, reason: object) -> None:
        """To be called with `lock` held."""
        assert self.path is not None, "there is a file"
        self._drop()
        set_database_aside(self.path.parent, self.path.name)
        _log.warning(
            "%s was damaged (%s) and put into lost+found; unfinished runs begin anew.", self.path, reason
        )


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return not isinstance(error, sqlite3.OperationalError) or "malformed" in str(error) or "i/o" in str(error)
