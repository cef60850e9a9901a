"""The vectors of passages: kept as float16, one per passage, never two embedders' in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from catena.errors import Damage
from catena.library.checksums import columns, is_sound, sealed
from catena.library.database import Database, insert
from catena.library.document_writer import count
from catena.library.schema import documents, embedders, fillings, vector_files, vectors
from catena.library.stored_pages import counter, key_of, passage_range

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


class Vectors:
    """Those that one embedder, by its name, made of a library's passages: others do not exist for it."""

    def __init__(self, database: Database, embedder: str = "") -> None:
        self.embedder = embedder
        self._database = database

    def of(self, document_id: str) -> tuple[Ids, Floats]:
        """Return the ordinals that have a vector (n,), and the vectors (n, d), both in order."""
        return self._database.fetch(read_vectors, document_id, self.embedder)

    def of_passages(self, ids: Sequence[int]) -> tuple[Ids, Floats]:
        """Return those of these passage ids that have a vector (n,), ascending, and the vectors (n, d)."""
        return self._database.fetch(read_vectors_of, ids, self.embedder)

    def put(
        self, document_id: str, ordinals: Sequence[int], new: Floats, *, first_passage: int | None = None
    ) -> bool:
        """Keep vectors of passages; the last one given for a passage counts.

        With `first_passage` (see `passage_range`), vectors of a text that was replaced meanwhile are dropped, and the
        result is False. Raises DocumentNotFound, and ValueError for ordinals that do not exist.
        """
        data = np.ascontiguousarray(new, dtype="<f2")  # (n, d)
        if len(ordinals) != len(data):
            raise ValueError(f"{len(ordinals)} ordinals with {len(data)} vectors")
        with self._database.write() as connection:
            first, number = passage_range(connection, document_id)
            if first_passage not in (None, first):
                return False
            if any(not 0 <= ordinal < number for ordinal in ordinals):
                raise ValueError(f"an ordinal is not below {number}")
            key = _embedder_key(connection, self.embedder)
            _put(connection, key, [first + int(one) for one in ordinals], data)
            _count_filled(connection, key_of(connection, document_id), first, number)
        return True

    def drop(self, document_id: str) -> None:
        """Delete the vectors of a document: they are made again when they are needed."""
        with self._database.write() as connection:
            first, number = passage_range(connection, document_id)
            of_it = vectors.c.passage_id.between(first, first + number - 1)
            connection.execute(vectors.delete().where(of_it))
            _count_filled(connection, key_of(connection, document_id), first, number)
            count(connection, "vectors")

    def missing(self, document_id: str) -> list[int]:
        """Return the ordinals that have no vector yet, in order."""
        with self._database.read() as connection:
            first, number = passage_range(connection, document_id)
            query = select(vectors.c.passage_id).where(
                vectors.c.embedder_key == _known_embedder(connection, self.embedder),
                vectors.c.passage_id.between(first, first + number - 1),
            )
            there = set(connection.execute(query).scalars())
        return [ordinal for ordinal in range(number) if first + ordinal not in there]

    def counts(self, document_ids: Sequence[str] | None = None) -> tuple[int, int]:
        """Return how many passages of some documents, or of all, have a vector, and how many there are."""
        with self._database.read() as connection:
            key = _known_embedder(connection, self.embedder)
            filled = select(func.count()).select_from(vectors).where(vectors.c.embedder_key == key)
            if document_ids is None:
                total = connection.execute(select(func.coalesce(func.sum(documents.c.num_passages), 0)))
                return int(connection.execute(filled).scalar_one()), int(total.scalar_one())
            ranges = [passage_range(connection, document_id) for document_id in document_ids]
            queries = (filled.where(vectors.c.passage_id.between(one, one + n - 1)) for one, n in ranges)
            counts = [int(connection.execute(query).scalar_one()) for query in queries]
        return sum(counts), sum(number for _, number in ranges)

    def filled(self) -> dict[str, tuple[int, int]]:
        """Return the documents that have all of their vectors: the id of the first passage, and how many there are."""
        query = select(documents.c.id, documents.c.first_passage, documents.c.num_passages).join(fillings)
        whole = fillings.c.num_vectors == documents.c.num_passages
        with self._database.read() as connection:
            rows = connection.execute(query.where(fillings.c.embedder == self.embedder, whole))
            return {one: (first, number) for one, first, number in rows if number}

    def file(self) -> str:
        """Return the SHA-256 of the FAISS file of all vectors, empty when there is none."""
        with self._database.read() as connection:
            key = _known_embedder(connection, self.embedder)
            query = select(vector_files.c.sha256).where(vector_files.c.embedder_key == key)
            return connection.execute(query).scalar() or ""

    def put_file(self, sha256: str, version: int) -> bool:
        """Keep the SHA-256 of the FAISS file, unless vectors changed since `version` (a removal, perhaps)."""
        with self._database.write() as connection:
            if _version(connection) != version:
                return False
            values = {"embedder_key": _known_embedder(connection, self.embedder), "sha256": sha256}
            connection.execute(vector_files.insert().prefix_with("OR REPLACE"), values)
        return True

    def version(self) -> int:
        """A number that grows with every change of vectors; equal numbers mean equal vectors."""
        with self._database.read() as connection:
            return _version(connection)


def read_vectors(connection: Connection, document_id: str, embedder: str) -> tuple[Ids, Floats]:
    """Read a document's vectors of one embedder. Raises DocumentNotFound and Damage."""
    first, total = passage_range(connection, document_id)
    query = (
        select(*columns(vectors))
        .where(vectors.c.embedder_key == _known_embedder(connection, embedder))
        .where(vectors.c.passage_id.between(first, first + total - 1))
        .order_by(vectors.c.passage_id)
    )
    rows = connection.execute(query).all()
    number = _filled(connection, document_id, embedder)
    ids = _sound_ids(rows)
    if ids is None or len(ids) != number or (number and not first <= ids[0] <= ids[-1] < first + total):
        raise Damage("vectors", document_id)
    return ids - first, _array(rows)


def read_vectors_of(connection: Connection, ids: Sequence[int], embedder: str) -> tuple[Ids, Floats]:
    """Read the vectors of some passages, in the order of their ids. Raises Damage."""
    query = select(*columns(vectors)).where(
        vectors.c.embedder_key == _known_embedder(connection, embedder),
        vectors.c.passage_id.in_([int(one) for one in ids]),
    )
    rows = connection.execute(query.order_by(vectors.c.passage_id)).all()
    found = _sound_ids(rows)
    if found is None:
        bad = next(row for row in rows if not is_sound(vectors, row))
        raise Damage("vectors", _owner_of(connection, bad.passage_id))
    return found, _array(rows)


def _owner_of(connection: Connection, passage: int) -> str:
    """The document that a passage is of; empty where there is none."""
    begins, number = documents.c.first_passage, documents.c.num_passages
    query = select(documents.c.id).where(begins <= passage, begins + number > passage)
    return str(connection.execute(query).scalar() or "")


def _version(connection: Connection) -> int:
    return counter(connection, "vectors")


def _sound_ids(rows: Sequence[Any]) -> Ids | None:
    """The passage ids of rows that are as they were written and in order; None when one is not."""
    ids = [row.passage_id for row in rows if is_sound(vectors, row)]
    if len(ids) != len(rows) or any(one >= other for one, other in pairwise(ids)):
        return None
    return np.array(ids, np.int64)


def _array(rows: Sequence[Any]) -> Floats:
    flat = np.frombuffer(b"".join(row.vector for row in rows), "<f2").astype(np.float32)
    return flat.reshape(len(rows), -1) if rows else flat.reshape(0, 0)


def _filled(connection: Connection, document_id: str, embedder: str) -> object:
    """Number of vectors a document has of an embedder, as it was noted when they were kept; a damaged row holds
    anything."""
    query = select(fillings.c.num_vectors).join(documents).where(documents.c.id == document_id)
    return connection.execute(query.where(fillings.c.embedder == embedder)).scalar() or 0


def _count_filled(connection: Connection, document_key: int, first: int, number: int) -> None:
    query = (
        select(embedders.c.name, func.count())
        .join_from(vectors, embedders)
        .where(vectors.c.passage_id.between(first, first + number - 1))
        .group_by(embedders.c.name)
    )
    found = connection.execute(query).all()
    connection.execute(fillings.delete().where(fillings.c.document_key == document_key))
    rows = [{"document_key": document_key, "embedder": name, "num_vectors": num} for name, num in found]
    if rows:
        connection.execute(fillings.insert(), rows)


def _put(connection: Connection, embedder_key: int, ids: list[int], data: NDArray[Any]) -> None:
    if not ids:
        return
    query = select(*columns(vectors)).where(vectors.c.embedder_key == embedder_key).limit(1)
    there = connection.execute(query).first()
    if there is not None and is_sound(vectors, there) and len(there.vector) != data.itemsize * data.shape[1]:
        wrong = f"had {len(there.vector) // 2} dimensions, these {data.shape[1]}"
        raise ValueError(f"this embedder's vectors {wrong}")
    values = [
        sealed(vectors, {"passage_id": passage, "embedder_key": embedder_key, "vector": row.tobytes()})
        for passage, row in zip(ids, data, strict=True)
    ]
    connection.execute(vectors.insert().prefix_with("OR REPLACE"), values)
    count(connection, "vectors")


def _known_embedder(connection: Connection, name: str) -> int:
    """The key of an embedder, 0 when it never put a vector."""
    return connection.execute(select(embedders.c.key).where(embedders.c.name == name)).scalar() or 0


def _embedder_key(connection: Connection, name: str) -> int:
    known = _known_embedder(connection, name)
    return known or insert(connection, embedders, {"name": name})
