"""What is kept of a batch: one SQLite file (WAL), a result once per key, each in a transaction of its own.

Whoever runs the batch holds a lock on the file; whoever only looks (a page in the browser) needs none.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from catena.errors import CatenaError, LibraryCorrupt, LibraryError, OptionError
from catena.files.file_lock import FileLock
from catena.library.checksums import digest_of
from catena.library.sqlite_store import SqliteStore

Json = Mapping[str, Any]
SCHEMA = 2
ROWS_AT_ONCE = 64
_NAMES = {"notes": "name", "results": "key", "failures": "key"}
_TABLES = tuple(
    f"CREATE TABLE IF NOT EXISTS {table} ({name} TEXT PRIMARY KEY, value TEXT NOT NULL, "
    "checksum INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
    for table, name in _NAMES.items()
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A unit that failed for good this time; the next run tries it again. `reason` is the kind of error."""

    key: str
    reason: str
    message: str
    remedy: str = ""


class Journal(SqliteStore):
    """Safe for several threads. Every method raises LibraryError when the file cannot be used."""

    tables = _TABLES
    path: Path

    def __init__(self, path: Path) -> None:
        """Open the file, or make one. Raises OptionError when it is of another schema."""
        super().__init__(path)
        self.rows("PRAGMA user_version")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def working(self, job: Json) -> Iterator[None]:
        """Be the one process that runs the batch, which `job` describes.

        Raises LibraryError when another one does, OptionError when the file holds another job.
        """
        lock = FileLock(self.path.with_suffix(".lock"))
        if not lock.acquire(wait=False):
            raise LibraryError(f"Another process works on {self.path}.", "Wait for it, or give another name.")
        try:
            self.drop_damaged()
            kept = self.note("job")
            if kept is not None and kept != _plain(job):
                changed = sorted(name for name in {*kept, *job} if kept.get(name) != _plain(job).get(name))
                raise OptionError(
                    f"{self.path} holds a job with another {', '.join(changed)}.",
                    "Give the options it was begun with, or another name.",
                )
            with self.writing() as connection:
                _set(connection, "notes", "job", job)
            yield
        finally:
            lock.release()

    def has(self, key: str) -> bool:
        """Whether a unit is done."""
        return self._kept("results", key) is not None

    def has_failed(self, key: str) -> bool:
        """Whether a unit failed, and was not done since."""
        return self._one("SELECT 1 FROM failures WHERE key = ?", key) is not None

    def get(self, key: str) -> Json | None:
        """The result of a unit, if it is done."""
        found = self._kept("results", key)
        return None if found is None else json.loads(found)

    def put(self, key: str, value: Json, notes: Json | None = None) -> bool:
        """Keep the result of a unit, and notes with it; False when there was one, which stays."""
        with self.writing() as connection:
            row = _row("results", key, value)
            is_new = connection.execute("INSERT OR IGNORE INTO results VALUES (?, ?, ?)", row).rowcount == 1
            connection.execute("DELETE FROM failures WHERE key = ?", (key,))
            for name, note in (notes or {}).items():
                _set(connection, "notes", name, note)
        return is_new

    def fail(self, key: str, error: CatenaError) -> None:
        """Note why a unit failed."""
        told = {
            "reason": getattr(error, "reason", type(error).__name__),
            "message": error.message,
            "remedy": error.remedy,
        }
        with self.writing() as connection:
            _set(connection, "failures", key, told)

    def note(self, name: str) -> Json | None:
        """What was noted under a name."""
        found = self._kept("notes", name)
        return None if found is None else json.loads(found)

    def set_note(self, name: str, value: Json) -> None:
        """Note something, in place of what was there."""
        with self.writing() as connection:
            _set(connection, "notes", name, value)

    def count(self, prefix: str = "") -> int:
        """How many units are done whose keys begin so."""
        found = self._one("SELECT count(*) FROM results WHERE key >= ? AND key < ?", *_range(prefix))
        return int(found or 0)

    def results(self, prefix: str = "", *, after: str = "") -> Iterator[tuple[str, Json]]:
        """Yield keys and results in the order of the keys, beyond `after`; some at a time are in memory."""
        first, end = _range(prefix)
        query = "SELECT key, value, checksum FROM results WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?"
        while rows := self.rows(query, (first, end, after, ROWS_AT_ONCE)):
            for key, value, checksum in rows:
                if checksum != digest_of(("results", key, value)):
                    raise self._damaged(key)
                yield key, json.loads(value)
            after = rows[-1][0]

    def failures(self, prefix: str = "") -> list[Failure]:
        """What failed and was not done since, in the order of the keys."""
        query = "SELECT key, value, checksum FROM failures WHERE key >= ? AND key < ? ORDER BY key"
        return [
            Failure(key, **json.loads(value))
            for key, value, checksum in self.rows(query, _range(prefix))
            if checksum == digest_of(("failures", key, value))
        ]

    def damaged(self) -> list[str]:
        """The keys of rows that do not fit their checksums; what SQLite finds of its own comes first."""
        found = [said for (said,) in self.rows("PRAGMA integrity_check(1)") if said != "ok"]
        return found or [key for table in _NAMES for key in self._unsound(table)]

    def drop_damaged(self) -> int:
        """Delete rows that do not fit their checksums: what they held is made again."""
        number = 0
        for table, name in _NAMES.items():
            for key in self._unsound(table):
                with self.writing() as connection:
                    connection.execute(f"DELETE FROM {table} WHERE {name} = ?", (key,))
                number += 1
        return number

    def _unsound(self, table: str) -> list[str]:
        rows = self.rows(f"SELECT {_NAMES[table]}, value, checksum FROM {table}")
        return [key for key, value, checksum in rows if checksum != digest_of((table, key, value))]

    def _kept(self, table: str, key: str) -> str | None:
        """A value as it was kept. Raises LibraryCorrupt."""
        rows = self.rows(f"SELECT value, checksum FROM {table} WHERE {_NAMES[table]} = ?", (key,))
        if not rows:
            return None
        ((value, checksum),) = rows
        if checksum != digest_of((table, key, value)):
            raise self._damaged(key)
        return str(value)

    def _damaged(self, key: str) -> LibraryCorrupt:
        return LibraryCorrupt(
            f"What {self.path} holds of {key!r} was damaged on the disk.",
            "Give the same command again: it is made anew. Or run: catena doctor --repair",
        )

    def _migrate(self, opened: sqlite3.Connection) -> None:
        version = opened.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA:
            return
        is_turned = _says_schema(opened)  # a bit of the header
        if version not in (0, 1) and not is_turned:
            raise OptionError(
                f"{self.path} has schema {version}; this version of Catena reads schema {SCHEMA}.",
                "Upgrade Catena, or give another name.",
            )
        opened.execute("BEGIN IMMEDIATE")
        with opened:
            for table, name in _NAMES.items() if version == 1 and not is_turned else ():
                opened.execute(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0")
                rows = opened.execute(f"SELECT {name}, value FROM {table}").fetchall()
                sums = [(digest_of((table, key, value)), key) for key, value in rows]
                opened.executemany(f"UPDATE {table} SET checksum = ? WHERE {name} = ?", sums)
            for table in _TABLES:
                opened.execute(table)
            _set(opened, "notes", "schema", {"version": SCHEMA})
            opened.execute(f"PRAGMA user_version = {SCHEMA}")

    def _one(self, query: str, *values: object) -> Any:
        return next((row[0] for row in self.rows(query, values)), None)


def _says_schema(opened: sqlite3.Connection) -> bool:
    """Tell whether a row says that the tables are of this schema, whatever the header says."""
    if "checksum" not in {row[1] for row in opened.execute("PRAGMA table_info(notes)")}:
        return False
    kept = opened.execute("SELECT name, value, checksum FROM notes WHERE name = 'schema'").fetchone()
    return bool(kept == _row("notes", "schema", {"version": SCHEMA}))


def _set(connection: sqlite3.Connection, table: str, key: str, value: Json) -> None:
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", _row(table, key, value))


def _row(table: str, key: str, value: Json) -> tuple[str, str, int]:
    said = _dump(value)
    return key, said, digest_of((table, key, said))


def _range(prefix: str) -> tuple[str, str]:
    """Keys that begin with the prefix are from the first, below the second."""
    return prefix, f"{prefix}\U0010ffff"


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _plain(value: Json) -> dict[str, Any]:
    """As it is after it was kept: tuples are lists."""
    plain: dict[str, Any] = json.loads(_dump(value))
    return plain
