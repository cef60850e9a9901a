"""Repair of a library without reading a document again. Nothing is deleted that is not written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.exc import DatabaseError

from catena.errors import Damage, LibraryCorrupt
from catena.library.checksums import (
    columns,
    covered,
    is_sound,
    outline_checksum,
    seal_catalogue,
)
from catena.library.database import Database
from catena.library.document_collections import begin_lost_collections
from catena.library.document_writer import LAST_ID, count, put_document
from catena.library.lost_found import NAMES, write_down
from catena.library.places import add_places
from catena.library.schema import (
    SOURCE_ORDER,
    answers,
    calls,
    collections,
    counters,
    documents,
    embedders,
    pages,
    sources,
    votes,
    web_copies,
)
from catena.library.stored_pages import (
    read_document,
    read_documents,
    read_figures,
    read_lexical_index,
    read_pages_after,
    read_passages,
)
from catena.library.summed_rows import PARTS, read_rows, take_bad_rows
from catena.library.vectors import read_vectors
from catena.library.word_index import check_words, drop_words, keep_words, words_checksum

_NO_ID = "typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND :last"
Look = Callable[[Connection], object]
"""Reads a part, and raises Damage."""


def damages(database: Database) -> Iterator[Damage]:
    """Hold all that is kept against its checksum: of each document the first part that does not fit."""
    with database.read() as connection:
        rows = _all_documents(connection)
        names = list(connection.execute(select(embedders.c.name)).scalars())
    for row in rows:
        if not is_sound(documents, row):
            yield Damage("entry", key=row.key)
        elif (found := _of_document(database, row, names)) is not None:
            yield found
    if not any(not is_sound(documents, row) for row in rows):
        yield from _raised(database, read_documents)
    yield from _raised(database, check_words)
    for table in PARTS:
        yield from _raised(database, partial(read_rows, table=table))
    for table, part in ((answers, "kept answer"), (votes, "kept vote")):
        with database.read() as connection:
            for kept in connection.execute(select(table)):
                if not is_sound(table, [*(kept._mapping[one.name] for one in covered(table)), kept.checksum]):
                    yield Damage(part, key=kept.key)  # type: ignore[arg-type]


def sound_documents(database: Database) -> list[Any]:
    """List the rows of documents that fit their checksum: of another nothing can be said, not even whose it is."""
    with database.read() as connection:
        return [row for row in _all_documents(connection) if is_sound(documents, row)]


def has_lost_count(database: Database) -> bool:
    """Tell whether the ids that were given so far are counted by something that is no such number."""
    with database.read() as connection:
        query = text(f"SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE {_NO_ID})")
        return bool(connection.execute(query, {"last": LAST_ID}).scalar_one())


def bad_rows(database: Database) -> Iterator[tuple[Table, int]]:
    """Rows of places, copies and calls that do not fit their checksum, by rowid: they go, and are made again."""
    for table in (sources, calls, web_copies):
        with database.read() as connection:
            rowid = text(f'"{table.name}".rowid AS row')
            for row in connection.execute(select(*columns(table), rowid)):
                if not is_sound(table, row):
                    yield table, row.row


def mend_rows(database: Database, home: Path) -> int:
    """Write damaged rows of places and calls down, and delete them; a document without a place gets its own path."""
    bad = list(bad_rows(database))
    if not bad:
        return 0
    with database.write() as connection:
        for table, row in bad:
            held = (
                connection.execute(select(table).where(text("rowid = :row")), {"row": row}).mappings().all()
            )
            write_down(home, f"{table.name}.jsonl", [dict(one) for one in held])
            connection.execute(text(f'DELETE FROM "{table.name}" WHERE rowid = :row'), {"row": row})
        add_places(connection)
    return len(bad)


def reindex(database: Database) -> None:
    """Build SQLite's own indexes anew. Raises LibraryCorrupt where the rows do not allow that."""
    try:
        with database.write() as connection:
            connection.execute(text("REINDEX"))
    except DatabaseError as error:  # two rows with one key
        raise LibraryCorrupt(
            f"{database.path} is damaged: {error.orig}.", "Run: catena doctor --repair"
        ) from error


def mend_catalogue(database: Database, home: Path) -> int:
    """Take rows of documents out that are damaged, with what hangs on them; their originals are read again.

    Returns how many rows that were.
    """
    reindex(database)
    with database.read() as connection:
        bad = [row for row in _all_documents(connection) if not is_sound(documents, row)]
        write_down(home, NAMES, [_told(connection, row) for row in bad])
    with database.write() as connection:
        for row in bad:
            drop_words(connection, row.key)
            connection.execute(documents.delete().where(documents.c.key == row.key))
        if bad:
            count(connection, "vectors")
        seal_catalogue(connection)
    return len(bad)


def names_of(database: Database, document_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Find the names of documents without a sound row: the pages that are left say whose they are, the places how
    that is called. `document_ids`: of all originals."""
    told = []
    with database.read() as connection:
        rows = _all_documents(connection)
        sound = {row.key: row.id for row in rows if is_sound(documents, row)}
        lost = set(document_ids) - {*sound.values()}
        keys = connection.execute(select(pages.c.document_key).distinct()).scalars().all()
        for key in {*keys} - {*sound} if lost else ():
            page = connection.execute(select(*columns(pages)).where(pages.c.document_key == key)).first()
            owner = next((one for one in lost if page and is_sound(pages, page, one)), None)
            place = connection.execute(select(*columns(sources)).where(sources.c.document_key == key)).first()
            if owner and place and is_sound(sources, place):
                told.append(
                    {
                        "id": owner,
                        "title": place.title,
                        "path": place.path,
                        "sources": [(place.path, place.title, place.successor)],
                        "is_sure": True,
                    }
                )
    return told


def mend_word_index(database: Database) -> list[str]:
    """Keep the terms of documents that are sound in the word index; returns the other documents."""
    with database.write() as connection:
        rows = _all_documents(connection)
        kept = {row.key for row in rows if words_checksum(connection, row.key) == row.terms_checksum}
        keep_words(connection, kept)
    return [str(row.id) for row in rows if row.key not in kept]


def mend_counters(database: Database) -> None:
    """Put back the rows that every library has; what they say is taken anew."""
    with database.write() as connection:
        connection.execute(text(f"DELETE FROM sqlite_sequence WHERE {_NO_ID}"), {"last": LAST_ID})
        for name in ("vectors", "purge", *(table.name for table in PARTS)):
            connection.execute(counters.insert().prefix_with("OR IGNORE"), {"name": name, "value": 0})
        there = set(connection.execute(select(counters.c.name)).scalars())
        if "catalogue" not in there:
            seal_catalogue(connection)


def set_row_aside(database: Database, home: Path, damage: Damage) -> None:
    """Write a damaged answer or vote down, and delete its row."""
    table = answers if damage.part == "kept answer" else votes
    with database.write() as connection:
        rows = connection.execute(select(table).where(table.c.key == damage.key)).mappings().all()
        write_down(home, f"{table.name}.jsonl", [dict(row) for row in rows])
        connection.execute(table.delete().where(table.c.key == damage.key))


def mend_summed_rows(database: Database, home: Path, damage: Damage) -> list[str]:
    """Write damaged rows of a small table down, and delete them; returns the keys that they had."""
    (table,) = (one for one, part in PARTS.items() if part == damage.part)
    with database.write() as connection:
        bad = take_bad_rows(connection, table)
        if table is collections:
            begin_lost_collections(connection)
        write_down(home, f"{table.name}.jsonl", bad)
    return [str(next(iter(row.values()))) for row in bad]


def mark_damaged(database: Database, document_id: str, message: str, remedy: str) -> None:
    """Let a document answer nothing until it is added again; what is kept of it stays."""
    with database.write() as connection:
        row = connection.execute(select(documents).where(documents.c.id == document_id)).mappings().first()
        if row is None:
            return
        outline = str(row["outline"])
        is_whole = outline_checksum(document_id, outline) == row["outline_checksum"]
        told = {"status": "damaged", "reason": "damaged", "message": message, "remedy": remedy}
        put_document(connection, {**row, **told, "outline": outline if is_whole else "[]"}, is_new=False)


def _of_document(database: Database, row: Any, embedder_names: list[str]) -> Damage | None:
    def every_page(connection: Connection) -> None:
        number = 0
        while found := read_pages_after(connection, row.id, number):
            number = found[-1].ref.number

    def terms(connection: Connection) -> None:
        if words_checksum(connection, row.key) != row.terms_checksum:
            raise Damage("word index")

    looks: list[Look] = [partial(read_document, document_id=row.id), every_page]
    looks += [partial(read_passages, document_id=row.id), terms]
    looks += [partial(read_lexical_index, document_id=row.id), partial(read_figures, document_id=row.id)]
    looks += [partial(read_vectors, document_id=row.id, embedder=name) for name in embedder_names]
    return next((found for look in looks for found in _raised(database, look)), None)


def _raised(database: Database, look: Look) -> Iterator[Damage]:
    try:
        with database.read() as connection:
            look(connection)
    except Damage as damage:
        yield damage


def _all_documents(connection: Connection) -> list[Any]:
    names = ", ".join(f'"{column.name}"' for column in columns(documents))
    return list(connection.execute(text(f"SELECT {names} FROM documents NOT INDEXED ORDER BY key")))


def _told(connection: Connection, row: Any) -> dict[str, Any]:
    """Values of a damaged row, with what its places say: these have checksums of their own."""
    query = select(*columns(sources)).where(sources.c.document_key == row.key).order_by(SOURCE_ORDER)
    rows = [one for one in connection.execute(query) if is_sound(sources, one)]
    places = [(one.path, one.title, one.successor) for one in rows]
    path, title, _ = places[-1] if places else (row.path, row.title, None)
    return {
        "id": row.id,
        "title": title,
        "path": path,
        "kind": row.kind,
        "sources": places,
        "is_sure": bool(places),
    }
