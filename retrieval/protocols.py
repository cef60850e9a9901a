"""Protocols: what retrieval needs of the library (`catena.library.library.Library` has it all), and is to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from catena.types import Document, PageHit, Passage


class PassageVectors(Protocol):
    """Those of one embedder."""

    def of(self, document_id: str, /) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ordinals of the passages that have one (n,), and the vectors (n, d)."""

    def put(
        self,
        document_id: str,
        ordinals: Sequence[int],
        new: NDArray[np.float32],
        /,
        *,
        first_passage: int | None = None,
    ) -> object: ...

    def missing(self, document_id: str, /) -> list[int]:
        """Ordinals of the passages that have none yet."""


class Shelf(Protocol):
    def documents(self) -> list[Document]: ...

    def document(self, document_id: str, /) -> Document: ...

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None, /) -> list[Passage]: ...

    def passage_range(self, document_id: str, /) -> tuple[int, int]:
        """Id of the first passage, another one when the document is parsed anew; and how many there are."""

    def lexical_index(self, document_id: str, /) -> bytes: ...

    def names(self) -> Sequence[tuple[str, str, str]]:
        """Id, title and path of every document."""

    def search(
        self, terms: Sequence[str], document_ids: Sequence[str] | None = None, /
    ) -> Sequence[tuple[str, float]]:
        """Documents that hold any of the terms, with a score, best first; a higher one is better."""

    @property
    def vectors(self) -> PassageVectors: ...


class Retriever(Protocol):
    def retrieve(self, question: str, document_ids: Sequence[str], k: int, /) -> list[PageHit]: ...
