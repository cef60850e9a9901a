"""Retrieval by words alone: works on any script, needs no vectors, and finds the documents of a wide search."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

import numpy as np

from catena.retrieval.bm25 import DocumentIndex, IndexBuilder, Scores
from catena.retrieval.document_cache import OpenedDocument, OpenedDocuments
from catena.retrieval.document_choice import choose_documents
from catena.retrieval.page_ranking import Scored, page_hits
from catena.retrieval.protocols import Shelf
from catena.retrieval.text_analysis import STOPWORDS, query_terms, terms
from catena.retrieval.weights import WEIGHTS, Weights
from catena.types import PageHit

STANDING = 4  # to this power goes what a document's standing takes from the scores of its passages

__all__ = ["DocumentIndex", "IndexBuilder", "LexicalRetriever", "lexical_scores"]

ECHO_PASSAGES, ECHO_TERMS = 20, 15


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


def lexical_scores(document: OpenedDocument, question: str, weights: Weights = WEIGHTS) -> Scores:
    """BM25 of every passage for the question and what the document says around it: float32 (num_passages,)."""
    asked = query_terms(question)
    scores = document.index.score(asked) + np.float32(weights.header) * document.headers.score(asked)
    echoed = echo(document, asked, scores)
    share = weights.echo * len(asked)
    return scores + document.index.score({term: share * part for term, part in echoed.items()})


def echo(document: OpenedDocument, asked: Collection[str], scores: Scores) -> dict[str, float]:
    """The terms that mark the passages found first, each with its part of 1: relevance feedback
    (Lavrenko and Croft, Relevance-Based Language Models, 2001).

    They bring the document's own words for what was asked: "purchases of property" beside "capital expenditure".
    """
    best = [one for one in np.argsort(-scores, kind="stable")[:ECHO_PASSAGES].tolist() if scores[one] > 0]
    shares: dict[str, float] = defaultdict(float)
    for ordinal in best:
        found = [term for term in terms(document.passages[ordinal].text) if term not in asked]
        for term, count in Counter(found).items():
            shares[term] += float(scores[ordinal]) * count / len(found)
    telling = {
        term: share * document.index.rarity(term)
        for term, share in shares.items()
        if term not in STOPWORDS and not term[0].isdigit()
    }
    kept = sorted(telling, key=lambda term: (-telling[term], term))[:ECHO_TERMS]
    whole = sum(telling[term] for term in kept)
    return {term: telling[term] / whole for term in kept}
