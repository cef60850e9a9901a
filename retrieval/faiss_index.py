"""All vectors of a library in one FAISS index, and the file from which a new process starts.

The index is flat and as precise as the library's own vectors (half precision), so what it finds is exact; it follows
the library by adding what is new and dropping what is gone. The file is a cache: it is named by its SHA-256, which
the library knows; one that is missing, damaged or old costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from catena.files.atomic_files import DurableFile, make_folder
from catena.health import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER, SUFFIX = "faiss", ".faiss"
MAX_UNSAVED = 5_000  # changes that a new process makes up for by itself, in a tenth of a second
UNSAVED_SHARE = 0.1

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


class VectorLibrary(Protocol):
    """Source of the index's vectors. `embedder` names whose vectors are meant."""

    home: Path
    embedder: str

    def vector_ids(self) -> Ids: ...

    def vectors_of(self, ids: Sequence[int], /) -> Iterable[tuple[Ids, Floats]]: ...

    def vectors_version(self) -> int: ...

    def vector_file(self) -> str: ...

    def put_vector_file(self, sha256: str, version: int, /) -> bool: ...

    def passage_keys(self, ids: Sequence[int], /) -> dict[int, tuple[str, int]]: ...


class VectorFile:
    """The index of one library; safe to use from several threads. Ids are the library's passage ids."""

    def __init__(self, shelf: VectorLibrary, *, max_unsaved: int = MAX_UNSAVED) -> None:
        self._shelf = shelf
        self._folder = shelf.home / FOLDER
        self._max_unsaved = max_unsaved
        self._lock = threading.Lock()
        self._index: Any = None
        self._state: tuple[str, int] | None = None
        self._num_unsaved = 0

    def search(self, vector: Floats, k: int) -> list[tuple[int, float]]:
        """The passage ids nearest to a unit vector (d,), and their cosines, best first."""
        with self._lock:
            self._follow()
            if self._index is None or self._index.ntotal == 0:
                return []
            asked = np.ascontiguousarray(vector[None], np.float32)  # (1, d)
            scores, ids = self._index.search(asked, min(k, self._index.ntotal))
        return [(int(one), float(score)) for one, score in zip(ids[0], scores[0], strict=True)]

    def refresh(self) -> None:
        """Take in what changed, and write the file if that was much."""
        with self._lock:
            self._follow()

    def is_sound(self) -> bool:
        """Tell whether the file is what the library knows of it; also when there should be none."""
        sha256 = self._shelf.vector_file()
        return not sha256 or self._checked(sha256) is not None

    def _follow(self) -> None:
        """Make the index hold exactly the library's vectors: those of a passage and an embedder never change."""
        state = (self._shelf.embedder, self._shelf.vectors_version())
        if state == self._state:
            return
        if self._state is None or self._state[0] != state[0]:
            self._index, self._num_unsaved = self._load(), 0
        wanted = self._shelf.vector_ids()
        there = _ids(self._index)
        gone, new = np.setdiff1d(there, wanted), np.setdiff1d(wanted, there)
        if len(gone):
            self._index.remove_ids(gone)
        for ids, vectors in self._shelf.vectors_of(new.tolist()):
            if self._index is None:
                self._index = _new_index(vectors.shape[1])
            self._index.add_with_ids(vectors, ids)
        self._state = state
        self._num_unsaved += len(gone) + len(new)
        if self._num_unsaved > max(self._max_unsaved, UNSAVED_SHARE * len(wanted)):
            with contextlib.suppress(OSError):  # no space for a cache is no reason to find nothing
                self._save(state[1])

    def _load(self) -> Any:
        import faiss  # a tenth of a second, which a few documents do not need

        sha256 = self._shelf.vector_file()
        path = self._checked(sha256) if sha256 else None
        return None if path is None else faiss.read_index(str(path))

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
        if self._shelf.put_vector_file(sha256, version):
            self._num_unsaved = 0
        for other in self._folder.glob(f"*{SUFFIX}"):
            if other.stem != self._shelf.vector_file():
                other.unlink(missing_ok=True)


def check_file(shelf: VectorLibrary) -> list[Problem]:
    """Check the file for `catena doctor`."""
    if VectorFile(shelf).is_sound():
        return []
    message = f"The vector file in {shelf.home / FOLDER} is missing or damaged; it is not used."
    return [Problem("vector file", message, can_repair=True)]


def _new_index(dimensions: int) -> Any:
    import faiss  # see above

    half, inner = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    return faiss.IndexIDMap(faiss.IndexScalarQuantizer(dimensions, half, inner))


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
