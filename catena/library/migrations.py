"""Migrations of an older library's tables to those of this version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, func, select, text
from sqlalchemy.schema import CreateColumn

from catena.library.checksums import (
    columns,
    covered,
    digest,
    digest_of,
    is_sound,
    outline_checksum,
    seal_catalogue,
    sealed,
)
from catena.library.schema import (
    COUNTERS,
    METADATA,
    answers,
    calls,
    collections,
    counters,
    descriptions,
    document_figures,
    documents,
    embedders,
    fillings,
    lexical_indexes,
    page_words,
    pages,
    passages,
    sources,
    vector_files,
    vectors,
    vote_documents,
    votes,
    web_copies,
    word_rows,
    word_totals,
)
from catena.library.word_index import count_terms, put_words, seal_words

_ROWS_AT_ONCE = 1000
_FTS5 = """
CREATE VIRTUAL TABLE document_terms USING fts5(
    terms, tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Cf Cn Co'"
)
"""
_HELD = text("SELECT c0 FROM document_terms_content WHERE id = :key")


def _passage_terms_to_document_terms(connection: Connection) -> None:
    vector_files.create(connection, checkfirst=True)
    connection.execute(text(_FTS5))
    owners = select(documents.c.key, documents.c.first_passage, documents.c.num_passages)
    own = text("SELECT terms FROM passage_terms WHERE rowid BETWEEN :first AND :last")
    for key, first, number in connection.execute(owners.where(documents.c.num_passages > 0)).all():
        found = connection.execute(own, {"first": first, "last": first + number - 1}).scalars()
        counts = count_terms(found)
        values = {"key": key, "terms": " ".join(counts.elements())}
        connection.execute(text("INSERT INTO document_terms (rowid, terms) VALUES (:key, :terms)"), values)
    connection.execute(text("DROP TABLE passage_terms"))


def _votes(connection: Connection) -> None:
    votes.create(connection, checkfirst=True)
    vote_documents.create(connection, checkfirst=True)


def _checksums(connection: Connection) -> None:
    """Give every row its checksum, as it is now."""
    fillings.create(connection, checkfirst=True)
    for table in METADATA.sorted_tables:
        _add_columns(connection, table)
    for name in COUNTERS:
        connection.execute(counters.insert().prefix_with("OR IGNORE"), {"name": name, "value": 0})
    _seal_documents(connection)
    owners = {key: one for key, one in connection.execute(select(documents.c.key, documents.c.id))}
    places = select(pages.c.key, pages.c.document_key, pages.c.number)
    pages_of = {key: (owners.get(document), number) for key, document, number in connection.execute(places)}
    for table, owner in (
        (sources, lambda row: ()),
        (pages, lambda row: (owners.get(row.document_key),)),
        (page_words, lambda row: pages_of.get(row.page_key, (None, 0))),
        (passages, lambda row: (owners.get(row.document_key),)),
        (vectors, lambda row: ()),
        (answers, lambda row: ()),
        (votes, lambda row: ()),
        (calls, lambda row: ()),
    ):
        _seal_rows(connection, table, owner)
    fill = (
        select(documents.c.key, embedders.c.name, func.count())
        .join_from(vectors, embedders)
        .join(passages, passages.c.id == vectors.c.passage_id)
        .join(documents)
        .group_by(documents.c.key, embedders.c.name)
    )
    for key, name, number in connection.execute(fill).all():
        values = {"document_key": key, "embedder": name, "num_vectors": number}
        connection.execute(fillings.insert().prefix_with("OR REPLACE"), values)
    seal_catalogue(connection)


def _words_in_buckets(connection: Connection) -> None:
    """Take the terms out of FTS5. A document whose row or terms are damaged stays so, and is read again."""
    word_rows.create(connection, checkfirst=True)
    word_totals.create(connection, checkfirst=True)
    seal_words(connection)
    for row in connection.execute(select(*columns(documents))).all():
        held = connection.execute(_HELD, {"key": row.key}).scalar() or ""
        if is_sound(documents, row) and (digest(held) if held else 0) == row.terms_checksum:
            own = dict(row._mapping)
            own["terms_checksum"] = put_words(connection, row.key, row.id, Counter(held.split(" ")))
            checksums = {one: sealed(documents, own)[one] for one in ("terms_checksum", "checksum")}
            connection.execute(documents.update().where(documents.c.key == row.key), checksums)
    connection.execute(text("DROP TABLE IF EXISTS document_terms"))
    connection.execute(counters.delete().where(counters.c.name == "terms"))


def _queue_apart(connection: Connection) -> None:
    """Drop the former queue; one that has work goes once that is taken over (`catena.jobs.former_jobs`)."""
    if not connection.execute(
        text("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'jobs')")
    ).scalar():
        return
    waiting = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state IN ('queued', 'running'))"
    connection.execute(text("DELETE FROM jobs WHERE state NOT IN ('queued', 'running')"))
    if not connection.execute(text(waiting)).scalar():
        connection.execute(text("DROP TABLE jobs"))


def _figures(connection: Connection) -> None:
    """Make room for figures; documents have some once they are read again."""
    document_figures.create(connection, checkfirst=True)
    _add_columns(connection, documents)


def _descriptions(connection: Connection) -> None:
    """Make room for tags, collections and references; what documents are cited by is read when they are read again."""
    for table in (descriptions, collections):
        table.create(connection, checkfirst=True)
        kept = {"name": table.name, "value": 0}
        connection.execute(counters.insert().prefix_with("OR IGNORE"), kept)


def _successors(connection: Connection) -> None:
    """Make room for what took a document's place. Rows that are damaged stay so."""
    former = [column for column in covered(sources) if column.name != "successor"]
    rows = connection.execute(select(text("sources.rowid AS row"), *former, sources.c.checksum)).all()
    _add_columns(connection, sources)
    query = text("UPDATE sources SET checksum = :checksum WHERE rowid = :row")
    for row, *values, checksum in rows:
        if digest_of(values) == checksum:
            named = dict(zip((one.name for one in former), values, strict=True))
            new = sealed(sources, {**named, "successor": None})
            connection.execute(query, {"row": row, "checksum": new["checksum"]})
    for index in sources.indexes:
        index.create(connection, checkfirst=True)


def _seal_documents(connection: Connection) -> None:
    for row in connection.execute(select(documents)).all():
        own = row._mapping
        number = select(func.count()).select_from(pages).where(pages.c.document_key == row.key)
        index = select(lexical_indexes.c.data).where(lexical_indexes.c.document_key == row.key)
        data, held = connection.execute(index).scalar(), connection.execute(_HELD, {"key": row.key}).scalar()
        values = {
            **own,
            "num_rows": connection.execute(number).scalar_one(),
            "index_checksum": digest(data) if data else 0,
            "terms_checksum": digest(held) if held else 0,
            "outline_checksum": outline_checksum(row.id, row.outline),
        }
        found = sealed(documents, values)
        connection.execute(documents.update().where(documents.c.key == row.key), found)


def _seal_rows(connection: Connection, table: Table, owner: Callable[[Row[Any]], Sequence[object]]) -> None:
    query = text(f'UPDATE "{table.name}" SET checksum = :checksum WHERE rowid = :row')
    for rows in _chunks(connection, table):
        sums = [
            {"row": row.row, "checksum": sealed(table, dict(row._mapping), *owner(row))["checksum"]}
            for row in rows
        ]
        connection.execute(query, sums)


def _chunks(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    last = -(1 << 62)
    rowid = text(f'"{table.name}".rowid AS row')
    while True:
        query = (
            select(rowid, *covered(table))
            .where(text(f'"{table.name}".rowid > :last'))
            .order_by(text(f'"{table.name}".rowid'))
            .limit(_ROWS_AT_ONCE)
        )
        rows = connection.execute(query, {"last": last}).all()
        if not rows:
            return
        yield rows
        last = rows[-1].row


def _add_columns(connection: Connection, table: Table) -> None:
    """Add the columns that a table lacks."""
    there = {row[1] for row in connection.execute(text(f'PRAGMA table_info("{table.name}")'))}
    for column in table.columns if there else ():
        if column.name not in there:
            said = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f'ALTER TABLE "{table.name}" ADD COLUMN {said}'))


MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {
    1: _passage_terms_to_document_terms,
    2: _votes,
    3: _checksums,
    4: _words_in_buckets,
    5: lambda connection: None,  # from 6 on a row says the version, too (`catena/library/database.py`)
    6: _queue_apart,
    7: _figures,
    8: lambda connection: None,  # lines may have cues, which earlier versions cannot read
    9: _descriptions,
    10: lambda connection: web_copies.create(connection, checkfirst=True),
    11: _successors,
}
"""From the version that is the key to the next one."""
