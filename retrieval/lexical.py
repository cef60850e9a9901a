"""Scores of passages by their words: BM25 with each document's own statistics, on any script."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from catena.retrieval.bm25 import Scores
from catena.retrieval.document_cache import OpenedDocument
from catena.retrieval.text_analysis import STOPWORDS, query_terms, terms

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
