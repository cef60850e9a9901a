"""Retrieval by words alone: works on any script, needs no vectors, and finds the documents of a wide search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catena.retrieval.analysis import query_terms
from catena.retrieval.documents import choose_documents
from catena.retrieval.index import DocumentIndex, IndexBuilder, Scores
from catena.retrieval.opened import OpenedDocument, OpenedDocuments
from catena.retrieval.ranking import Scored, page_hits
from catena.retrieval.shelf import Shelf
from catena.types import PageHit

__all__ = ["DocumentIndex", "IndexBuilder", "LexicalRetriever", "lexical_scores"]


class LexicalRetriever:
    """BM25 with each document's own statistics; pages are as good as their best passage."""

    name = "lexical"

    def __init__(self, library: Shelf, opened: OpenedDocuments | None = None) -> None:
        self._library = library
        self._opened = opened or OpenedDocuments(library)

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        """Find up to `k` pages that share terms with the question, best first."""
        scored = []
        for document_id in choose_documents(self._library, question, document_ids):
            document = self._opened.get(document_id)
            scores = lexical_scores(document, question)
            scored.append(Scored(document, np.where(scores > 0, scores, -np.inf)))
        return page_hits(scored, k, self.name)


def lexical_scores(document: OpenedDocument, question: str) -> Scores:
    """BM25 of every passage for the question: float32 (num_passages,)."""
    return document.index.score(query_terms(question))
