"""The index that chooses among many documents by meaning: the library's own, or a vector store that a setting names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from catena.health import Problem
from catena.object_making import Spec
from catena.retrieval.faiss_index import VectorFile, check_file
from catena.retrieval.nearest_passages import IndexedLibrary, NearestPassages
from catena.retrieval.outer_store import OuterStore


class ObservedLibrary(IndexedLibrary, Protocol):
    on_remove: list[Callable[[str], object]]
    checks: list[Callable[[], list[Problem]]]


def passage_index(library: ObservedLibrary, store: Spec | None) -> NearestPassages:
    """Open the index, and have the library tell it what is removed; nothing is loaded before it is asked."""
    if store is None:
        library.checks.append(partial(check_file, library))
        return VectorFile(library)
    outer = OuterStore(library, store)
    library.on_remove.append(outer.forget)
    library.checks.append(outer.check)
    return outer
