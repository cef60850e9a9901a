"""What can be wrong with a library, and how it is put right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from catena.database import Database
from catena.errors import LibraryError
from catena.originals import Originals, sha256
from catena.removal import purge, purge_pending


@dataclass(frozen=True, slots=True)
class Problem:
    """`can_repair`: `catena doctor --repair` mends it; else `remedy` says what a person can do."""

    name: str
    message: str
    remedy: str = ""
    document_id: str | None = None
    can_repair: bool = False


_ORPHANS = {
    "passages without a document": ("passages", "document_key", "key FROM documents"),
    "pages without a document": ("pages", "document_key", "key FROM documents"),
    "words without a page": ("page_words", "page_key", "key FROM pages"),
    "vectors without a passage": ("vectors", "passage_id", "id FROM passages"),
    "terms without a document": ("document_terms_docsize", "id", "key FROM documents"),
}
_COUNTS = """
SELECT id, title, status, num_pages, num_passages,
    (SELECT count(*) FROM pages WHERE document_key = documents.key) AS pages,
    (SELECT count(*) FROM pages JOIN page_words ON page_key = pages.key
        WHERE document_key = documents.key) AS words,
    (SELECT count(*) FROM passages WHERE document_key = documents.key
        AND id = documents.first_passage + ordinal) AS passages,
    (SELECT count(*) FROM document_terms_docsize WHERE id = documents.key) AS terms,
    EXISTS (SELECT 1 FROM sources WHERE document_key = documents.key) AS has_source
FROM documents
"""

_PATHS = """
SELECT id, coalesce((SELECT min(path) FROM sources WHERE document_key = documents.key), path) AS path
FROM documents
"""


def check(database: Database, originals: Originals) -> list[Problem]:
    """List what is wrong; changes nothing."""
    problems = [*_damage(database)]
    if not problems:
        with database.read() as connection:
            problems += [*_orphan_rows(connection), *_incomplete(connection)]
        if purge_pending(database):
            problems.append(Problem("removal", "A removal was not finished.", can_repair=True))
    return problems + [*_originals(database, originals)]


def repair(database: Database, originals: Originals) -> None:
    """Finish what was interrupted and rebuild what follows from the rest."""
    originals.sweep()
    originals.drop_orphans()
    with database.write() as connection:
        for statement in (
            "DELETE FROM passages WHERE document_key NOT IN (SELECT key FROM documents)",
            "DELETE FROM pages WHERE document_key NOT IN (SELECT key FROM documents)",
            "DELETE FROM page_words WHERE page_key NOT IN (SELECT key FROM pages)",
            "DELETE FROM vectors WHERE passage_id NOT IN (SELECT id FROM passages)",
            "DELETE FROM document_terms WHERE rowid NOT IN (SELECT key FROM documents)",
            "INSERT INTO document_terms (document_terms) VALUES ('rebuild')",
        ):
            connection.execute(text(statement))
    purge(database)


def _damage(database: Database) -> Iterator[Problem]:
    remedy = "Restore library.db from a backup, or move it away and add the files under originals/ again."
    try:
        with database.read() as connection:
            for (said,) in connection.execute(text("PRAGMA integrity_check(10)")):
                if said != "ok":
                    yield Problem("database", f"{database.path} is damaged: {said}.", remedy)
    except LibraryError as error:
        yield Problem("database", error.message, error.remedy)
        return
    try:
        with database.write() as connection:
            # Not a change; but SQLite takes every command to FTS5 for one.
            connection.execute(text("INSERT INTO document_terms (document_terms) VALUES ('integrity-check')"))
    except LibraryError:
        yield Problem("word index", "The index of words does not fit the text.", can_repair=True)


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
            "terms": (row.num_passages > 0) - row.terms,
            "paths": 1 - row.has_source,
        }
        said = ", ".join(f"{number} {name}" for name, number in missing.items() if number)
        if said:
            remedy = f"Read it again: catena reindex {row.id[:12]}"
            yield Problem("document", f"{row.title!r} misses {said}.", remedy, row.id)


def _originals(database: Database, originals: Originals) -> Iterator[Problem]:
    try:
        with database.read() as connection:
            rows = connection.execute(text(_PATHS)).all()
    except LibraryError:
        return  # reported by `_damage`
    for document_id, path in rows:
        file = originals.path(document_id)
        remedy = f"Add the file again: catena add {path}"
        if not file.is_file():
            yield Problem("original", f"The original of {path} is missing.", remedy, document_id)
        elif sha256(file) != document_id:
            yield Problem("original", f"The original of {path} was changed.", remedy, document_id)
    for document_id in originals.orphans():
        yield Problem("original", f"{document_id[:12]} belongs to no document.", can_repair=True)
