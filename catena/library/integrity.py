"""Integrity of a library: what can be wrong, and how it is put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, text

from catena.errors import Damage, DocumentError, LibraryError
from catena.health import Problem
from catena.library.database import Database
from catena.library.deletion import purge, purge_pending
from catena.library.lost_found import set_aside
from catena.library.originals import Originals, sha256
from catena.library.places import add_places
from catena.library.repair import (
    bad_rows,
    damages,
    has_lost_count,
    mend_catalogue,
    mend_counters,
    mend_rows,
    mend_summed_rows,
    mend_word_index,
    reindex,
    set_row_aside,
    sound_documents,
)
from catena.library.summed_rows import PARTS

_ORPHANS = {
    "passages without a document": ("passages", "document_key", "key FROM documents"),
    "pages without a document": ("pages", "document_key", "key FROM documents"),
    "words without a page": ("page_words", "page_key", "key FROM pages"),
    "vectors without a passage": ("vectors", "passage_id", "id FROM passages"),
    "terms without a document": ("word_rows", "document_key", "key FROM documents"),
}
_STRAYS = (
    "DELETE FROM passages WHERE document_key NOT IN (SELECT key FROM documents)",
    "DELETE FROM pages WHERE document_key NOT IN (SELECT key FROM documents)",
    "DELETE FROM page_words WHERE page_key NOT IN (SELECT key FROM pages)",
    "DELETE FROM vectors WHERE passage_id NOT IN (SELECT id FROM passages)",
)
"""What hangs on a document that is gone was made of its original, and is made of it again."""
_COUNTS = """
SELECT id, title, status, num_pages, num_passages,
    (SELECT count(*) FROM pages WHERE document_key = documents.key) AS pages,
    (SELECT count(*) FROM pages JOIN page_words ON page_key = pages.key
        WHERE document_key = documents.key) AS words,
    (SELECT count(*) FROM passages WHERE document_key = documents.key
        AND id = documents.first_passage + ordinal) AS passages,
    EXISTS (SELECT 1 FROM sources WHERE document_key = documents.key) AS has_source
FROM documents
"""

_ADD_AGAIN = "Add its file again: catena add FILE"
_PATHS = "SELECT document_key, min(path) FROM sources GROUP BY document_key"


def check(database: Database, originals: Originals) -> list[Problem]:
    """List what is wrong; changes nothing."""
    problems = [*_damage(database)]
    if not problems:
        try:
            problems += _rows(database)
        except LibraryError as error:
            problems.append(Problem("database", error.message, error.remedy, can_repair=True))
    return problems + [*_originals(database, originals)]


def _rows(database: Database) -> list[Problem]:
    """Damage in the rows of a database that SQLite finds in order."""
    problems = [_problem_of(one) for one in damages(database)]
    problems += [
        Problem("rows", f"A row of {table.name} was damaged on the disk.", can_repair=True)
        for table, _ in bad_rows(database)
    ]
    with database.read() as connection:
        problems += _orphan_rows(connection)
        if not problems:
            problems += _incomplete(connection)
    if has_lost_count(database):
        problems.append(Problem("rows", "The count of ids that were given was damaged.", can_repair=True))
    if purge_pending(database):
        problems.append(Problem("removal", "A removal was not finished.", can_repair=True))
    return problems


def _problem_of(damage: Damage) -> Problem:
    return Problem("damage", damage.message, document_id=damage.document_id or None, can_repair=True)


def repair(
    database: Database,
    originals: Originals,
    mend: Callable[[Damage], None] | None,
    readopt: Callable[[str], object] | None,
) -> None:
    """Finish what was interrupted and rebuild what follows from the rest.

    `mend` reads a damaged document again, `readopt` makes one of an original whose row was lost; without it such a
    file is set aside. Raises LibraryCorrupt where the database itself must be built anew.
    """
    home = database.path.parent
    mend_counters(database)
    originals.sweep()
    if not _is_intact(database):
        reindex(database)
    with database.write() as connection:
        for statement in _STRAYS:
            connection.execute(text(statement))
    mend_rows(database, home)
    for damage in list(damages(database)):
        with suppress(DocumentError):  # it is marked as damaged, and named by the next check
            _mend(database, home, damage, mend)
    if _has_stray_terms(database):
        for document_id in mend_word_index(database):
            if mend is not None:
                mend(Damage("search index", document_id))
    for document_id in originals.orphans():
        path = originals.path(document_id)
        if readopt is None or not path.is_file() or sha256(path) != document_id:
            set_aside(home, path)
        else:
            with suppress(DocumentError):
                readopt(document_id)
    with database.write() as connection:
        add_places(connection)
    purge(database)


def _mend(database: Database, home: Path, damage: Damage, mend: Callable[[Damage], None] | None) -> None:
    if mend is not None:
        mend(damage)
    elif damage.part in ("entry", "list of documents"):
        mend_catalogue(database, home)
    elif damage.part in ("kept answer", "kept vote"):
        set_row_aside(database, home, damage)
    elif damage.part == "word index":
        mend_word_index(database)
    elif damage.part in PARTS.values():
        mend_summed_rows(database, home, damage)


def _is_intact(database: Database) -> bool:
    with database.read() as connection:
        return list(connection.execute(text("PRAGMA integrity_check(1)")).scalars()) == ["ok"]


def _has_stray_terms(database: Database) -> bool:
    table, column, owners = _ORPHANS["terms without a document"]
    query = text(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} NOT IN (SELECT {owners}))")
    with database.read() as connection:
        return bool(connection.execute(query).scalar_one())


def _damage(database: Database) -> Iterator[Problem]:
    try:
        with database.read() as connection:
            for (said,) in connection.execute(text("PRAGMA integrity_check(10)")):
                if said != "ok":
                    yield Problem("database", f"{database.path} is damaged: {said}.", can_repair=True)
    except LibraryError as error:
        yield Problem("database", error.message, error.remedy, can_repair=True)
        return


def _orphan_rows(connection: Connection) -> Iterator[Problem]:
    for name, (table, column, owners) in _ORPHANS.items():
        query = text(f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT {owners})")
        number = connection.execute(query).scalar_one()
        if number:
            yield Problem("rows", f"{number} {name}.", can_repair=True)


def _incomplete(connection: Connection) -> Iterator[Problem]:
    for row in connection.execute(text(_COUNTS)):
        num_pages = row.num_pages if row.status == "ready" else row.pages
        missing = {
            "pages": num_pages - row.pages,
            "pages' words": row.pages - row.words,
            "passages": row.num_passages - row.passages,
            "paths": 1 - row.has_source,
        }
        said = ", ".join(f"{number} {name}" for name, number in missing.items() if number)
        if said:
            remedy = f"Read it again: catena reindex {row.id[:12]}"
            yield Problem("document", f"{row.title!r} misses {said}.", remedy, row.id)


def _originals(database: Database, originals: Originals) -> Iterator[Problem]:
    try:
        rows = sound_documents(database)
        with database.read() as connection:
            paths = {key: path for key, path in connection.execute(text(_PATHS))}
    except LibraryError:
        return  # reported by `_damage`
    for row in rows:
        if row.status == "damaged":
            yield Problem("damaged", f"{row.title!r} is damaged: {row.message}", _ADD_AGAIN, row.id)
    for row in rows:
        path = paths.get(row.key, row.path)
        if said := _changed(originals.path(row.id)):
            message = f"The original of {path} {said}."
            yield Problem("original", message, f"Add the file again: catena add {path}", row.id)
    for document_id in [] if database.is_read_only else originals.orphans():
        yield Problem("original", f"{document_id[:12]} belongs to no document.", can_repair=True)


def _changed(file: Path) -> str:
    """What happened to an original; empty where it is the file that was added."""
    try:
        return "" if sha256(file) == file.name else "was changed"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
