"""Copies of documents from the web: what their servers called them, so that they are asked for what is newer alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from catena.library.checksums import columns, is_sound, sealed
from catena.library.database import Database
from catena.library.schema import documents, web_copies
from catena.library.stored_pages import key_of
from catena.types import WebCopy


class WebCopies:
    """Copies that are kept; they go with their documents. A damaged row counts as none: the web is asked anew."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, document_id: str, copy: WebCopy) -> None:
        """Keep where a document was fetched from, in place of what was known of this address."""
        with self._database.write() as connection:
            values = {"document_key": key_of(connection, document_id), **asdict(copy)}
            connection.execute(web_copies.insert().prefix_with("OR REPLACE"), sealed(web_copies, values))

    def of(self, document_id: str) -> list[WebCopy]:
        """List the addresses that a document was fetched from, the latest first."""
        query = select(*columns(web_copies)).join(documents).where(documents.c.id == document_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(web_copies.c.fetched_at.desc())).all()
        return [_copy_of(row) for row in rows if is_sound(web_copies, row)]

    def latest(self, url: str) -> tuple[str, WebCopy] | None:
        """Find the document that was fetched last from an address, if there is one."""
        query = select(*columns(web_copies), documents.c.id).join(documents).where(web_copies.c.url == url)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(web_copies.c.fetched_at.desc())).all()
        return next(((row.id, _copy_of(row)) for row in rows if is_sound(web_copies, row)), None)


def _copy_of(row: Any) -> WebCopy:
    return WebCopy(row.url, row.final_url, row.etag, row.modified, row.fetched_at)
