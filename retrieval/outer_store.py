"""Index that chooses among many documents by meaning: the library's own, or any LlamaIndex vector store that the
setting names (Qdrant, pgvector, Chroma and others).

The store is given vectors and numbers of passages, no text. It follows the library: a document is put when all of its
vectors are there, and goes when it is removed or read anew. What the store finds is compared in full with the
library's own vectors, so that its measure of nearness does not matter. LlamaIndex is imported when it is first needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from catena.errors import CatenaError, VectorStoreError
from catena.files.atomic_files import write_file
from catena.files.file_lock import FileLock
from catena.health import Problem
from catena.object_making import Spec, made
from catena.retrieval.faiss_index import VectorFile, check_file
from catena.retrieval.nearest_passages import (
    Floats,
    IndexedLibrary,
    Near,
    NearestPassages,
    PassagePlaces,
    compared,
)

if TYPE_CHECKING:
    from catena.retrieval.llamaindex_nodes import PassageNodes

LEDGER, LOCK = "vector_store.json", "vector_store.lock"
MAX_NEW = 5_000
"""Passages after which a question puts no more documents into the store; `refresh`, in the background, puts all."""
PAUSE_SECONDS = 30.0
"""After a failure the store is left alone for so long: a question does not wait for one that is down."""


Held = tuple[int, int]
"""Id of a document's first passage, and how many there are."""


class OuterStore:
    """A store as the setting says; safe to use from several threads and processes."""

    def __init__(
        self, library: IndexedLibrary, spec: Spec, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._library = library
        self._spec = spec
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: float | None = None
        self.notice = ""

    def nearest(self, vector: Floats, k: int, document_ids: Sequence[str] | None = None) -> list[Near]:
        """Find as `NearestPassages.nearest` does; where the store fails nothing, and `notice` says so.

        Raises OptionError for a setting that makes no store, MissingExtra without LlamaIndex.
        """
        if self._failed is not None and self._clock() - self._failed < PAUSE_SECONDS:
            return []
        try:
            with self._alone():
                places, candidates = self._found(vector, k, document_ids)
        except VectorStoreError as error:
            self.close()  # what is opened anew knows what became of it
            self._failed = self._clock()
            self.notice = f"{error.message} Documents were chosen by their words alone."
            return []
        self._failed, self.notice = None, ""
        return compared(self._library.vectors, places, candidates, vector, k)

    def refresh(self) -> None:
        """Put and delete all that is to be. Raises VectorStoreError."""
        with self._alone():
            self._follow(None)

    def forget(self, document_id: str) -> None:
        """Delete a document that is being removed; where the store fails, the next search does it."""
        with suppress(CatenaError), self._alone():
            held = self._ledger.read()
            if document_id in held:
                self._nodes.delete(document_id)
                del held[document_id]
                self._ledger.write(held)

    def check(self) -> list[Problem]:
        """Check the store for `catena doctor`: can it be asked, and does it hold what was removed?"""
        try:
            self.refresh()
        except CatenaError as error:
            return [Problem("vector store", error.message, error.remedy)]
        return []

    def close(self) -> None:
        """Let go of the store; the next search opens it again."""
        with self._lock:
            nodes = self.__dict__.pop("_nodes", None)
        if nodes is not None:
            nodes.close()

    def _found(
        self, vector: Floats, k: int, document_ids: Sequence[str] | None
    ) -> tuple[PassagePlaces, list[int]]:
        """Passages that the store finds; one that lost what it held is given it again."""
        places = self._follow(MAX_NEW)
        some = places.some(document_ids)
        if not places.names or some == []:
            return places, []
        try:
            found = self._nodes.nearest(vector, k, some)
            is_lost = not found and some is None
        except (
            VectorStoreError
        ):  # what held the documents may be gone; where the store is down, this fails, too
            self._put(places.names[0])
            is_lost = True
        if is_lost:
            self._ledger.write({})
            self._follow(MAX_NEW)
            found = self._nodes.nearest(vector, k, some)
        return places, places.passages(found)

    def _follow(self, max_new: int | None) -> PassagePlaces:
        """Delete what is gone and put what is new; returns the documents that are in the library."""
        filled, held = self._library.vectors.filled(), self._ledger.read()
        for document_id in [one for one, place in held.items() if filled.get(one) != place]:
            self._nodes.delete(document_id)
            del held[document_id]
            self._ledger.write(held)
        num_new = 0
        for document_id, place in filled.items():
            if document_id not in held and (max_new is None or num_new < max_new):
                self._put(document_id)
                held[document_id] = place
                self._ledger.write(held)
                num_new += place[1]
        return PassagePlaces(filled)

    def _put(self, document_id: str) -> None:
        self._nodes.put(document_id, *self._library.vectors.of(document_id))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with self._lock, FileLock(self._library.home / LOCK):
                yield
        except OSError as error:
            raise VectorStoreError(
                f"What the vector store holds cannot be noted in {self._library.home}: {error.strerror}.",
                "Make room there, or make the folder writable.",
            ) from error

    @property
    def _ledger(self) -> StoreLedger:
        owner = json.dumps([self._spec, self._library.vectors.embedder], sort_keys=True)
        return StoreLedger(self._library.home / LEDGER, hashlib.sha256(owner.encode()).hexdigest())

    @cached_property
    def _nodes(self) -> PassageNodes:
        # Seconds, which only a question about many documents pays.
        from catena.retrieval.llamaindex_nodes import PassageNodes

        return PassageNodes(lambda: made(self._spec))


class StoreLedger:
    """Of one store and one embedder; another's ledger is an empty one."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner

    def read(self) -> dict[str, Held]:
        """What the store holds; nothing where the file is gone or damaged: then all is put again."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            data = json.loads(self._path.read_text("utf-8"))
            if data["owner"] == self._owner:
                return {str(one): (int(first), int(number)) for one, (first, number) in data["held"].items()}
        return {}

    def write(self, held: dict[str, Held]) -> None:
        data = {"owner": self._owner, "held": held}
        write_file(self._path, json.dumps(data, sort_keys=True).encode())


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
