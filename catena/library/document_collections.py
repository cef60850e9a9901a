"""Collections: names under which documents are found together, put there by hand, or by a filter that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection

from catena.arguments import check_names
from catena.document_filter import Filter
from catena.errors import CollectionNotFound, OptionError
from catena.library.database import Database
from catena.library.descriptions import (
    read_description,
    read_descriptions,
    with_names,
    write_description,
)
from catena.library.schema import collections, descriptions
from catena.library.stored_pages import facts_of
from catena.library.summed_rows import drop_row, put_row, read_rows, sum_of
from catena.reference_fields import checked_fields
from catena.types import Description, Document

MOST_NEAR = 3


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents under one name; with a `filter` those that it fits whenever they are asked for."""

    name: str
    filter: Filter | None
    num_documents: int


class Collections:
    """The collections of one library, and what is said about its documents; every change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[int, dict[str, Description]] = (0, {})

    def described(self) -> Mapping[str, Description]:
        """Return what is said about documents, by id; those of which nothing is said are left out."""
        with self._database.read() as connection:
            total = sum_of(connection, descriptions)
        if total != self._known[0]:
            self._known = self._database.fetch(
                lambda connection: (sum_of(connection, descriptions), read_descriptions(connection))
            )
        return self._known[1]

    def description(self, document_id: str) -> Description:
        """Return what is said about a document."""
        return self._database.fetch(read_description, document_id)

    def all(self, documents: Sequence[Document]) -> list[Collection]:
        """List the collections by name, and how many of these documents are in each."""
        return [
            Collection(name, rule, len(self.select(Filter(name), documents)))
            for name, rule in self._database.fetch(_read_filters).items()
        ]

    def select(self, wanted: Filter, documents: Sequence[Document]) -> list[Document]:
        """Choose the documents that a filter fits, in their order. Raises CollectionNotFound."""
        filters = self._database.fetch(_read_filters)
        rules, name = [wanted], wanted.collection
        while name and (rule := filters[name := _own_name(name, filters)]):
            rules.append(rule)
            name = rule.collection
        described = self.described()
        return [
            document
            for document in documents
            for said in [described.get(document.id, Description(document.id))]
            if (not name or name in said.collections) and all(rule.fits(document, said) for rule in rules)
        ]

    def put(self, name: str, document_ids: Iterable[str]) -> None:
        """Put documents into a collection, which begins with them if there is none. Raises DocumentNotFound, and
        OptionError for a name that is none, or one of a filter."""
        check_names([name])
        self._heal()
        with self._database.write() as connection:
            name = begin_collection(connection, name)
            self._change(connection, document_ids, added=[name])

    def take(self, name: str, document_ids: Iterable[str]) -> None:
        """Take documents out of a collection. Raises CollectionNotFound, DocumentNotFound and OptionError."""
        self._heal()
        with self._database.write() as connection:
            name = _plain_name(name, _read_filters(connection))
            self._change(connection, document_ids, removed=[name])

    def save(self, name: str, rule: Filter) -> None:
        """Keep a filter as a collection. Raises OptionError where the name is taken, or the filter needs another."""
        check_names([name])
        self._heal()
        with self._database.write() as connection:
            filters = _read_filters(connection)
            if rule.collection:
                rule = replace(rule, collection=_plain_name(rule.collection, filters))
            if known := _known_name(name, filters):
                raise OptionError(f"There is a collection {known!r}.", "Take another name, or rm that.")
            _write(connection, name, str(rule))

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name. Raises CollectionNotFound, and OptionError where that is taken."""
        check_names([new])
        self._heal()
        with self._database.write() as connection:
            filters = _read_filters(connection)
            name = _own_name(name, filters)
            if (taken := _known_name(new, filters)) and taken != name:
                raise OptionError(f"There is a collection {taken!r}.", "Take another name.")
            _write(connection, new, str(filters[name] or ""), former=name)
            for other, rule in filters.items():
                if rule and rule.collection == name:
                    _write(connection, other, str(replace(rule, collection=new)), former=other)
            for said in _members(connection, name):
                names = tuple(new if one == name else one for one in said.collections)
                write_description(connection, replace(said, collections=names))

    def delete(self, name: str) -> None:
        """Delete a collection; its documents stay. Raises CollectionNotFound, OptionError while a filter needs it."""
        self._heal()
        with self._database.write() as connection:
            filters = _read_filters(connection)
            name = _own_name(name, filters)
            if needing := [other for other, rule in filters.items() if rule and rule.collection == name]:
                raise OptionError(f"The filter {needing[0]!r} needs {name!r}.", f"First rm {needing[0]!r}.")
            drop_row(connection, collections, name)
            for said in _members(connection, name):
                names = with_names(said.collections, (), [name])
                write_description(connection, replace(said, collections=names))

    def tag(self, document_id: str, added: Iterable[str] = (), removed: Iterable[str] = ()) -> Description:
        """Give a document tags and take others from it. Raises DocumentNotFound, and OptionError for no tag."""
        added = list(added)
        check_names(added)
        self._heal()
        with self._database.write() as connection:
            facts_of(connection, document_id)
            said = read_description(connection, document_id)
            said = replace(said, tags=with_names(said.tags, added, removed))
            write_description(connection, said)
        return said

    def set_reference(self, document_id: str, fields: Mapping[str, Any]) -> Description:
        """Say what a document is cited by; a field that is None is again what was read. Raises DocumentNotFound, and
        OptionError for a value that a field does not take."""
        fields = checked_fields(fields)
        self._heal()
        with self._database.write() as connection:
            facts_of(connection, document_id)
            said = read_description(connection, document_id)
            given = {name: value for name, value in {**said.given, **fields}.items() if value is not None}
            said = replace(said, given=given)
            write_description(connection, said)
        return said

    def _heal(self) -> None:
        """Read all before it is changed: what the disk damaged is mended, or raised."""
        self._database.fetch(read_descriptions)
        self._database.fetch(_read_filters)

    def _change(
        self,
        connection: Connection,
        document_ids: Iterable[str],
        *,
        added: Sequence[str] = (),
        removed: Sequence[str] = (),
    ) -> None:
        for document_id in document_ids:
            facts_of(connection, document_id)
            said = read_description(connection, document_id)
            names = with_names(said.collections, added, removed)
            write_description(connection, replace(said, collections=names))


def begin_lost_collections(connection: Connection) -> None:
    """Begin the collections that documents are in and that there are not."""
    for said in read_descriptions(connection).values():
        for name in said.collections:
            begin_collection(connection, name)


def begin_collection(connection: Connection, name: str) -> str:
    """Begin a collection if there is none of the name; returns how it is spelled. Raises OptionError for a filter's."""
    filters = _read_filters(connection)
    if _known_name(name, filters):
        return _plain_name(name, filters)
    _write(connection, name, "")
    return name


def _read_filters(connection: Connection) -> dict[str, Filter | None]:
    rows = read_rows(connection, collections)
    return {row.name: Filter.parse(row.filter) if row.filter else None for row in rows}


def _write(connection: Connection, name: str, rule: str, *, former: str = "") -> None:
    if former:
        drop_row(connection, collections, former)
    put_row(connection, collections, {"name": name, "filter": rule})


def _members(connection: Connection, name: str) -> list[Description]:
    return [said for said in read_descriptions(connection).values() if name in said.collections]


def _known_name(name: str, filters: Mapping[str, Any]) -> str:
    return next((known for known in filters if known.casefold() == name.casefold()), "")


def _own_name(name: str, filters: Mapping[str, Any]) -> str:
    """The name as it is spelled in the library. Raises CollectionNotFound that lists near ones."""
    if known := _known_name(name, filters):
        return known
    by_plain = {known.casefold(): known for known in filters}
    near = get_close_matches(name.casefold(), by_plain, MOST_NEAR, 0.5)
    near += [one for one in by_plain if name.casefold() in one and one not in near]
    said = ", ".join(repr(by_plain[one]) for one in near[:MOST_NEAR])
    remedy = f"Did you mean {said}?" if said else "List them: `catena collection ls`."
    raise CollectionNotFound(f"There is no collection {name!r}.", remedy)


def _plain_name(name: str, filters: Mapping[str, Filter | None]) -> str:
    """The name of a collection that documents are put into. Raises CollectionNotFound, OptionError for a filter."""
    name = _own_name(name, filters)
    if rule := filters[name]:
        raise OptionError(
            f"{name!r} is a filter ({rule}): documents are in it by what they are.",
            "Take the name of another collection.",
        )
    return name
