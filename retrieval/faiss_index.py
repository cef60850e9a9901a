"""All vectors of a library as codes in a FAISS index, and the file from which a new process starts.

A code is one bit a number and 8 bytes more (RaBitQ, Gao and Long, SIGMOD 2024): 56 bytes, where the library keeps 768,
so that half a million are read in a tenth of a second. The nearest by their codes are compared in full, with the
library's own vectors. The file is a cache: it is named by its SHA-256, which the library knows; one that is missing,
damaged or old costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from catena.errors import LibraryError
from catena.files.atomic_files import DurableFile, make_folder
from catena.health import Problem
from catena.retrieval.nearest_passages import (
    Floats,
    Ids,
    IndexedLibrary,
    Near,
    PassagePlaces,
    compared,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER, SUFFIX = "faiss", ".faiss"
MAX_UNSAVED = 1_000  # changes that a new process makes up for by itself, in a fiftieth of a second
UNSAVED_SHARE = 0.1
COMPARED = 400  # in full: they hold 95 of the 100 nearest, and the 10 nearest but for one in a hundred


class VectorFile:
    """The index of one library; safe to use from several threads. Ids are the library's passage ids."""

    notice = ""

    def __init__(self, shelf: IndexedLibrary, *, max_unsaved: int = MAX_UNSAVED) -> None:
        self._vectors = shelf.vectors
        self._folder = shelf.home / FOLDER
        self._max_unsaved = max_unsaved
        self._lock = threading.Lock()
        self._index: Any = None
        self._state: tuple[str, int] | None = None
        self._places = PassagePlaces({})
        self._num_unsaved = 0

    def nearest(self, vector: Floats, k: int, document_ids: Sequence[str] | None = None) -> list[Near]:
        """Find up to `k` passages, in some documents or all, best first; `vector` (d,) is of unit length."""
        with self._lock:
            self._follow()
            places = self._places
            candidates = self._candidates(vector, places.some(document_ids))
        return compared(self._vectors, places, candidates, vector, k)

    def refresh(self) -> None:
        """Take in what changed, and write the file if that was much."""
        with self._lock:
            self._follow()

    def close(self) -> None:
        """Let go of the index; the next search reads it again."""
        with self._lock:
            self._index, self._state = None, None

    def is_sound(self) -> bool:
        """Tell whether the file is what the library knows of it; also when there should be none."""
        sha256 = self._vectors.file()
        return not sha256 or self._checked(sha256) is not None

    def _candidates(self, vector: Floats, documents: Sequence[str] | None) -> list[int]:
        """Ids of the passages whose codes are nearest."""
        if self._index is None:
            return []
        import faiss  # a tenth of a second, which a few documents do not need

        num, some = self._index.ntotal, None
        if documents is not None:
            wanted = self._places.ids_of(documents)
            num, some = len(wanted), faiss.SearchParameters(sel=faiss.IDSelectorBatch(wanted))  # type: ignore[call-arg]
        if not num:
            return []
        asked = np.ascontiguousarray(vector[None], np.float32)  # (1, d)
        _, ids = self._index.search(asked, min(COMPARED, num), params=some)
        return [one for one in ids[0].tolist() if one >= 0]

    def _follow(self) -> None:
        """Make the index hold exactly the vectors of filled documents: those of a passage never change."""
        state = (self._vectors.embedder, self._vectors.version())
        if state == self._state:
            return
        if self._state is None or self._state[0] != state[0]:
            self._index, self._num_unsaved = self._load(), 0
        filled = self._vectors.filled()
        self._places = PassagePlaces(filled)
        there = _ids(self._index)
        gone, new = _differences(self._places, there)
        if len(gone):
            self._index.remove_ids(gone)
        num_new = sum(self._add(document_id, filled[document_id][0]) for document_id in new)
        self._state = state
        self._num_unsaved += len(gone) + num_new
        if self._num_unsaved > max(self._max_unsaved, UNSAVED_SHARE * len(there)):
            with contextlib.suppress(OSError, LibraryError):  # no space for a cache: it is found all the same
                self._save(state[1])

    def _add(self, document_id: str, first: int) -> int:
        ordinals, vectors = self._vectors.of(document_id)
        if len(ordinals):
            if self._index is None:
                self._index = _new_index(vectors)
            self._index.add_with_ids(vectors, ordinals + first)
        return len(ordinals)

    def _load(self) -> Any:
        sha256 = self._vectors.file()
        path = self._checked(sha256) if sha256 else None
        if path is None:
            return None
        import faiss  # a tenth of a second, which a few documents do not need

        index = faiss.read_index(str(path))
        is_ours = isinstance(faiss.downcast_index(index.index), faiss.IndexRaBitQ)  # type: ignore[attr-defined]
        return index if is_ours else None  # whole vectors were in it before

    def _checked(self, sha256: str) -> Path | None:
        """The file with this name, if its bytes are those that were written."""
        path = self._folder / f"{sha256}{SUFFIX}"
        try:
            with path.open("rb") as file:
                return path if hashlib.file_digest(file, "sha256").hexdigest() == sha256 else None
        except OSError:
            return None

    def _save(self, version: int) -> None:
        """Write the file, and tell the library unless its vectors changed meanwhile."""
        make_folder(self._folder)
        file = DurableFile(self._folder / f".{uuid4().hex}.part")
        try:
            sha256 = _write(self._index, file)
            path = self._folder / f"{sha256}{SUFFIX}"
            file.keep_as(path)
        finally:
            file.discard()
        if self._vectors.put_file(sha256, version):
            self._num_unsaved = 0
        for other in self._folder.glob(f"*{SUFFIX}"):
            if other.stem != self._vectors.file():
                other.unlink(missing_ok=True)


def _differences(places: PassagePlaces, there: Ids) -> tuple[Ids, list[str]]:
    """Ids that must go, and the documents that are to be added; an incomplete one is both."""
    there = np.sort(there)
    begins = np.searchsorted(there, places.firsts)
    ends = np.searchsorted(there, places.firsts + places.numbers)
    is_whole = ends - begins == places.numbers
    kept = np.zeros(len(there), bool)
    for begin, end in zip(begins[is_whole], ends[is_whole], strict=True):
        kept[begin:end] = True
    return there[~kept], [places.names[one] for one in np.flatnonzero(~is_whole)]


def check_file(shelf: IndexedLibrary) -> list[Problem]:
    """Check the file for `catena doctor`."""
    if VectorFile(shelf).is_sound():
        return []
    message = f"The vector file in {shelf.home / FOLDER} is missing or damaged; it is not used."
    return [Problem("vector file", message, can_repair=True)]


def _new_index(vectors: Floats) -> Any:
    """An empty index for vectors around the middle of these."""
    import faiss  # a tenth of a second, which a few documents do not need

    index = faiss.IndexRaBitQ(vectors.shape[1], faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    return faiss.IndexIDMap(index)


def _ids(index: Any) -> Ids:
    import faiss  # see above

    return np.zeros(0, np.int64) if index is None else faiss.vector_to_array(index.id_map)


def _write(index: Any, file: DurableFile) -> str:
    """Write an index piece by piece, so that no second one is in memory; returns the SHA-256."""
    import faiss  # see above

    digest = hashlib.sha256()

    def take(data: bytes) -> int:
        digest.update(data)
        file.write(data)
        return len(data)

    faiss.write_index(index, faiss.PyCallbackIOWriter(take))  # type: ignore[attr-defined]  # made in Python
    return digest.hexdigest()
