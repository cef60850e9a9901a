"""One document's BM25 index: its own statistics, a few hundred kilobytes, loaded in milliseconds."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from catena.errors import LibraryCorrupt

Scores = NDArray[np.float32]

K1, B = 1.2, 0.6
_MAGIC = b"CTX2"
_OLDER = (b"CTX1",)  # of the same form, but with terms that are spelled otherwise now
_HEAD = struct.Struct("<4sIIII")  # magic, passages, terms, postings, bytes of the vocabulary


class IndexBuilder:
    """Takes the terms of passage after passage, in the order of their ordinals."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._terms, self._counts = array("I"), array("I")  # of one passage after the other
        self._sizes, self._lengths = array("I"), array("I")

    def add(self, terms: Iterable[str]) -> None:
        counted = Counter(terms)
        places = self._places
        self._terms.extend([places.setdefault(term, len(places)) for term in counted])
        self._counts.extend(counted.values())
        self._sizes.append(len(counted))
        self._lengths.append(counted.total())

    def repeat(self) -> None:
        """Take a passage with the terms of the last one."""
        first = len(self._terms) - self._sizes[-1]
        self._terms.extend(self._terms[first:])
        self._counts.extend(self._counts[first:])
        self._sizes.append(self._sizes[-1])
        self._lengths.append(self._lengths[-1])

    def build(self) -> DocumentIndex:
        vocabulary = sorted(self._places)
        rank = np.empty(len(vocabulary), np.uint32)
        rank[[self._places[term] for term in vocabulary]] = np.arange(len(vocabulary))
        terms = rank[np.array(self._terms, np.uint32)]
        passages = np.repeat(np.arange(len(self._sizes), dtype=np.uint32), self._sizes)
        order = np.argsort(terms, kind="stable")  # passages of a term stay in order
        starts = np.searchsorted(terms[order], np.arange(len(vocabulary) + 1)).astype(np.uint32)
        counts = np.array(self._counts, np.uint32).clip(max=0xFFFF).astype(np.uint16)
        lengths = np.array(self._lengths, np.uint32)
        return DocumentIndex(vocabulary, starts, passages[order], counts[order], lengths)

    def to_bytes(self) -> bytes:
        return self.build().to_bytes()


class DocumentIndex:
    """BM25 over the passages of one document; other documents never change its scores."""

    def __init__(
        self,
        vocabulary: Sequence[str],
        starts: NDArray[np.uint32],
        passages: NDArray[np.uint32],
        counts: NDArray[np.uint16],
        lengths: NDArray[np.uint32],
    ) -> None:
        self._vocabulary = vocabulary
        self._place = {term: place for place, term in enumerate(vocabulary)}
        self._starts, self._passages, self._counts, self._lengths = starts, passages, counts, lengths
        mean = float(lengths.mean()) if len(lengths) else 1.0
        self._norm = (K1 * (1 - B + B * lengths / max(mean, 1.0))).astype(np.float32)

    @staticmethod
    def builder() -> IndexBuilder:
        return IndexBuilder()

    @property
    def num_passages(self) -> int:
        return len(self._lengths)

    def frequency(self, term: str) -> int:
        """In how many passages the term stands."""
        place = self._place.get(term)
        return 0 if place is None else int(self._starts[place + 1] - self._starts[place])

    def rarity(self, term: str) -> float:
        """BM25's inverse document frequency; the greatest for a term that stands nowhere."""
        found = self.frequency(term)
        return float(np.log1p((self.num_passages - found + 0.5) / (found + 0.5)))

    def score(self, terms: Iterable[str] | Mapping[str, float]) -> Scores:
        """BM25 of every passage: float32 (num_passages,). A term given twice counts twice, or as it is weighted."""
        scores = np.zeros(self.num_passages, np.float32)
        for term, weight in Counter(terms).items():
            place = self._place.get(term)
            if place is None:
                continue
            rows = slice(int(self._starts[place]), int(self._starts[place + 1]))
            found, counts = self._passages[rows], self._counts[rows].astype(np.float32)
            scores[found] += weight * self.rarity(term) * counts * (K1 + 1) / (counts + self._norm[found])
        return scores

    def to_bytes(self) -> bytes:
        words = "\n".join(self._vocabulary).encode()
        sizes = (self.num_passages, len(self._vocabulary), len(self._passages), len(words))
        parts = (self._starts, self._lengths, self._passages, self._counts)
        body = words + b"".join(part.astype(part.dtype.newbyteorder("<")).tobytes() for part in parts)
        return _HEAD.pack(_MAGIC, *sizes) + zlib.compress(body, 3)

    @staticmethod
    def is_current(data: bytes) -> bool:
        """Tell whether the terms are those that questions have now; else the index is built anew of the passages."""
        return data.startswith(_MAGIC)

    @classmethod
    def from_bytes(cls, data: bytes) -> DocumentIndex:
        """Read what `to_bytes` wrote. Raises LibraryCorrupt."""
        try:
            magic, num_passages, num_terms, num_postings, num_bytes = _HEAD.unpack_from(data)
            body = zlib.decompress(data[_HEAD.size :])
        except (struct.error, zlib.error) as error:
            raise _corrupt(str(error)) from error
        lengths = (num_terms + 1, num_passages, num_postings, num_postings)
        kinds = ("<u4", "<u4", "<u4", "<u2")
        expected = num_bytes + sum(n * int(kind[-1]) for n, kind in zip(lengths, kinds, strict=True))
        if magic not in (_MAGIC, *_OLDER) or len(body) != expected:
            raise _corrupt("its parts have the wrong size")
        arrays, at = [], num_bytes
        for length, kind in zip(lengths, kinds, strict=True):
            arrays.append(np.frombuffer(body, kind, length, at))
            at += length * int(kind[-1])
        words = body[:num_bytes].decode().split("\n") if num_terms else []
        starts, sizes, passages, counts = arrays
        return cls(words, starts, passages, counts, sizes)


def _corrupt(what: str) -> LibraryCorrupt:
    return LibraryCorrupt(f"A document's search index cannot be read: {what}.", "Run: catena doctor --repair")
