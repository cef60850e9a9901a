"""One SQLite file: connections, transactions, the version of its schema, and its troubles as our errors.

Threads share one `Database`: SQLAlchemy's pool gives each transaction a connection of its own. Processes share
the file: writers wait for each other (WAL lets readers go on), so a write transaction must be short.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event, select, text
from sqlalchemy.exc import (
    DatabaseError,
    IntegrityError,
    NoResultFound,
    OperationalError,
    ProgrammingError,
)

from catena.errors import DISTRIBUTION, Damage, LibraryCorrupt, LibraryError, LibraryFull, LibraryTooNew
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.disk_reserve import FULL, READ_ROOM, free_bytes, is_full, may_take_none
from catena.files.failpoints import point
from catena.files.sqlite_files import connect, filesystem_of, has_log, is_only_read, is_shared, set_journal
from catena.library.checksums import seal_catalogue
from catena.library.migrations import MIGRATIONS
from catena.library.schema import SCHEMA_VERSION, counters, create_tables
from catena.library.word_index import seal_words

BUSY_SECONDS = 60
FIRST_KEPT = 6
"""The first schema whose number stands in a row, too: one in the header alone could be any after a bit has turned."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cell_size_check = ON",  # a damaged page is an error, not other rows
    "PRAGMA cache_size = -16000",
)
_CORRUPT = (
    "not a database",
    "malformed",
    "disk image",
    "no such table",
    "no such column",
    "disk i/o error",
    "unsupported file format",
)
_UNWRITTEN = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
"""What could not be written is no damage of what is there."""
_AWAY = {errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ENODEV}
"""What a share says that was lost."""
_FULL = ("disk is full",)
_READ_ONLY = ("readonly", "unable to open", "permission denied")
_BUSY = ("locked", "busy")

# Letters that are none come back as something: the checksum says that it is not what was written.
_TEXT = partial(str, encoding="utf-8", errors="surrogateescape")

Migrations = Mapping[int, Callable[[Connection], None]]
Mend = Callable[[Damage], None]
MAX_MENDED = 4
"""Parts that one reading finds damaged, one after the other: a page, the list of documents, the word index."""
P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """The open file. `version` and `migrations` are given by tests alone."""

    def __init__(
        self, path: Path, *, version: int = SCHEMA_VERSION, migrations: Migrations = MIGRATIONS
    ) -> None:
        self.path = path
        self.mend: Mend | None = None
        """Mends what is damaged, or raises."""
        self._turn = threading.Lock()
        self._folder: tuple[int, int] | None = None
        self._open()
        try:
            self._prepare(version, migrations)
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self.is_read_only = is_only_read(self.path) or self._is_full()
        """Tell whether the disk or its owner lets nothing be written: then reading works all the same."""
        self._reader = _engine(self._connected)
        self._writer = self._reader.execution_options(catena_write="FULL")
        self._quick_writer = self._reader.execution_options(catena_write="NORMAL")

    def _connected(self) -> sqlite3.Connection:
        """Open a connection, in the folder that there was at first: where a share was lost, its place is empty."""
        if self._folder is not None and self._is_elsewhere():
            raise _away(self.path, "its folder is gone, or another one stands in its place")
        return _connected(self.path, is_read_only=self.is_read_only)

    def _is_full(self) -> bool:
        """Tell whether the disk is too full for SQLite's files beside it, and the file can be read without them."""
        return os.path.exists(self.path) and not has_log(self.path) and is_full(self.path.parent)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a consistent view of the file, whatever others write meanwhile."""
        with self._reached(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn errors into ours; where the folder is not the one that was opened, that is what is wrong."""
        try:
            with translated(self.path):
                yield
        except LibraryError as error:
            if self._folder is not None and self._is_elsewhere():
                raise _away(self.path, "its folder is gone, or another one stands in its place") from error
            raise

    def _is_elsewhere(self) -> bool:
        try:
            return _identity(self.path.parent) != self._folder
        except OSError:
            return True

    def fetch(self, read: Callable[Concatenate[Connection, P], T], *given: P.args, **named: P.kwargs) -> T:
        """Read by a function that raises Damage: that is mended, and read again; what is damaged still is raised."""
        num_mended = 0
        while True:
            try:
                with self.read() as connection:
                    return read(connection, *given, **named)
            except Damage as damage:
                if self.mend is None or num_mended == MAX_MENDED:
                    raise
                self.mend(damage)
                num_mended += 1

    @contextmanager
    def write(self, *, is_durable: bool = True) -> Iterator[Connection]:
        """Give the one transaction that may write; it is committed on leave, rolled back on an error.

        Not durable: it survives a killed process, not a power cut, and waits for no disk.
        Raises LibraryError where the library can only be read.
        """
        if self.is_read_only:
            self._open_to_write()
        writer = self._writer if is_durable else self._quick_writer
        # Threads take turns here: connections that wait for each other poll, up to 0.1 s after the lock is free.
        with self._turn, self._reached(), writer.connect() as connection:
            yield connection
            point("before-commit")
            connection.commit()
            point("after-commit")

    def _open_to_write(self) -> None:
        """Open the file anew where it can be written by now."""
        if is_only_read(self.path):
            raise _read_only(self.path)
        if self._is_full():
            raise no_space(self.path)
        with self._turn:
            self._reader.dispose()
            self._open()

    def truncate_log(self) -> bool:
        """Put the write-ahead log into the file and empty it, so that removed text is in neither.

        Returns whether that was done: it is not while somebody reads an older state.
        """
        with translated(self.path):
            raw = connect(self.path, seconds=2.0)
            try:
                is_busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
        return not is_busy

    def close(self) -> None:
        self._reader.dispose()

    def _prepare(self, version: int, migrations: Migrations) -> None:
        with translated(self.path):
            make_folder(self.path.parent)
            self._folder = _identity(self.path.parent)
        with self.read() as connection:
            found = _sound_version(connection, self.path)
        if found == version:
            return
        if found > version:
            raise LibraryTooNew(
                f"The library {self.path.parent} was written by a newer Catena (schema {found}; "
                f"this one reads {version}).",
                f"Upgrade Catena: pip install --upgrade {DISTRIBUTION}.",
            )
        with self.write() as connection:
            _migrate(connection, version, migrations)


def insert(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert a row and return its integer key."""
    return int(connection.execute(table.insert(), values).lastrowid)


def _migrate(connection: Connection, version: int, migrations: Migrations) -> None:
    """Bring the tables to `version`; another process may have done so since we looked."""
    found = _version(connection)
    if found == 0:
        if connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one():
            raise sqlite3.DatabaseError("database disk image is malformed: tables, and no version")
        create_tables(connection)
        seal_catalogue(connection)
        seal_words(connection)
    else:
        for older in range(found, version):
            migrations[older](connection)
    connection.execute(text(f"PRAGMA user_version = {version}"))
    kept = counters.insert().prefix_with("OR REPLACE")
    connection.execute(kept, {"name": "schema", "value": version})


def _sound_version(connection: Connection, path: Path) -> int:
    """The version of the tables. Raises LibraryCorrupt where the header says another one than the table of counters."""
    found = _version(connection)
    has_counters = text("SELECT count(*) FROM sqlite_master WHERE name = 'counters'")
    kept = None
    if connection.execute(has_counters).scalar_one():
        kept = connection.execute(select(counters.c.value).where(counters.c.name == "schema")).scalar()
    is_older = kept is None and found < FIRST_KEPT
    if kept != found and not is_older:
        raise LibraryCorrupt(
            f"{path} is damaged: its header says schema {found}, its tables {kept or f'one before {FIRST_KEPT}'}.",
            "Run `catena doctor --repair`: it sets the file aside and reads the originals again.",
        )
    return found


def _version(connection: Connection) -> int:
    return int(connection.execute(text("PRAGMA user_version")).scalar_one())


def _engine(connected: Callable[[], sqlite3.Connection]) -> Engine:
    engine = create_engine(
        "sqlite://",  # what it is called is told to SQLite alone: an address has letters with a meaning
        creator=connected,
        poolclass=QueuePool,
        pool_size=8,  # more than the threads of asyncio on four cores: a connection costs nine statements
        max_overflow=-1,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _connected(path: Path, *, is_read_only: bool) -> sqlite3.Connection:
    raw = connect(path, seconds=BUSY_SECONDS, is_read_only=is_read_only)
    try:
        # We begin transactions, not the driver: it begins too late and never for reads.
        raw.isolation_level = None
        raw.text_factory = _TEXT
        if not is_read_only:
            set_journal(raw, path)
            if path.stat().st_mode & 0o077:
                path.chmod(FILE_MODE)  # SQLite gives its -wal and -shm the same mode
        for pragma in _PRAGMAS:
            raw.execute(pragma).fetchall()
    except BaseException:
        raw.close()
        raise
    return raw


def _identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    synchronous = connection.get_execution_options().get("catena_write")
    if synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if synchronous else "BEGIN")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk report into a LibraryError that says what to do."""
    try:
        yield
    except ProgrammingError:
        raise  # a mistake of ours, not the disk's
    except IntegrityError as error:
        if _is_whole(path):
            raise  # the same
        raise _error(path, f"malformed: {error.orig}", error) from error
    except NoResultFound as error:
        raise _error(path, "malformed: a row that every library has is gone", error) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema, whose letters are none
        raise _error(path, "malformed database schema", error) from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise _error(path, str(getattr(error, "orig", error)), error) from error
    except OSError as error:
        if error.errno == errno.EROFS:
            raise _read_only(path) from error
        if error.errno in FULL:
            raise no_space(path) from error
        if error.errno in _AWAY or (error.errno == errno.EIO and is_shared(filesystem_of(path.parent))):
            raise _away(path, error.strerror or str(error)) from error
        raise LibraryError(
            f"The library {path.parent} cannot be used: {error.strerror or error}.",
            "Nothing was changed. Check the free space of the disk and who owns the folder.",
        ) from error


def _is_whole(path: Path) -> bool:
    """Tell whether SQLite finds its tables and indexes in order: in a damaged one a row may miss its owner."""
    try:
        raw = connect(path)
        try:
            return bool(raw.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
        finally:
            raw.close()
    except sqlite3.DatabaseError:
        return False


def _away(path: Path, reason: str) -> LibraryError:
    """The error of a share or disk that was lost while it was in use."""
    return LibraryError(
        f"The library {path.parent} cannot be reached any more: {reason}.",
        "What was kept before is kept. Mount its disk again, and do the same again.",
    )


def _lost(folder: Path, reason: str) -> str:
    """Say why a folder cannot be reached; empty where it can. What a disk cannot read a share has lost."""
    try:
        os.stat(folder)
    except OSError as error:
        return error.strerror or str(error)
    return reason if "i/o" in reason.lower() and is_shared(filesystem_of(folder)) else ""


def _read_only(path: Path) -> LibraryError:
    return LibraryError(
        f"The library {path.parent} can only be read here.",
        "Nothing was changed. Get the right to write to the folder, or copy it to where you have that.",
    )


def no_space(path: Path, needed: int = 0) -> LibraryFull:
    """The error of a disk that is full; `needed` in bytes, where that is known."""
    free = free_bytes(path.parent)
    wanted = f" {needed / 1e6:,.1f} MB are needed," if needed else ""
    is_kept = free > max(needed, READ_ROOM)
    quota = ", of which a quota or the number of files lets you take none" if is_kept else ""
    return LibraryFull(
        f"No space is left for {path}:{wanted} {free / 1e6:,.1f} MB are free{quota}.",
        "Nothing was changed. Free some space.",
    )


def _error(path: Path, reason: str, error: Exception) -> LibraryError:
    said = reason.lower()
    if "disk i/o" in said and (is_full(path.parent) or may_take_none(path.parent)):
        return no_space(path)  # SQLite says so of the index of its log, and of a quota
    if getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) in _UNWRITTEN:
        return LibraryError(
            f"{path} could not be written: {reason}.",
            "Nothing was changed. Look whether the disk is in order.",
        )
    if lost := _lost(path.parent, reason):
        return _away(path, lost)
    if any(part in said for part in _CORRUPT):
        return LibraryCorrupt(
            f"{path} is damaged: {reason}.",
            "Run `catena doctor --repair`: it sets the file aside and reads the originals again.",
        )
    if any(part in said for part in _FULL):
        return no_space(path)
    if any(part in said for part in _READ_ONLY):
        return LibraryError(
            f"{path} cannot be written: {reason}.", "Nothing was changed. Check who owns the folder."
        )
    if any(part in said for part in _BUSY) and isinstance(
        error, (OperationalError, sqlite3.OperationalError)
    ):
        return LibraryError(
            f"{path} was locked by another program for {BUSY_SECONDS} seconds.", "Try again in a while."
        )
    return LibraryError(f"{path} could not be used: {reason}.", "Run `catena doctor`.")
