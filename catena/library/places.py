"""Places of documents: the paths where their bytes were found, and which document stands at each of them now.

A path that holds other bytes than before has another document; the one before is superseded there. A document that
stands at none of its places any more is kept for what cites it, and answers only when it is named.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, text

from catena.errors import Damage, DocumentError
from catena.library.checksums import columns, is_sound, sealed
from catena.library.schema import SOURCE_ORDER, documents, sources
from catena.web_addresses import is_address, url_of

GONE = ""
"""Successor at a place whose file is gone."""
_UNPLACED = text(
    "SELECT key, id, title, path FROM documents WHERE key NOT IN (SELECT document_key FROM sources)"
)
_LATER = text(
    "SELECT other.id FROM sources JOIN documents AS other ON other.key = document_key, documents AS own "
    "WHERE own.key = :key AND sources.path = :path AND successor IS NULL AND other.added_at > own.added_at"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A path where a document was found; `successor` is what stands there now, as in `Document`."""

    path: str
    document_id: str
    successor: str | None


def resolved(path: str) -> str:
    """A path without links, the one form of an address: two ways to a file are one place."""
    if is_address(path):
        with suppress(DocumentError):  # it is none, and nothing has such a name
            return url_of(path)
    try:
        return os.path.realpath(path)
    except ValueError:
        return os.path.abspath(path)


def read_places(connection: Connection) -> list[Place]:
    """Read all places, in the order in which they were noted. Raises Damage."""
    rows = connection.execute(
        select(*columns(sources), documents.c.id.label("owner")).join(documents).order_by(SOURCE_ORDER)
    ).all()
    if not all(is_sound(sources, row) for row in rows):
        raise Damage("place")
    return [Place(row.path, row.owner, row.successor) for row in rows]


def read_successors(connection: Connection, document_key: int | None = None) -> dict[int, str]:
    """Read what took the place of documents that stand nowhere any more, by key; of all, or one. Raises Damage."""
    query = select(*columns(sources)).order_by(SOURCE_ORDER)
    if document_key is not None:
        query = query.where(sources.c.document_key == document_key)
    standing, gone = set[int](), dict[int, str]()
    for row in connection.execute(query):
        if not is_sound(sources, row):
            raise Damage("place")
        if row.successor is None:
            standing.add(row.document_key)
        else:
            gone[row.document_key] = row.successor
    return {key: successor for key, successor in gone.items() if key not in standing}


def put_source(
    connection: Connection, document_key: int, path: str, title: str, successor: str | None = None
) -> None:
    """Keep a place of a document, in place of what was known of it."""
    values = {
        "document_key": document_key,
        "path": resolved(path),
        "title": title,
        "added_at": time.time(),
        "successor": successor,
    }
    connection.execute(sources.insert().prefix_with("OR REPLACE"), sealed(sources, values))


def keep_source(connection: Connection, document_key: int, path: str, title: str) -> None:
    """Keep where a document that is read again came from: what took its place there stays."""
    query = select(sources.c.successor).where(
        sources.c.document_key == document_key, sources.c.path == resolved(path)
    )
    put_source(connection, document_key, path, title, connection.execute(query).scalar())


def add_source(
    connection: Connection, document_key: int, document_id: str, path: str, title: str
) -> list[str]:
    """Note that a document's bytes were found at a path now; returns the ids of those it supersedes there."""
    put_source(connection, document_key, path, title)
    before = _standing(connection, path, document_key)
    for row in before:
        _change(connection, row, document_id)
    return _ids(connection, before)


def retire(connection: Connection, path: str) -> list[str]:
    """Note that there is no file at a path any more; returns the ids of the documents that stood there."""
    before = _standing(connection, path)
    for row in before:
        _change(connection, row, GONE)
    return _ids(connection, before)


def relink(connection: Connection, document_key: int, document_id: str) -> None:
    """Point what a document superseded, which is being removed, to what superseded that."""
    own = select(sources.c.path, sources.c.successor).where(sources.c.document_key == document_key)
    after = {path: successor for path, successor in connection.execute(own)}
    query = select(*columns(sources)).where(sources.c.successor == document_id)
    for row in connection.execute(query).all():
        successor = after.get(row.path) or GONE
        _change(connection, row, GONE if successor == document_id else successor)


def add_places(connection: Connection) -> None:
    """Give a document without a place the path it has itself; where another stands that came later, behind that."""
    for key, _, title, path in connection.execute(_UNPLACED).all():
        later = connection.execute(_LATER, {"key": key, "path": resolved(path)}).scalar()
        put_source(connection, key, path, title, later)


def predecessors(connection: Connection, document_id: str) -> list[str]:
    """The ids of the documents that a document superseded somewhere, the last one first."""
    query = select(documents.c.id).join(sources).where(sources.c.successor == document_id)
    return list(dict.fromkeys(connection.execute(query.order_by(documents.c.added_at.desc())).scalars()))


def _standing(connection: Connection, path: str, but: int = 0) -> Sequence[Row[Any]]:
    paths = (resolved(path), os.path.abspath(path))  # the second as earlier versions noted it
    query = select(*columns(sources)).where(sources.c.path.in_(paths), sources.c.successor.is_(None))
    return connection.execute(query.where(sources.c.document_key != but)).all()


def _change(connection: Connection, row: Row[Any], successor: str) -> None:
    """Say who stands at a place now; a row that is damaged stays so, and is mended by what it is of."""
    if is_sound(sources, row):
        values: Mapping[str, Any] = {**row._mapping, "successor": successor}
        query = sources.update().where(sources.c.document_key == row.document_key, sources.c.path == row.path)
        connection.execute(query, sealed(sources, values))


def _ids(connection: Connection, rows: Sequence[Row[Any]]) -> list[str]:
    keys = [row.document_key for row in rows]
    return list(connection.execute(select(documents.c.id).where(documents.c.key.in_(keys))).scalars())
