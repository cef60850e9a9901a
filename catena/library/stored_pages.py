"""Reading of stored rows: documents, pages, passages and a document's index, each row held against its checksum.

Unknown documents and pages raise DocumentNotFound, damaged ones Damage.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catena.errors import Damage, DocumentNotFound
from catena.library.checksums import (
    catalogue_checksum,
    columns,
    digest,
    figures_checksum,
    is_sound,
    outline_checksum,
)
from catena.library.places import read_successors
from catena.library.row_values import document_of, figures_of, page_of, passages_of
from catena.library.schema import (
    counters,
    document_figures,
    documents,
    lexical_indexes,
    page_words,
    pages,
    passages,
)
from catena.types import Document, Figure, Page, PageRef, Passage

_IN_LIMIT = 5_000  # more ordinals than this are picked from all of them
_PAGES_AT_ONCE = 64
_FACTS: tuple[Any, ...] = columns(documents)
_PASSAGE_FIELDS = ("ordinal", "page", "start", "end", "header", "continues")


def read_documents(connection: Connection) -> list[Document]:
    """Read every document, failed ones too, in the order in which they were first added."""
    query = _documents_query().order_by(documents.c.key)
    rows = connection.execute(query).all()
    _check_catalogue(connection, rows)
    for row in rows:
        _check_outline(row)
    gone = read_successors(connection)
    return [document_of(row, gone.get(row.key)) for row in rows]


def read_names(connection: Connection) -> list[tuple[str, str, str]]:
    """Read id, title and path of every document."""
    rows = connection.execute(select(*_FACTS).order_by(documents.c.key)).all()
    _check_catalogue(connection, rows)
    return [(row.id, row.title, row.path) for row in rows]


def read_document(connection: Connection, document_id: str) -> Document | None:
    """Read the document with this id, if there is one."""
    row = connection.execute(_documents_query().where(documents.c.id == document_id)).first()
    if row is None:
        check_absent(connection)
        return None
    _check_facts(row, document_id)
    _check_outline(row)
    return document_of(row, read_successors(connection, row.key).get(row.key))


def read_pages(
    connection: Connection, document_id: str, numbers: Sequence[int], *, with_words: bool
) -> list[Page]:
    """Read some pages, in order; numbers that there are not are left out."""
    rows = _page_rows(connection, facts_of(connection, document_id), numbers, with_words=with_words)
    return [page_of(document_id, row) for row in rows]


def read_page(connection: Connection, ref: PageRef) -> Page:
    """Read one page with its words. Raises DocumentNotFound."""
    for page in read_pages(connection, ref.document_id, [ref.number], with_words=True):
        return page
    raise DocumentNotFound(
        f"Document {ref.document_id[:12]} has no page {ref.number} in the library.",
        "Pages are counted from 1, up to the document's num_pages.",
    )


def read_pages_after(connection: Connection, document_id: str, number: int) -> list[Page]:
    """Read the next pages, with their words; none after the last."""
    owner = facts_of(connection, document_id)
    query = _pages_query(owner, with_words=True).where(pages.c.number > number)
    rows = connection.execute(query.order_by(pages.c.number).limit(_PAGES_AT_ONCE)).all()
    if not rows:
        _require_all(connection, owner)
    _check_pages(rows, document_id)
    return [page_of(document_id, row) for row in rows]


def read_passages(
    connection: Connection, document_id: str, ordinals: Sequence[int] | None = None
) -> list[Passage]:
    """Read all passages, or those with the given ordinals that exist, in order."""
    owner = facts_of(connection, document_id)
    rows = _passage_rows(connection, owner, ordinals)
    wanted = sorted({row.page for row in rows})
    texts = _page_rows(connection, owner, wanted, with_words=False)
    if len(texts) != len(wanted):
        raise Damage("page", document_id, page=min({*wanted} - {row.number for row in texts}))
    plain: Any = [tuple(row._mapping[name] for name in _PASSAGE_FIELDS) for row in rows]
    return passages_of(document_id, plain, {row.number: row.text for row in texts})


def read_lexical_index(connection: Connection, document_id: str) -> bytes:
    """Read the bytes that were given to the writer, empty where there were none."""
    owner = facts_of(connection, document_id)
    query = select(lexical_indexes.c.data).where(lexical_indexes.c.document_key == owner.key)
    data = connection.execute(query).scalar()
    if data is None and not owner.index_checksum:
        return b""
    if not isinstance(data, bytes) or digest(data) != owner.index_checksum:
        raise Damage("search index", document_id)
    return data


def read_figures(connection: Connection, document_id: str) -> list[Figure]:
    """Read the figures of a document, in order; none of one that was read by a version that kept none."""
    owner = facts_of(connection, document_id)
    kept = select(documents.c.figures_checksum).where(documents.c.key == owner.key)
    query = select(document_figures.c.data).where(document_figures.c.document_key == owner.key)
    data = connection.execute(query).scalar() or ""
    if not isinstance(data, str) or figures_checksum(document_id, data) != connection.execute(kept).scalar():
        raise Damage("figures", document_id)
    return figures_of(document_id, data)


def facts_of(connection: Connection, document_id: str) -> Row[Any]:
    """The row of a document without its outline. Raises DocumentNotFound and Damage."""
    row = connection.execute(select(*_FACTS).where(documents.c.id == document_id)).first()
    if row is None:
        check_absent(connection)
        raise no_document(document_id)
    _check_facts(row, document_id)
    return row


def key_of(connection: Connection, document_id: str) -> int:
    return int(facts_of(connection, document_id).key)


def no_document(name: str) -> DocumentNotFound:
    return DocumentNotFound(f"There is no document {name!r} in the library.", "See the names: catena ls")


def passage_range(connection: Connection, document_id: str) -> tuple[int, int]:
    row = facts_of(connection, document_id)
    return row.first_passage, row.num_passages


def counter(connection: Connection, name: str) -> int:
    """Read a counter; no checksum covers it, so that what is none is damage of the file."""
    value = connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one()
    if not isinstance(value, int):
        raise sqlite3.DatabaseError(f"malformed: the counter {name!r} is no number")
    return value


def check_absent(connection: Connection) -> None:
    """Look whether a document that is not found may be there: its row, or what leads to it, may be damaged."""
    if catalogue_checksum(connection) != counter(connection, "catalogue"):
        raise Damage("list of documents")


def _check_catalogue(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        _check_facts(row, row.id)
    check_absent(connection)


def _check_facts(row: Row[Any], document_id: str) -> None:
    if row.id != document_id or not is_sound(documents, row):
        raise Damage("entry", key=row.key)


def _check_outline(row: Row[Any]) -> None:
    if row.outline_checksum != outline_checksum(row.id, str(row.outline)):
        raise Damage("outline", row.id)


def _documents_query() -> Any:
    return select(*_FACTS, documents.c.outline, documents.c.outline_checksum)


def _pages_query(owner: Row[Any], *, with_words: bool) -> Any:
    query = select(*columns(pages)).where(pages.c.document_key == owner.key)
    if with_words:
        query = query.add_columns(
            page_words.c.page_key, page_words.c.words, page_words.c.checksum.label("words_checksum")
        ).outerjoin(page_words, page_words.c.page_key == pages.c.key)
    return query


def _page_rows(
    connection: Connection, owner: Row[Any], numbers: Sequence[int], *, with_words: bool
) -> list[Row[Any]]:
    """The sound rows of some pages, in order. Raises Damage, also for a row that is gone."""
    found: list[Row[Any]] = []
    for at in range(0, len(numbers), _IN_LIMIT):
        some = numbers[at : at + _IN_LIMIT]
        query = _pages_query(owner, with_words=with_words).where(pages.c.number.in_(some))
        found += connection.execute(query.order_by(pages.c.number)).all()
    _check_pages(found, owner.id)
    there = {row.number for row in found}
    if len(there) != len(found) or not there <= set(numbers):
        raise Damage("page", owner.id)
    if len(there) < len(set(numbers)):
        _require_all(connection, owner)
    return found


def _require_all(connection: Connection, owner: Row[Any]) -> None:
    """Look whether a document has as many rows of pages as were written."""
    query = select(func.count()).select_from(pages).where(pages.c.document_key == owner.key)
    if connection.execute(query).scalar_one() != owner.num_rows:
        raise Damage("page", owner.id)


def _check_pages(rows: Sequence[Row[Any]], document_id: str) -> None:
    last = 0
    for row in rows:
        if not is_sound(pages, row, document_id):
            number = row.number if isinstance(row.number, int) else None
            raise Damage("page", document_id, page=number)
        if row.number <= last:
            raise Damage("page", document_id, page=row.number)
        last = row.number
        if "words" in row._mapping:
            own = (row.page_key, row.words, row.words_checksum)
            if row.page_key != row.key or not is_sound(page_words, own, document_id, row.number):
                raise Damage("words", document_id, page=row.number)


def _passage_rows(
    connection: Connection, owner: Row[Any], ordinals: Sequence[int] | None
) -> Sequence[Row[Any]]:
    query = select(*columns(passages)).where(passages.c.document_key == owner.key)
    query = query.order_by(passages.c.ordinal)
    wanted = range(owner.num_passages)
    if ordinals is None:
        rows = connection.execute(query).all()
    else:
        asked = {int(ordinal) for ordinal in ordinals}
        if len(asked) <= _IN_LIMIT:
            rows = connection.execute(query.where(passages.c.ordinal.in_(asked))).all()
        else:
            rows = [row for row in connection.execute(query) if row.ordinal in asked]
        wanted = sorted(one for one in asked if 0 <= one < owner.num_passages)  # type: ignore[assignment]
    for row in rows:
        if not is_sound(passages, row, owner.id):
            raise Damage("passages", owner.id)
    if [row.ordinal for row in rows] != list(wanted):
        raise Damage("passages", owner.id)
    return rows
