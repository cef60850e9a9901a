"""Rows of small tables, each with a checksum; a counter named as the table is the sum of them, so that a row that is
gone is seen, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, select

from catena.errors import Damage, DamagedPart
from catena.library.checksums import columns, is_sound, sealed, signed
from catena.library.schema import collections, counters, descriptions
from catena.library.stored_pages import counter

PARTS: Mapping[Table, DamagedPart] = {
    descriptions: "record of tags and collections",
    collections: "list of collections",
}


def sum_of(connection: Connection, table: Table) -> int:
    """The sum that is kept: another one where any row is another."""
    return counter(connection, table.name)


def read_rows(connection: Connection, table: Table) -> list[Row[Any]]:
    """Read all rows, in the order of their keys. Raises Damage."""
    rows = list(connection.execute(select(*columns(table)).order_by(_key(table))).all())
    if not all(is_sound(table, row) for row in rows) or _total(rows) != sum_of(connection, table):
        raise Damage(PARTS[table])
    return rows


def read_row(connection: Connection, table: Table, key: str) -> Row[Any] | None:
    """Read one row, if it is there. Raises Damage."""
    row = connection.execute(select(*columns(table)).where(_key(table) == key)).first()
    if row is not None and not is_sound(table, row):
        raise Damage(PARTS[table])
    return row


def put_row(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Write a row in place of the one with its key."""
    drop_row(connection, table, values[_key(table).name])
    row = sealed(table, values)
    connection.execute(table.insert(), row)
    _add(connection, table, row["checksum"])


def drop_row(connection: Connection, table: Table, key: str) -> None:
    """Delete a row, if it is there."""
    there = connection.execute(select(table.c.checksum).where(_key(table) == key)).scalars().all()
    connection.execute(table.delete().where(_key(table) == key))
    _add(connection, table, -sum(one for one in there if isinstance(one, int)))


def take_bad_rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Delete the rows that do not fit their checksum, and return them; the sum is that of the others."""
    connection.exec_driver_sql(f'REINDEX "{table.name}"')
    rows = list(connection.execute(select(*columns(table))).all())
    bad = [dict(row._mapping) for row in rows if not is_sound(table, row)]
    for row in bad:
        connection.execute(table.delete().where(_key(table) == row[_key(table).name]))
    kept = {"name": table.name, "value": _total(row for row in rows if is_sound(table, row))}
    connection.execute(counters.insert().prefix_with("OR REPLACE"), kept)
    return bad


def _add(connection: Connection, table: Table, change: int) -> None:
    value = signed(counter(connection, table.name) + change)
    connection.execute(counters.update().where(counters.c.name == table.name), {"value": value})


def _total(rows: Iterable[Row[Any]]) -> int:
    return signed(sum(row.checksum for row in rows))


def _key(table: Table) -> Column[Any]:
    return next(iter(table.primary_key))
