"""One document on its way into the library: collected first, then written in one short transaction.

Collecting takes as long as parsing and splitting do; meanwhile nobody waits for a lock. A page takes some 10 kB
of memory here, its boxes compressed: a 5,000-page document 50 MB.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, select, text

from catena.files.failpoints import point
from catena.library.checksums import digest, figures_checksum, outline_checksum, seal_catalogue, sealed
from catena.library.descriptions import inherit, read_description, with_names, write_description
from catena.library.document_collections import begin_collection
from catena.library.places import add_source, keep_source
from catena.library.row_values import (
    Values,
    document_values,
    figures_text,
    page_values,
    passage_values,
    words_bytes,
)
from catena.library.schema import (
    counters,
    document_figures,
    documents,
    fillings,
    lexical_indexes,
    page_words,
    pages,
    passages,
)
from catena.library.word_index import count_terms, drop_words, put_words
from catena.types import Document, Figure, Page, Passage, Reference, Span

_DELETE_ORPHANS = text("DELETE FROM page_words WHERE page_key > (SELECT coalesce(max(key), 0) FROM pages)")
"""Words of pages that were lost on the disk: their keys are given again."""
LAST_ID = 1 << 62
"""Above it SQLite would soon have no number left: the disk put it there."""
_SEQUENCE = "SELECT seq FROM sqlite_sequence WHERE name = :name"


class DocumentWriter:
    """Takes pages in order with their passages. What is no method may be set until the end:
    `read` and `places` are what it is cited by.

    The document is put into the `collections` and given the `tags`; those that it has stay. `is_found`: its bytes are
    what is found at its path now; `superseded` are then, at the end, the ids of those before.
    """

    def __init__(
        self,
        document: Document,
        collections: Sequence[str] = (),
        tags: Sequence[str] = (),
        *,
        is_found: bool = False,
    ) -> None:
        self.document = document
        self.superseded: list[str] = []
        self._is_found = is_found
        self._collections, self._tags = collections, tags
        self.index = b""
        self.figures: list[Figure] = []
        self.read = Reference()
        self.places: Mapping[str, tuple[Span, ...]] = {}
        self._pages: list[Values] = []
        self._words: list[bytes] = []
        self._passages: list[Values] = []
        self._terms: list[str] = []

    def add(self, page: Page, passages: Sequence[Passage], terms: Sequence[str]) -> None:
        """Add a page; `terms[i]` are the analysed terms of `passages[i]`, separated by spaces."""
        if len(passages) != len(terms):
            raise ValueError(f"{len(passages)} passages with {len(terms)} texts of terms")
        self._pages.append(page_values(page))
        self._words.append(words_bytes(page.words))
        for passage in passages:
            if passage.ordinal != len(self._passages) or passage.ref != page.ref:
                raise ValueError(f"passage {passage.ordinal} of {passage.ref} is out of order")
            if passage.text != page.text[passage.start : passage.end]:
                raise ValueError(f"passage {passage.ordinal} is not the text of its page")
            self._passages.append(passage_values(passage))
        self._terms += terms

    def commit(self, connection: Connection) -> None:
        """Write it all in place of what there was; a failed try does not replace a document that is ready."""
        if self.document.status == "failed":
            self._pages, self._words, self._passages, self._terms, self.index = [], [], [], [], b""
            self.figures = []
        row = connection.execute(select(documents).where(documents.c.id == self.document.id)).first()
        if row is not None and row.status != "failed" and self.document.status == "failed":
            return
        if row is not None:
            delete_contents(connection, row)
        figures = figures_text(self.figures)
        key = self._write_document(connection, row, figures)
        self._note_place(connection, key)
        if self._pages:
            self._write_pages(connection, key)
        if self._passages:
            self._write_passages(connection, key)
        if self.index:
            connection.execute(lexical_indexes.insert(), {"document_key": key, "data": self.index})
        if figures:
            connection.execute(document_figures.insert(), {"document_key": key, "data": figures})
        self._describe(connection)
        point("inside-transaction")

    def _describe(self, connection: Connection) -> None:
        said = read_description(connection, self.document.id)
        names = [begin_collection(connection, name) for name in self._collections]
        said = replace(
            said,
            read=self.read,
            places=self.places,
            tags=with_names(said.tags, self._tags),
            collections=with_names(said.collections, names),
        )
        write_description(connection, said)

    def _note_place(self, connection: Connection, key: int) -> None:
        """One that cannot be read supersedes nothing: what was there before still answers."""
        path, title = self.document.path, self.document.title
        if self._is_found and self.document.is_readable:
            self.superseded = add_source(connection, key, self.document.id, path, title)
            inherit(connection, self.document.id, self.superseded)
        else:
            keep_source(connection, key, path, title)

    def _write_document(self, connection: Connection, there: Any, figures: str) -> int:
        document = self.document
        if not document.added_at:
            document = self.document = replace(document, added_at=time.time())
        key = next_id(connection, documents) if there is None else int(there.key)
        values = document_values(document) | {
            "key": key,
            "first_passage": next_id(connection, passages),
            "num_passages": len(self._passages),
            "num_rows": len(self._pages),
            "index_checksum": digest(self.index) if self.index else 0,
            "figures_checksum": figures_checksum(document.id, figures),
            "terms_checksum": put_words(connection, key, document.id, count_terms(self._terms)),
        }
        put_document(connection, values, is_new=there is None)
        return key

    def _write_pages(self, connection: Connection, key: int) -> None:
        connection.execute(_DELETE_ORPHANS)
        first = next_id(connection, pages)
        own = self.document.id
        numbered = [values | {"key": first + i, "document_key": key} for i, values in enumerate(self._pages)]
        connection.execute(pages.insert(), [sealed(pages, values, own) for values in numbered])
        words = [
            sealed(page_words, {"page_key": values["key"], "words": data}, own, values["number"])
            for values, data in zip(numbered, self._words, strict=True)
        ]
        connection.execute(page_words.insert(), words)

    def _write_passages(self, connection: Connection, key: int) -> None:
        first = next_id(connection, passages)
        numbered = [
            sealed(passages, values | {"id": first + i, "document_key": key}, self.document.id)
            for i, values in enumerate(self._passages)
        ]
        connection.execute(passages.insert(), numbered)


def delete_contents(connection: Connection, row: Any) -> None:
    """Delete what was read from a document, but not the document and its sources."""
    drop_words(connection, row.key)
    for table in (passages, pages, lexical_indexes, document_figures):
        connection.execute(table.delete().where(table.c.document_key == row.key))
    connection.execute(fillings.delete().where(fillings.c.document_key == row.key))
    count(connection, "vectors")


def put_document(connection: Connection, values: Values, *, is_new: bool) -> None:
    """Write the row of a document, all of it, with its checksums."""
    outline = outline_checksum(values["id"], values["outline"])
    row = sealed(documents, values | {"outline_checksum": outline})
    if is_new:
        connection.execute(documents.insert(), row)
        seal_catalogue(connection)
    else:
        connection.execute(documents.update().where(documents.c.key == values["key"]), row)


def count(connection: Connection, name: str) -> None:
    """Add one to a counter."""
    connection.execute(counters.update().where(counters.c.name == name).values(value=counters.c.value + 1))


def next_id(connection: Connection, table: Table) -> int:
    """The first id that was never given to a row of a table."""
    highest = f"SELECT max(coalesce(({_SEQUENCE}), 0), coalesce(max(rowid), 0)) FROM {table.name}"
    number = connection.execute(text(highest), {"name": table.name}).scalar_one()
    if not isinstance(number, int) or not 0 <= number < LAST_ID:
        raise sqlite3.DatabaseError(f"malformed: the last number of {table.name} is {str(number)[:30]!r}")
    return number + 1
