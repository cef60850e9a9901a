"""Recovery of a library damaged on the disk: from its originals, or, where these are gone too, by
saying so.

`Healing.mend` is what the library calls when a row does not fit its checksum; `rebuild` makes a database anew of what
is left; `examine` is `catena doctor`, for a library that cannot even be opened.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from catena.add_document import Adder
from catena.errors import Damage, DocumentError, LibraryCorrupt, LibraryError
from catena.files.file_lock import FileLock
from catena.files.sqlite_files import connect
from catena.health import Health, Problem
from catena.library.checksums import columns, covered, is_sound
from catena.library.database import Database, translated
from catena.library.exchanged_files import put_back
from catena.library.library import Library
from catena.library.lost_found import (
    NAMES,
    known_names,
    mark_salvaged,
    set_database_aside,
    unsalvaged,
    write_down,
)
from catena.library.repair import (
    mend_catalogue,
    mend_rows,
    mend_summed_rows,
    mend_word_index,
    names_of,
    set_row_aside,
)
from catena.library.schema import (
    answer_documents,
    answers,
    collections,
    descriptions,
    documents,
    sources,
    vote_documents,
    votes,
)
from catena.library.stored_pages import facts_of
from catena.library.summed_rows import PARTS, put_row, read_row
from catena.settings import Settings
from catena.types import Document

_log = logging.getLogger(__name__)
LOCK = "repair.lock"
_SALVAGED = ("names of documents", "answers", "votes", "tags, collections and references")
_UNREAD = (sqlite3.DatabaseError, UnicodeDecodeError)
"""The second where SQLite quotes a damaged schema whose letters are none."""
_MAX_HOLES = 2000
"""Row numbers in a row that hold nothing, after which a damaged table is taken to be over."""


class Healing:
    """Mends one library with the parser of its client; several threads may find the same damage."""

    def __init__(self, library: Library, adder: Adder) -> None:
        self._library = library
        self._adder = adder
        self._turn = threading.RLock()
        self._is_mending = False
        self._mended: dict[tuple[str, str], float] = {}

    def mend(self, damage: Damage) -> None:
        """Mend it, or raise: DocumentError for a document that is damaged from now on, else the damage itself."""
        with self._turn:
            if self._is_mending:
                raise damage
            what = (damage.part, damage.document_id)
            if self._mended.get(what, -1.0) > damage.seen_at:
                return  # another thread did
            self._is_mending = True
            try:
                self._mend(damage)
                self._mended[what] = time.monotonic()
            finally:
                self._is_mending = False

    def readopt(self, document_id: str) -> Document:
        """Make a document again of an original whose row was lost."""
        home = self._library.home
        known = next((one for one in known_names(home) if one["id"] == document_id), {})
        found = self._adder.readopt(
            document_id, str(known.get("path") or ""), str(known.get("title") or ""), known.get("kind")
        )
        self._library.put_sources(found.id, known.get("sources") or [])
        lost = "" if known.get("is_sure") else ", but its name was lost or may be wrong"
        _log.warning("%r was read again from its original%s.", found.title, lost)
        return found

    def _mend(self, damage: Damage) -> None:
        library, home = self._library, self._library.home
        if damage.part == "vectors" and damage.document_id:
            library.vectors.drop(damage.document_id)
            _log.warning("%s They are made again when they are needed.", damage.message)
        elif damage.part == "word index":
            for document_id in mend_word_index(library.database):
                self._read_again(document_id, damage)
            _log.warning("%s It was built anew.", damage.message)
        elif damage.part in ("kept answer", "kept vote"):
            set_row_aside(library.database, home, damage)
            _log.warning("%s It was put into lost+found.", damage.message)
        elif damage.part in PARTS.values():
            self._describe_again(mend_summed_rows(library.database, home, damage), damage)
        elif damage.part == "place":
            mend_rows(library.database, home)
            _log.warning("%s It was written down in lost+found.", damage.message)
        elif damage.document_id:
            self._read_again(damage.document_id, damage)
        else:
            write_down(home, NAMES, names_of(library.database, library.original_ids()))
            mend_catalogue(library.database, home)
            for document_id in library.orphans():
                with suppress(DocumentError):
                    self.readopt(document_id)

    def _describe_again(self, document_ids: list[str], damage: Damage) -> None:
        """Read anew what documents are cited by whose row was damaged; what people said was put aside."""
        _log.warning("%s What was left of it was put into lost+found.", damage.message)
        for document_id in document_ids:
            known = self._library.get(document_id)
            if known is not None and known.is_readable:
                self._read_again(document_id, damage)

    def _read_again(self, document_id: str, damage: Damage) -> None:
        library = self._library
        with library.database.read() as connection:
            facts = facts_of(connection, document_id)
        document = Document(
            document_id, facts.title, facts.path, facts.kind, facts.status, added_at=facts.added_at
        )
        try:
            read = self._adder.add_again(document)
            if read.status == "failed":
                raise DocumentError(
                    read.reason or "damaged", read.message, read.remedy or "Try: catena reindex"
                )
        except DocumentError as error:
            message = f"{damage.message} {error.message}"
            remedy = f"{error.remedy} ({facts.path})" if "Add the file" in error.remedy else error.remedy
            library.mark_damaged(document_id, message, remedy)
            raise DocumentError("damaged", f"{facts.title!r}: {message}", remedy) from error
        _log.warning("%s %r was read again from its original.", damage.message, facts.title)
        if read.parser_version != facts.parser_version:
            raise LibraryError(
                f"{facts.title!r} was damaged, and was read again by another version of the parser.",
                "Ask again.",
            )


def rebuild(home: Path) -> list[str]:
    """Put a database that cannot be used aside, and make one of what it still says; the originals are read again by
    whoever opens the library next. Returns what was done, in sentences.

    It can be killed at any point, and begun again.
    """
    with _repairing(home):
        aside = set_database_aside(home, "library.db")
        done = [f"library.db was damaged; it was put into {aside.parent}."] if aside else []
        if not aside:
            done.append("library.db was gone; it was made anew of the originals.")
        folder = home / "tmp" / "rebuilt"
        shutil.rmtree(folder, ignore_errors=True)
        new = folder / "library.db"
        database = Database(new)
        left = unsalvaged(home, "library.db")
        counts = dict.fromkeys(_SALVAGED, 0)
        for path in left:
            with suppress(*_UNREAD):
                _salvage(path, database, home, counts)
        database.truncate_log()
        database.close()
        os.replace(new, home / "library.db")
        shutil.rmtree(folder, ignore_errors=True)
        for path in left:
            mark_salvaged(path)
        said = ", ".join(f"{number} {name}" for name, number in counts.items())
        done.append(f"Taken over of what it held: {said}; names that are missing were lost.")
        return done


def examine(settings: Settings, open_library: Callable[[Settings], Any], *, repair: bool) -> Health:
    """Check a library, also one that cannot be opened; with `repair`, mend it, its database anew if need be.

    `open_library` makes a client of settings. Raises LibraryError where no repair can help: a folder that cannot be
    written, a library of a newer Catena.
    """
    said = _put_back(settings.home) if repair else []
    is_rebuilt = False
    while True:
        try:
            with open_library(settings) as client:
                found: Health = client.health(repair=repair)
            is_broken = any(one.name == "database" for one in found.problems)
        except LibraryCorrupt as error:
            problem = Problem("database", error.message, error.remedy, can_repair=True)
            found, is_broken = Health((("library", str(settings.home)),), (problem,), ()), True
        if not (repair and is_broken) or is_rebuilt:
            mended = tuple(Problem("database", one, can_repair=True) for one in said)
            return replace(found, mended=(*mended, *found.mended))
        said += rebuild(settings.home)
        is_rebuilt = True


def _put_back(home: Path) -> list[str]:
    with _repairing(home):
        return put_back(home)


@contextmanager
def _repairing(home: Path) -> Iterator[None]:
    lock = FileLock(home / LOCK)
    with translated(home / "library.db"):
        is_ours = lock.acquire_within()
    if not is_ours:
        raise LibraryError(f"Another process repairs {home}.", "Wait for it.")
    try:
        yield
    finally:
        lock.release()


def _salvage(path: Path, into: Database, home: Path, counts: dict[str, int]) -> None:
    """Take over what fits its checksum: what documents are called, answers and votes."""
    raw = connect(path)
    raw.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        ids = {
            row["key"]: row
            for row in _rows(raw, documents)
            if is_sound(documents, [row[one.name] for one in columns(documents)])
        }
        places: dict[int, list[tuple[str, str, str | None]]] = {}
        for row in _rows(raw, sources):
            if is_sound(sources, [row[one.name] for one in columns(sources)]):
                places.setdefault(row["document_key"], []).append(
                    (row["path"], row["title"], row["successor"])
                )
        told = [
            {
                "id": row["id"],
                "title": row["title"],
                "path": row["path"],
                "kind": row["kind"],
                "sources": places.get(key, []),
                "is_sure": True,
            }
            for key, row in ids.items()
        ]
        write_down(home, NAMES, told)
        counts["names of documents"] += len(told)
        there = {path.name for path in (home / "originals").glob("??/*")}
        for table, about, name in (
            (answers, answer_documents, "answers"),
            (votes, vote_documents, "votes"),
        ):
            counts[name] += _take_over(raw, into, table, about, there)
        for table in (collections, descriptions):
            with suppress(*_UNREAD):  # an older library had none
                counts["tags, collections and references"] += _take_rows(raw, into, table, there)
    finally:
        raw.close()


def _take_over(raw: sqlite3.Connection, into: Database, table: Table, about: Table, there: set[str]) -> int:
    """Copy sound rows that are about documents whose originals are there."""
    owner = next(iter(about.columns)).name
    links: dict[int, list[str]] = {}
    for row in _rows(raw, about):
        links.setdefault(row[owner], []).append(row["document_id"])
    number = 0
    for row in _rows(raw, table):
        if not is_sound(table, [*(row[one.name] for one in covered(table)), row["checksum"]]):
            continue
        if not set(links.get(row["key"], [])) <= there:
            continue
        with into.write() as connection:
            held = select(table.c.key).where(table.c.key == row["key"])
            if connection.execute(held).first() is not None:
                continue
            connection.execute(table.insert().prefix_with("OR IGNORE"), row)
            rows = [{owner: row["key"], "document_id": one} for one in links.get(row["key"], [])]
            if rows:
                connection.execute(about.insert().prefix_with("OR IGNORE"), rows)
        number += 1
    return number


def _take_rows(raw: sqlite3.Connection, into: Database, table: Table, there: set[str]) -> int:
    """Copy sound rows of a small table, those about documents whose originals are there."""
    number = 0
    for row in _rows(raw, table):
        key = row[next(iter(table.primary_key)).name]
        is_wanted = table is not descriptions or key in there
        if is_wanted and is_sound(table, [row[one.name] for one in columns(table)]):
            with into.write() as connection:
                if read_row(connection, table, key) is None:
                    put_row(connection, table, {one.name: row[one.name] for one in covered(table)})
                    number += 1
    return number


def _rows(raw: sqlite3.Connection, table: Table) -> Iterator[dict[str, Any]]:
    """The rows of a table of a damaged database, as far as they can be read: all at once, else one by one."""
    names = [column.name for column in table.columns]
    wanted = ", ".join(f'"{name}"' for name in names)
    last = 0
    try:
        for row in raw.execute(f'SELECT rowid, {wanted} FROM "{table.name}" NOT INDEXED'):
            last = row[0]
            yield dict(zip(names, row[1:], strict=True))
        return
    except (*_UNREAD, TypeError):
        pass
    holes = 0
    while holes < _MAX_HOLES:
        last, holes = last + 1, holes + 1
        with suppress(*_UNREAD):
            row = raw.execute(
                f'SELECT {wanted} FROM "{table.name}" NOT INDEXED WHERE rowid = ?', (last,)
            ).fetchone()
            if row is not None:
                holes = 0
                yield dict(zip(names, row, strict=True))
