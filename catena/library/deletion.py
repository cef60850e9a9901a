"""A document goes for good: its rows, and what SQLite would still hold of them."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import Connection, select

from catena.library.checksums import seal_catalogue
from catena.library.database import Database
from catena.library.document_writer import count, delete_contents
from catena.library.places import relink
from catena.library.schema import counters, documents, vector_files
from catena.library.stored_pages import counter, no_document


def delete_document(connection: Connection, document_id: str) -> None:
    """Delete a document's rows."""
    row = connection.execute(select(documents).where(documents.c.id == document_id)).first()
    if row is None:
        raise no_document(document_id)
    relink(connection, row.key, document_id)
    delete_contents(connection, row)
    count(connection, "purge")
    connection.execute(documents.delete().where(documents.c.key == row.key))
    seal_catalogue(connection)


def purge(database: Database) -> bool:
    """Wipe what was deleted from the log and the FAISS cache.

    Returns whether all of it is gone; if not (somebody was reading, or we were killed), the next purge does it.
    """
    pending = purge_pending(database)
    if not pending:
        return True
    drop_cache(database)
    if not database.truncate_log():
        return False
    with database.write() as connection:
        query = counters.update().where(counters.c.name == "purge", counters.c.value == pending)
        connection.execute(query, {"value": 0})
    return True


def drop_cache(database: Database) -> None:
    """Delete the FAISS files: they are built again when they are needed."""
    with database.write() as connection:
        connection.execute(vector_files.delete())
    drop_files(database.path.parent)


def drop_files(home: Path) -> None:
    """Delete the FAISS files alone: one that is missing is built again."""
    shutil.rmtree(home / "faiss", ignore_errors=True)


def purge_pending(database: Database) -> int:
    """Count the removals that are not wiped yet."""
    with database.read() as connection:
        return counter(connection, "purge")
