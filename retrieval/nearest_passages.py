"""Passages of a library that are near to a question in meaning: what chooses documents asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


class Near(NamedTuple):
    """A passage of a document, and its cosine to what was asked."""

    document_id: str
    ordinal: int
    cosine: float


class NearestPassages(Protocol):
    """Knows the passages of documents that have all of their vectors, and of no others.

    `notice` says why the last search found nothing where it should have, as a warning of an answer.
    """

    @property
    def notice(self) -> str: ...

    def nearest(self, vector: Floats, k: int, document_ids: Sequence[str] | None = None, /) -> list[Near]:
        """Find up to `k` passages, in some documents or all, best first; `vector` (d,) is of unit length."""

    def refresh(self) -> None:
        """Take in all that changed."""

    def close(self) -> None:
        """Let go of what is open; it is opened again when it is needed."""


class FilledVectors(Protocol):
    """Vectors of a library. `embedder` names whose; `file` is the name of a FAISS file of them all, else empty."""

    embedder: str

    def filled(self) -> Mapping[str, tuple[int, int]]:
        """Documents that have all of their vectors: the id of the first passage, and how many there are."""

    def of(self, document_id: str, /) -> tuple[Ids, Floats]: ...

    def of_passages(self, ids: Sequence[int], /) -> tuple[Ids, Floats]: ...

    def version(self) -> int: ...

    def file(self) -> str: ...

    def put_file(self, sha256: str, version: int, /) -> bool: ...


class IndexedLibrary(Protocol):
    """Library whose vectors are indexed in its folder."""

    home: Path

    @property
    def vectors(self) -> FilledVectors: ...


class PassagePlaces:
    """Passage ids of filled documents: each has a range of them."""

    def __init__(self, filled: Mapping[str, tuple[int, int]]) -> None:
        self.ranges = dict(filled)
        ordered = sorted((first, number, one) for one, (first, number) in filled.items())
        self.names = [one for _, _, one in ordered]
        self.firsts = np.array([first for first, _, _ in ordered], np.int64)
        self.numbers = np.array([number for _, number, _ in ordered], np.int64)

    def of(self, passage: int) -> tuple[str, int]:
        """The document and ordinal of a passage that is in one of the ranges."""
        at = int(np.searchsorted(self.firsts, passage, "right")) - 1
        return self.names[at], passage - int(self.firsts[at])

    def passages(self, found: Sequence[tuple[str, int]]) -> list[int]:
        """The ids of passages, by the beginning of their document's id and their ordinal; strange ones are left out."""
        length = len(found[0][0]) if found else 0
        known = {one[:length]: place for one, place in self.ranges.items()}
        places = ((known.get(begin, (0, 0)), ordinal) for begin, ordinal in found)
        return [first + ordinal for (first, number), ordinal in places if ordinal < number]

    def some(self, document_ids: Sequence[str] | None) -> list[str] | None:
        """Those of some documents that are filled; None where that is all of them."""
        if document_ids is None or {*document_ids} >= self.ranges.keys():
            return None
        return [one for one in document_ids if one in self.ranges]

    def ids_of(self, document_ids: Sequence[str]) -> Ids:
        """The ids of the passages of filled documents."""
        ranges = [self.ranges[one] for one in document_ids]
        none = np.zeros(0, np.int64)
        return np.concatenate([none, *(np.arange(first, first + number) for first, number in ranges)])


def compared(
    own: FilledVectors, places: PassagePlaces, candidates: Sequence[int], vector: Floats, k: int
) -> list[Near]:
    """Compare candidates with a vector (d,) by the library's own, and keep the `k` best."""
    ids, vectors = own.of_passages(candidates)
    if not len(ids):
        return []
    cosines = (vectors * vector).sum(1)  # the same whatever others are compared with it
    best = np.argsort(-cosines, kind="stable")[:k]
    return [Near(*places.of(int(ids[one])), float(cosines[one])) for one in best]
