"""The FAISS file over all vectors of a library: a cache that is checked before use and can always be built again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from catena.doctor import Problem
from catena.durable import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INDEX, NOTE = "vectors.faiss", "vectors.json"
FLAT_UP_TO = 50_000  # vectors; above, inverted lists
PROBES = 64
TRAIN_PER_LIST = 40


class VectorShelf(Protocol):
    """What the file is built from."""

    home: Path

    def iter_vectors(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]: ...

    def vectors_version(self) -> int: ...

    def passage_keys(self, ids: Sequence[int], /) -> dict[int, tuple[str, int]]: ...


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of the file beside it."""

    sha256: str
    version: int
    num_vectors: int
    kind: str


class VectorFile:
    """Opens the file, or builds it when it is missing, damaged or too old. Ids are the library's passage ids."""

    def __init__(self, shelf: VectorShelf) -> None:
        self._shelf = shelf
        self._folder = shelf.home / "faiss"
        self._index: Any = None
        self._version = -1

    def search(self, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """The passage ids nearest to a unit vector (d,), and their cosines, best first."""
        index = self._open()
        if index is None or index.ntotal == 0:
            return []
        scores, ids = index.search(np.ascontiguousarray(vector[None], np.float32), min(k, index.ntotal))
        return [(int(one), float(score)) for one, score in zip(ids[0], scores[0], strict=True) if one >= 0]

    def build(self) -> Note | None:
        """Write the file anew from the library; None when there are no vectors."""
        import faiss  # a tenth of a second, which one document alone does not need

        version = self._shelf.vectors_version()
        batches = list(self._shelf.iter_vectors())
        if not batches:
            self._index, self._version = None, version
            return None
        ids = np.concatenate([own for own, _ in batches])
        vectors = np.concatenate([found for _, found in batches])  # (n, d)
        index, kind = _new_index(faiss, vectors)
        index.add_with_ids(vectors, ids)
        data = faiss.serialize_index(index).tobytes()
        note = Note(hashlib.sha256(data).hexdigest(), version, len(ids), kind)
        write_file(self._folder / INDEX, data)
        write_file(self._folder / NOTE, json.dumps(asdict(note)).encode())
        self._index, self._version = index, version
        return note

    def is_sound(self) -> bool:
        """Whether the file is what its note says; also when there is none."""
        return not (self._folder / NOTE).exists() or self._read() is not None

    def _open(self) -> Any:
        version = self._shelf.vectors_version()
        if version != self._version:
            found = self._read()
            if found is None or found[0].version != version:
                self.build()
            else:
                self._index, self._version = _load(found[1]), version
        return self._index

    def _read(self) -> tuple[Note, bytes] | None:
        """The note and the bytes it vouches for; None when anything about them is wrong."""
        try:
            note = Note(**json.loads((self._folder / NOTE).read_bytes()))
            data = (self._folder / INDEX).read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        return (note, data) if hashlib.sha256(data).hexdigest() == note.sha256 else None


def check_file(shelf: VectorShelf) -> list[Problem]:
    """What `catena doctor` says of the file."""
    if VectorFile(shelf).is_sound():
        return []
    message = f"The vector file in {shelf.home / 'faiss'} is damaged; it is not used."
    return [Problem("vector file", message, can_repair=True)]


def _new_index(faiss: Any, vectors: NDArray[np.float32]) -> tuple[Any, str]:
    """Exact for small libraries; inverted lists with half-precision vectors for large ones."""
    num_vectors, dimensions = vectors.shape
    if num_vectors <= FLAT_UP_TO:
        return faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions)), "flat"
    num_lists = int(4 * num_vectors**0.5)
    coarse = faiss.IndexFlatIP(dimensions)
    half, inner = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(coarse, dimensions, num_lists, half, inner)
    index.cp.seed = 1234
    sample = np.random.default_rng(0).permutation(num_vectors)[: num_lists * TRAIN_PER_LIST]
    index.train(vectors[np.sort(sample)])
    index.nprobe = PROBES
    return index, f"ivf{num_lists},fp16"


def _load(data: bytes) -> Any:
    import faiss  # see above

    return faiss.deserialize_index(np.frombuffer(data, np.uint8))
