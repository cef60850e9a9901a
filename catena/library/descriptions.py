"""What is said about documents beside their text: tags, collections, and what they are cited by."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row

from catena.library.schema import descriptions
from catena.library.summed_rows import drop_row, put_row, read_row, read_rows
from catena.types import Description, PageRef, Reference, Span


def read_descriptions(connection: Connection) -> dict[str, Description]:
    """Read all, by the ids of documents; those of which nothing is said are left out. Raises Damage."""
    return {row.document_id: _description_of(row) for row in read_rows(connection, descriptions)}


def read_description(connection: Connection, document_id: str) -> Description:
    """Read what is said about a document, nothing at first. Raises Damage."""
    row = read_row(connection, descriptions, document_id)
    return Description(document_id) if row is None else _description_of(row)


def write_description(connection: Connection, described: Description) -> None:
    """Keep what is said about a document; nothing takes no row."""
    if described == Description(described.document_id):
        drop_row(connection, descriptions, described.document_id)
        return
    values = {
        "document_id": described.document_id,
        "read": _json(asdict(described.read) | {"places": _places_text(described)}),
        "given": _json(described.given),
        "tags": _json(described.tags),
        "collections": _json(described.collections),
    }
    put_row(connection, descriptions, values)


def forget_description(connection: Connection, document_id: str) -> None:
    """Delete what is said about a document."""
    drop_row(connection, descriptions, document_id)


def with_names(there: Iterable[str], added: Iterable[str], removed: Iterable[str] = ()) -> tuple[str, ...]:
    """Names with some more and some less, each once in its first spelling: case makes no other name."""
    gone = {name.casefold() for name in removed}
    found: dict[str, str] = {}
    for name in (*there, *added):
        if name.casefold() not in gone:
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def inherit(connection: Connection, document_id: str, former_ids: Iterable[str]) -> None:
    """Put a document where those that it supersedes are: it has their tags, and is in their collections."""
    said = read_description(connection, document_id)
    for former in (read_description(connection, one) for one in former_ids):
        said = replace(
            said,
            tags=with_names(said.tags, former.tags),
            collections=with_names(said.collections, former.collections),
        )
    write_description(connection, said)


def _places_text(described: Description) -> dict[str, list[tuple[int, int, int]]]:
    return {
        name: [(span.ref.number, span.start, span.end) for span in spans]
        for name, spans in described.places.items()
    }


def _description_of(row: Row[Any]) -> Description:
    read, given = json.loads(row.read), json.loads(row.given) if row.given != "{}" else {}
    places = {
        name: tuple(Span(PageRef(row.document_id, page), start, end) for page, start, end in spans)
        for name, spans in read.pop("places").items()
    }
    return Description(
        row.document_id,
        Reference(**_with_authors(read)),
        places,
        _with_authors(given),
        _names(row.tags),
        _names(row.collections),
    )


@lru_cache
def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _with_authors(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"authors": tuple(fields["authors"])} if "authors" in fields else fields


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
