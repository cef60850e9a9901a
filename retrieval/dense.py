"""Retrieval by meaning alone, among the passages that have a vector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from catena.retrieval.document_cache import OpenedDocuments
from catena.retrieval.document_choice import MAX_DOCUMENTS
from catena.retrieval.embedder import Embedder
from catena.retrieval.faiss_index import VectorFile, VectorLibrary
from catena.retrieval.page_ranking import Scored, page_hits
from catena.retrieval.protocols import Shelf
from catena.types import PageHit

WIDE_HITS = 400


class WideLibrary(Shelf, VectorLibrary, Protocol):
    """A library that can be searched as a whole."""


class DenseRetriever:
    """Few documents are compared in full (numpy); many through the FAISS file."""

    name = "dense"

    def __init__(
        self, library: WideLibrary, embedder: Embedder, opened: OpenedDocuments | None = None
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._opened = opened or OpenedDocuments(library)
        self._file = VectorFile(library)

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        """Find up to `k` pages by the cosine of their best passage."""
        if not document_ids:
            return []
        asked = self._embedder.embed([question])[0]  # (d,)
        if len(document_ids) > MAX_DOCUMENTS:
            return page_hits(self._wide(asked, document_ids), k, self.name)
        scored = []
        for document_id in document_ids:
            document = self._opened.get(document_id)
            ordinals, vectors = self._library.vectors(document_id)
            scores = np.full(len(document.passages), -np.inf, np.float32)
            if len(ordinals):
                scores[ordinals] = vectors @ asked
            scored.append(Scored(document, scores))
        return page_hits(scored, k, self.name)

    def _wide(self, asked: np.ndarray, document_ids: Sequence[str]) -> list[Scored]:
        wanted = set(document_ids)
        nearest = self._file.search(asked, WIDE_HITS)
        keys = self._library.passage_keys([passage for passage, _ in nearest])
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for passage, cosine in nearest:
            document_id, ordinal = keys.get(passage, ("", 0))
            if document_id in wanted:
                found[document_id].append((ordinal, cosine))
        scored = []
        for document_id, own in list(found.items())[:MAX_DOCUMENTS]:
            document = self._opened.get(document_id)
            scores = np.full(len(document.passages), -np.inf, np.float32)
            scores[[ordinal for ordinal, _ in own]] = [cosine for _, cosine in own]
            scored.append(Scored(document, scores))
        return scored
