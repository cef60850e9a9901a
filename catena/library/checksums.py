"""Checksums of the library's rows: over a row and what it belongs to, so that a change is found.

It sees what disks do (a bit, a page of zeros, a row in another's place), not what a person does who can compute it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Float, Table, text
from xxhash import xxh3_64_intdigest

from catena.library.schema import answers, counters, documents, votes

CHECKSUM = "checksum"


def digest(data: bytes | str) -> int:
    """64 bits as SQLite keeps an integer."""
    return signed(
        xxh3_64_intdigest(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    )


def signed(number: int) -> int:
    """The lowest 64 bits of a number as SQLite keeps an integer."""
    return ((number + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63)


def digest_of(values: Iterable[object]) -> int:
    """A digest that tells 1 from 1.0 from "1", and where one value ends."""
    return digest(repr([digest(one) if isinstance(one, bytes) else one for one in values]))


@cache
def covered(table: Table) -> tuple[Column[Any], ...]:
    """The columns that a row's checksum is about: all but itself, what has its own (outline, figures), and numbers
    that SQLite gives to rows that nothing else points to."""
    apart = {
        CHECKSUM,
        "outline",
        "outline_checksum",
        "figures_checksum",
        *(("key",) if table in (answers, votes) else ()),
    }
    return tuple(column for column in table.columns if column.name not in apart)


def sealed(table: Table, values: Mapping[str, Any], *owner: object) -> dict[str, Any]:
    """The values of a whole row with their checksum; `owner` is what it belongs to and is no column of it."""
    return {**values, CHECKSUM: digest_of([*_as_stored(table, values), *owner])}


def is_sound(table: Table, row: Sequence[Any], *owner: object) -> bool:
    """Tell whether a row of `(*covered(table), checksum)` is as it was sealed."""
    number = len(covered(table))
    return bool(digest_of([*row[:number], *owner]) == row[number])


def columns(table: Table) -> tuple[Column[Any], ...]:
    """List the columns to select, for `is_sound`."""
    return (*covered(table), table.c[CHECKSUM])


def outline_checksum(document_id: str, outline: str) -> int:
    return digest_of([document_id, outline])


def figures_checksum(document_id: str, figures: str) -> int:
    """Of the figures as they are kept; 0 where there are none."""
    return digest_of([document_id, "figures", figures]) if figures else 0


def catalogue_checksum(connection: Connection) -> int:
    """A digest of which documents there are: read from the rows, whatever the indexes say."""
    query = f"SELECT key, id FROM {documents.name} NOT INDEXED ORDER BY key"
    return digest_of(one for row in connection.execute(text(query)) for one in row)


def seal_catalogue(connection: Connection) -> None:
    """Keep which documents there are now."""
    values = {"name": "catalogue", "value": catalogue_checksum(connection)}
    connection.execute(counters.insert().prefix_with("OR REPLACE"), values)


def _as_stored(table: Table, values: Mapping[str, Any]) -> Iterable[object]:
    for column in covered(table):
        value = values[column.name]
        yield float(value) if isinstance(column.type, Float) and value is not None else value
