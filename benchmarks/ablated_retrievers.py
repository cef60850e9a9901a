"""Halves of hybrid retrieval: by words alone, and by meaning alone among the passages that have a vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catena.library.library import Library
from catena.retrieval.document_cache import OpenedDocuments
from catena.retrieval.document_choice import MAX_DOCUMENTS, NEAREST, choose_documents
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.faiss_index import VectorFile
from catena.retrieval.hybrid import lexical_scores
from catena.retrieval.page_ranking import Scored, page_hits
from catena.retrieval.protocols import Shelf
from catena.types import PageHit

STANDING = 4  # to this power goes what a document's standing takes from the scores of its passages


class LexicalRetriever:
    """BM25 with each document's own statistics; pages are as good as their best passage."""

    name = "lexical"

    def __init__(self, library: Shelf, opened: OpenedDocuments | None = None) -> None:
        self._library = library
        self._opened = opened or OpenedDocuments(library)

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        """Find up to `k` pages that share terms with the question, best first."""
        scored = []
        for document_id, behind in choose_documents(self._library, question, document_ids):
            document = self._opened.get(document_id)
            scores = lexical_scores(document, question)
            scored.append(Scored(document, np.where(scores > 0, scores * (1 + behind) ** STANDING, -np.inf)))
        return page_hits(scored, k, self.name)


class DenseRetriever:
    """Documents are compared in full; many are chosen by the FAISS file before."""

    name = "dense"

    def __init__(self, library: Library, embedder: Embedder, opened: OpenedDocuments | None = None) -> None:
        self._library = library
        self._embedder = embedder
        self._opened = opened or OpenedDocuments(library)
        self._file = VectorFile(library)

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        """Find up to `k` pages by the cosine of their best passage."""
        if not document_ids:
            return []
        asked = self._embedder.embed([question])[0]  # (d,)
        scored = []
        for document_id in self._chosen(asked, document_ids):
            document = self._opened.get(document_id)
            ordinals, vectors = self._library.vectors.of(document_id)
            scores = np.full(len(document.passages), -np.inf, np.float32)
            if len(ordinals):
                scores[ordinals] = vectors @ asked
            scored.append(Scored(document, scores))
        return page_hits(scored, k, self.name)

    def _chosen(self, asked: Vectors, document_ids: Sequence[str]) -> list[str]:
        """The documents that have the nearest passages; a few are all kept."""
        if len(document_ids) <= MAX_DOCUMENTS:
            return list(document_ids)
        near = self._file.nearest(asked, NEAREST, document_ids)
        return list(dict.fromkeys(one.document_id for one in near))[:MAX_DOCUMENTS]
