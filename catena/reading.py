"""What is read from a library: pages, passages, the lexical index and search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from catena.database import Database
from catena.errors import DocumentNotFound
from catena.rows import page_of, passages_of
from catena.tables import documents, lexical_indexes, page_words, pages, passages
from catena.types import Page, PageRef, Passage

_FIELDS = (
    passages.c.ordinal,
    passages.c.page,
    passages.c.start,
    passages.c.end,
    passages.c.header,
    passages.c.continues,
)
_IN_LIMIT = 5_000  # more ordinals than this are picked from all of them
_PAGES_AT_ONCE = 64
_RANKED = text(
    "SELECT documents.id, bm25(document_terms) AS score FROM document_terms "
    "JOIN documents ON documents.key = document_terms.rowid WHERE document_terms MATCH :match ORDER BY score"
)

Hit = tuple[str, float]
"""Document id and score: a greater one is better."""


class Reading:
    """The reading half of `Library`. Unknown documents and pages raise DocumentNotFound."""

    database: Database

    def page(self, ref: PageRef) -> Page:
        """Return one page with its words."""
        with self.database.read() as connection:
            row = connection.execute(
                _pages_query(ref.document_id).where(pages.c.number == ref.number)
            ).first()
        if row is None:
            raise _no_page(ref)
        return page_of(ref.document_id, row)

    def pages(self, document_id: str) -> Iterator[Page]:
        """Yield all pages in order, a few at a time in memory."""
        number = 0
        while True:
            query = _pages_query(document_id).where(pages.c.number > number).limit(_PAGES_AT_ONCE)
            with self.database.read() as connection:
                if not number:
                    key_of(connection, document_id)
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from (page_of(document_id, row) for row in rows)
            number = rows[-1].number

    def texts(self, document_id: str, numbers: Collection[int]) -> list[Page]:
        """Return pages without their words, in order; numbers that there are not are left out."""
        found = []
        wanted = sorted(numbers)
        with self.database.read() as connection:
            query = select(pages).where(pages.c.document_key == key_of(connection, document_id))
            for at in range(0, len(wanted), _IN_LIMIT):
                some = query.where(pages.c.number.in_(wanted[at : at + _IN_LIMIT])).order_by(pages.c.number)
                found += [page_of(document_id, row) for row in connection.execute(some)]
        return found

    def page_text(self, ref: PageRef) -> str:
        """Return a page's text alone: its words are not decoded."""
        with self.database.read() as connection:
            query = select(pages.c.text).where(
                pages.c.document_key == key_of(connection, ref.document_id), pages.c.number == ref.number
            )
            found = connection.execute(query).scalar()
        if found is None:
            raise _no_page(ref)
        return str(found)

    def page_labels(self, document_id: str) -> list[str]:
        """Return the printed labels; the first is page 1's."""
        with self.database.read() as connection:
            key = key_of(connection, document_id)
            query = select(pages.c.label).where(pages.c.document_key == key).order_by(pages.c.number)
            return list(connection.execute(query).scalars())

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None) -> list[Passage]:
        """Return all passages, or those with the given ordinals that exist, in order."""
        with self.database.read() as connection:
            key = key_of(connection, document_id)
            rows = _passage_rows(connection, key, ordinals)
            texts = select(pages.c.number, pages.c.text).where(pages.c.document_key == key)
            if ordinals is not None and len(ordinals) <= _IN_LIMIT:
                texts = texts.where(pages.c.number.in_({row.page for row in rows}))
            by_number = {number: found for number, found in connection.execute(texts)}
        return passages_of(document_id, rows, by_number)

    def count_passages(self, document_id: str) -> int:
        with self.database.read() as connection:
            return passage_range(connection, document_id)[1]

    def passage_range(self, document_id: str) -> tuple[int, int]:
        """Return the id of the first passage and how many there are: passage `n` has the id `first + n`.

        The first id changes when the document is parsed anew: it is the version of the text.
        """
        with self.database.read() as connection:
            return passage_range(connection, document_id)

    def passage_keys(self, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Return document id and ordinal of passage ids; those that are gone are missing."""
        query = select(passages.c.id, documents.c.id, passages.c.ordinal).join(documents)
        found: dict[int, tuple[str, int]] = {}
        with self.database.read() as connection:
            for at in range(0, len(ids), _IN_LIMIT):
                some = [int(one) for one in ids[at : at + _IN_LIMIT]]
                for passage, document_id, ordinal in connection.execute(query.where(passages.c.id.in_(some))):
                    found[passage] = (document_id, ordinal)
        return found

    def lexical_index(self, document_id: str) -> bytes:
        """Return the bytes that were given to the writer, empty where there were none."""
        with self.database.read() as connection:
            key = key_of(connection, document_id)
            query = select(lexical_indexes.c.data).where(lexical_indexes.c.document_key == key)
            return connection.execute(query).scalar() or b""

    def search(self, match: str, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """Rank documents, all or some, by BM25 over the whole library's statistics, best first.

        A term counts as often as there are passages with it. `match` is an FTS5 query; terms must be quoted by
        the caller. Unknown ids find nothing.
        """
        if not match.strip():
            return []
        with self.database.read() as connection:
            found = connection.execute(_RANKED, {"match": match}).all()
        wanted = None if document_ids is None else set(document_ids)
        return [(one, -score) for one, score in found if wanted is None or one in wanted]


def key_of(connection: Connection, document_id: str) -> int:
    key = connection.execute(select(documents.c.key).where(documents.c.id == document_id)).scalar()
    if key is None:
        raise no_document(document_id)
    return int(key)


def no_document(name: str) -> DocumentNotFound:
    return DocumentNotFound(f"There is no document {name!r} in the library.", "See the names: catena ls")


def passage_range(connection: Connection, document_id: str) -> tuple[int, int]:
    query = select(documents.c.first_passage, documents.c.num_passages).where(documents.c.id == document_id)
    row = connection.execute(query).first()
    if row is None:
        raise no_document(document_id)
    return row.first_passage, row.num_passages


def _no_page(ref: PageRef) -> DocumentNotFound:
    return DocumentNotFound(f"Document {ref.document_id[:12]} has no page {ref.number} in the library.")


def _pages_query(document_id: str) -> Any:
    return (
        select(pages, page_words.c.words)
        .join(page_words)
        .join(documents)
        .where(documents.c.id == document_id)
        .order_by(pages.c.number)
    )


def _passage_rows(connection: Connection, key: int, ordinals: Sequence[int] | None) -> Any:
    query = select(*_FIELDS).where(passages.c.document_key == key).order_by(passages.c.ordinal)
    if ordinals is None:
        return connection.execute(query).all()
    wanted = {int(ordinal) for ordinal in ordinals}
    if len(wanted) <= _IN_LIMIT:
        return connection.execute(query.where(passages.c.ordinal.in_(wanted))).all()
    return [row for row in connection.execute(query) if row.ordinal in wanted]


def count_all(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
