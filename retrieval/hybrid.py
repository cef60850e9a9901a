"""The default retriever: words find candidates, meaning orders them; works from the first second after an add."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catena.retrieval.bm25 import Scores
from catena.retrieval.document_cache import OpenedDocument, OpenedDocuments
from catena.retrieval.document_choice import MAX_DOCUMENTS, NEAREST, choose_documents
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.nearest_passages import Near, NearestPassages
from catena.retrieval.page_ranking import Scored, page_hits
from catena.retrieval.protocols import Shelf
from catena.retrieval.text_analysis import STOPWORDS, query_terms, terms
from catena.retrieval.vector_jobs import embed_passages, embedded_passages
from catena.telemetry import span
from catena.types import PageHit

MAX_NEW_VECTORS = 90  # a question waits for so many at most: 2.7 s at 34 passages/s on 2 cores
STANDING = 1.0  # what it takes from a cosine to be in a document that stands all of its score behind the best
ECHO_PASSAGES, ECHO_TERMS = 20, 15


@dataclass(frozen=True, slots=True)
class Weights:
    """Chosen on FinanceBench and MMLongBench-Doc; benchmarks/tuning.py measures them leaving one document out.

    `header`: what a word counts once more if it stands in the passage's header. `echo`: what the document's own words
    around those of the question count, together, beside the question's; anything from 0.5 to 2 does as well.
    `words`: what one standard deviation of the lexical score counts beside the cosine.
    """

    header: float = 0.5
    echo: float = 0.5
    words: float = 0.03


WEIGHTS = Weights()


class HybridRetriever:
    """Lexical candidates and every passage that has a vector, ordered by meaning and then words."""

    name = "hybrid"

    def __init__(
        self,
        library: Shelf,
        embedder: Embedder,
        *,
        opened: OpenedDocuments | None = None,
        max_new_vectors: int = MAX_NEW_VECTORS,
        keeps_vectors: bool = True,
        nearest: NearestPassages | None = None,
    ) -> None:
        """Without `keeps_vectors`, for a library that can only be read, each question embeds its candidates anew.

        `nearest` chooses among many documents by meaning, too; without, words alone do.
        """
        self._library = library
        self._embedder = embedder
        self._opened = opened or OpenedDocuments(library)
        self._max_new_vectors = max_new_vectors
        self._keeps_vectors = keeps_vectors
        self._nearest = nearest

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        """Find up to `k` pages, best first; candidates without a vector get one, which is kept."""
        if not document_ids:
            return []
        with span("catena.retrieve", {"catena.documents": len(document_ids), "catena.k": k}) as note:
            hits = self._retrieve(question, document_ids, k)
            note({"catena.pages": len(hits)})
        return hits

    def _retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        asked = self._embedder.embed([question])[0]  # (d,)
        chosen = choose_documents(self._library, question, document_ids, self._near(asked, document_ids))
        if not chosen:
            return []
        share = max(1, self._max_new_vectors // len(chosen))
        scored = []
        for document_id, behind in chosen:
            document = self._opened.get(document_id)
            words = lexical_scores(document, question)
            vectors, has_vector = self._vectors(document, words, share)
            scores = fuse(vectors @ asked, has_vector, words)
            scored.append(Scored(document, scores + STANDING * np.float32(behind)))
        return page_hits(scored, k, self.name)

    def notice(self, document_ids: Sequence[str]) -> str:
        """Say, as a warning of an answer, why many documents could not be chosen by meaning; empty where they were."""
        return self._nearest.notice if self._nearest and len(document_ids) > MAX_DOCUMENTS else ""

    def heat(self, question: str, document_id: str) -> dict[str, dict[int, float]]:
        """Score how far each page stands out, by its words and by its meaning: 1 for the best page, nothing for those
        below the average. Embeds no passage."""
        document = self._opened.get(document_id)
        words = lexical_scores(document, question)
        vectors, has_vector = self._vectors(document, words, 0)
        meaning = np.where(has_vector, vectors @ self._embedder.embed([question])[0], 0)
        return {"words": _heat(document, words), "meaning": _heat(document, meaning)}

    def _near(self, asked: Vectors, document_ids: Sequence[str]) -> list[Near]:
        """The nearest passages of many documents; a few are not narrowed down."""
        if self._nearest is None or len(document_ids) <= MAX_DOCUMENTS:
            return []
        return self._nearest.nearest(asked, NEAREST, document_ids)

    def _vectors(
        self, document: OpenedDocument, words: Scores, max_new: int
    ) -> tuple[Vectors, NDArray[np.bool_]]:
        """Vectors of every passage, zero where there is none: (num_passages, d); and which have one."""
        ordinals, kept = self._library.vectors.of(document.id)
        # Without a shared word, passages follow in their order: a short document is embedded in full.
        candidates = np.argsort(-words, kind="stable")[:max_new]
        has_vector = np.zeros(len(words), bool)
        has_vector[ordinals] = True
        new = [int(ordinal) for ordinal in candidates if not has_vector[ordinal]]
        embedded: list[tuple[int, NDArray[np.float32]]] = []
        if new and not self._keeps_vectors:
            embedded = embedded_passages(self._library, self._embedder, document.id, sorted(new))
        elif new:
            embed_passages(self._library, self._embedder, document.id, sorted(new))
            ordinals, kept = self._library.vectors.of(document.id)
            has_vector[ordinals] = True
        vectors = np.zeros((len(words), self._embedder.dimensions), np.float32)
        if len(ordinals):
            vectors[ordinals] = kept
        for ordinal, vector in embedded:
            vectors[ordinal], has_vector[ordinal] = vector, True
        return vectors, has_vector


def _heat(document: OpenedDocument, scores: Scores) -> dict[int, float]:
    if not len(scores) or scores.max() <= scores.mean():
        return {}
    above = (scores - scores.mean()) / (scores.max() - scores.mean())
    found: dict[int, float] = {}
    for page, share in zip(document.pages.tolist(), above.tolist(), strict=True):
        if share > 0:
            found[page] = max(found.get(page, 0.0), share)
    return found


def fuse(meaning: Scores, has_vector: NDArray[np.bool_], words: Scores, weights: Weights = WEIGHTS) -> Scores:
    """The cosine, raised where the words of a passage stand out among the document's."""
    fused = meaning + weights.words * _standing_out(words)
    return np.where(has_vector, fused, -np.inf).astype(np.float32)


def _standing_out(scores: Scores) -> Scores:
    """Standard deviations above the mean; zero where all are alike."""
    if len(scores) == 0 or scores.std() == 0:
        return np.zeros_like(scores)
    standing: Scores = ((scores - scores.mean()) / scores.std()).astype(np.float32)
    return standing


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
