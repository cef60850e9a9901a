"""The SQLite file of what is under way: jobs and their events, and beside them the checkpoints of LangGraph.

It is apart from the library, which waits for the disk and for whoever adds a book, and has nothing that lasts: an
answer is kept in the library, the items of a set in a file of their own.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from catena.errors import LibraryCorrupt
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.disk_reserve import is_full
from catena.files.failpoints import point
from catena.files.sqlite_files import connect, has_log, is_only_read, set_journal
from catena.library.database import no_space
from catena.library.lost_found import set_database_aside

STORE = "checkpoints.db"
"""Its name in the library's folder; the first version kept checkpoints alone."""
LOCK_SECONDS = 60.0
"""How long a write waits for other processes that write to the same file."""
_PRAGMAS = (
    "PRAGMA synchronous = NORMAL",  # survives a killed process, not a power cut, and waits for no disk
    "PRAGMA secure_delete = ON",
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, kind TEXT, payload TEXT, "
    "state TEXT, is_cancelled INTEGER, progress TEXT, result TEXT, error TEXT, num_attempts INTEGER, "
    "created_at REAL, finished_at REAL, checksum INTEGER)",
    "CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_name ON jobs (name) WHERE name != ''",
    "CREATE TABLE IF NOT EXISTS events (job INTEGER, number INTEGER, kind TEXT, message TEXT, data TEXT, "
    "checksum INTEGER, PRIMARY KEY (job, number)) WITHOUT ROWID",
)
_log = logging.getLogger(__name__)


class JobStore:
    """The file, open for all threads of a process: they take turns at one connection under `lock`.

    Connections of their own would poll for SQLite's lock, and the last one to close would wait for the disk.
    """

    tables: Sequence[str] = _TABLES

    def __init__(self, path: Path | None = None) -> None:
        """It is opened when first used; no path, and it is forgotten in the end."""
        self.path = path
        self.lock = threading.RLock()

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """To be used with `lock` held. A file that cannot be used is set aside: what was under way begins anew."""
        try:
            return self._opened()
        except sqlite3.DatabaseError as error:
            if self.path is None or not _is_damage(error) or is_full(self.path.parent):
                raise
            self.set_aside(error)
            return self._opened()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self.lock, self._usable():
            return self.connection.execute(query, values).fetchall()

    def change(self, statement: str, values: Sequence[object]) -> None:
        """Commit one statement."""
        with self.writing() as connection:
            connection.execute(statement, values)

    @contextmanager
    def writing(self, *, is_durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Give the one transaction that may write, committed on leave; inside of another, it is a part of that.

        Durable: it survives a power cut, and waits for the disk.
        """
        with self.lock, self._usable():
            connection = self.connection
            if connection.in_transaction:
                yield connection
                return
            if is_durable:
                connection.execute("PRAGMA synchronous = FULL")
            try:
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    yield connection
                    point("before-commit")
                point("after-commit")
            finally:
                if is_durable:
                    connection.execute(_PRAGMAS[0])

    def has(self, table: str) -> bool:
        """Tell whether a table is there: before its first use there is no file, and LangGraph makes its tables late."""
        if self.path is not None and not self.path.exists():
            return False
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)))

    def wipe(self) -> None:
        """Empty the log of the file, so that what was deleted is in neither."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def set_aside(self, reason: object) -> None:
        """To be called with `lock` held."""
        assert self.path is not None, "there is a file"
        if "connection" in self.__dict__:
            self.__dict__.pop("connection").close()
        set_database_aside(self.path.parent, self.path.name)
        _log.warning(
            "%s was damaged (%s) and put into lost+found; unfinished runs begin anew.", self.path, reason
        )

    def close(self) -> None:
        """Close the connection once nobody writes; it is opened again by whoever still asks."""
        with self.lock:
            if "connection" in self.__dict__:
                self.__dict__.pop("connection").close()

    def _opened(self) -> sqlite3.Connection:
        is_read_only = self.path is not None and (
            is_only_read(self.path) or (not has_log(self.path) and is_full(self.path.parent))
        )
        if self.path and not is_read_only:
            make_folder(self.path.parent)
        path = self.path or Path(":memory:")
        opened = connect(path, seconds=LOCK_SECONDS, is_read_only=is_read_only)
        opened.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        if is_read_only:
            return opened
        try:
            if self.path:
                set_journal(opened, self.path)
                self.path.chmod(FILE_MODE)
            for statement in (*_PRAGMAS, *self.tables):
                opened.execute(statement)
            self._migrate(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def _migrate(self, opened: sqlite3.Connection) -> None:
        """Bring tables of an older version to this one's."""

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Turn what SQLite finds into an error of ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self.path is not None and is_full(self.path.parent):
                raise no_space(self.path) from error
            raise LibraryCorrupt(
                f"What is under way in {self.path} cannot be read: {error}.", "Run: catena doctor --repair"
            ) from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return not isinstance(error, sqlite3.OperationalError) or "malformed" in str(error) or "i/o" in str(error)
