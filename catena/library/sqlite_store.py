"""A SQLite file beside the library's own database, for all threads of a process."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.disk_reserve import is_full
from catena.files.failpoints import point
from catena.files.sqlite_files import connect, has_log, is_only_read, set_journal
from catena.library.database import BUSY_SECONDS, no_space, translated

Synchronous = Literal["FULL", "NORMAL"]


class SqliteStore:
    """The file: threads take turns at one connection under `lock`. Methods raise LibraryError where it cannot be used.

    Connections of their own would poll for SQLite's lock, and the last one to close would wait for the disk.
    """

    tables: ClassVar[Sequence[str]] = ()
    synchronous: ClassVar[Synchronous] = "FULL"
    """NORMAL: what is written survives a killed process, not a power cut, and waits for no disk."""

    def __init__(self, path: Path | None = None) -> None:
        """It is opened when first used; no path, and it is forgotten in the end."""
        self.path = path
        self.lock = threading.RLock()
        self.is_read_only = False

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """To be used with `lock` held."""
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

        Durable: it survives a power cut whatever `synchronous` says.
        """
        with self.lock, self._usable():
            if self.is_read_only:  # the disk was full: it may not be any more
                self._drop()
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
                    connection.execute(f"PRAGMA synchronous = {self.synchronous}")

    def has(self, table: str) -> bool:
        """Tell whether a table is there; before its first use there is no file."""
        if self.path is not None and not self.path.exists():
            return False
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)))

    def wipe(self) -> None:
        """Empty the log of the file, so that what was deleted is in neither."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection once nobody writes; it is opened again by whoever still asks."""
        with self.lock:
            self._drop()

    def _drop(self) -> None:
        if "connection" in self.__dict__:
            self.__dict__.pop("connection").close()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Turn what SQLite finds into an error of ours."""
        with translated(self._name):
            try:
                yield
            except sqlite3.OperationalError as error:
                if self.is_read_only and self.path is not None and is_full(self.path.parent):
                    raise no_space(self.path) from error
                raise

    @property
    def _name(self) -> Path:
        return self.path or Path(":memory:")

    def _opened(self) -> sqlite3.Connection:
        self.is_read_only = self.path is not None and (
            is_only_read(self.path) or (not has_log(self.path) and is_full(self.path.parent))
        )
        if self.path and not self.is_read_only:
            make_folder(self.path.parent)
        opened = connect(self._name, seconds=BUSY_SECONDS, is_read_only=self.is_read_only)
        opened.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        if self.is_read_only:
            return opened
        try:
            if self.path:
                set_journal(opened, self.path)
                self.path.chmod(FILE_MODE)
            opened.execute(f"PRAGMA synchronous = {self.synchronous}")
            opened.execute("PRAGMA secure_delete = ON")
            self._migrate(opened)
            for table in self.tables:
                opened.execute(table)
            self._refuse_other(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def _refuse_other(self, opened: sqlite3.Connection) -> None:
        """Raise DatabaseError for another store's file in this one's place: its tables have other columns."""
        with closing(sqlite3.connect(":memory:")) as model:
            for table in self.tables:
                model.execute(table)
            for name, wanted in _columns(model).items():
                if lacking := wanted - _columns(opened).get(name, set()):
                    raise sqlite3.DatabaseError(f"malformed: {name} has no {', '.join(sorted(lacking))}")

    def _migrate(self, opened: sqlite3.Connection) -> None:
        """Bring tables of an older version to this one's, before those that are missing are made."""


def _columns(opened: sqlite3.Connection) -> dict[str, set[str]]:
    """The columns of each table."""
    query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    found: dict[str, set[str]] = {}
    for table, column in opened.execute(query):
        found.setdefault(table, set()).add(column)
    return found
