"""Which documents a question is about, when it is asked of many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from catena.retrieval.analysis import query_terms, terms
from catena.retrieval.shelf import Shelf

MAX_DOCUMENTS = 8  # asked in full; more are narrowed down to these
MAX_HITS = 400
BEST_PASSAGES = 3
TITLE_WEIGHT = 2.0


def choose_documents(library: Shelf, question: str, document_ids: Sequence[str]) -> list[str]:
    """Return all documents when they are few, else the most promising, best first."""
    if len(document_ids) <= MAX_DOCUMENTS:
        return list(document_ids)
    return [found for found, _ in rank_documents(library, question, document_ids)[:MAX_DOCUMENTS]]


def rank_documents(library: Shelf, question: str, document_ids: Sequence[str]) -> list[tuple[str, float]]:
    """Documents by the best passages that the library-wide index has of them, and by their names."""
    asked = query_terms(question)
    scores: dict[str, list[float]] = defaultdict(list)
    for document_id, _, score in library.search(match_any(asked), MAX_HITS, list(document_ids)):
        scores[document_id].append(score)
    ranked = {found: sum(sorted(own, reverse=True)[:BEST_PASSAGES]) for found, own in scores.items()}
    named = _named(library, asked, document_ids)
    top = max(ranked.values(), default=1.0)
    for document_id, share in named.items():
        ranked[document_id] = ranked.get(document_id, 0.0) + TITLE_WEIGHT * top * share
    return sorted(ranked.items(), key=lambda item: (-item[1], item[0]))


def match_any(asked: Sequence[str]) -> str:
    """An FTS5 query for any of the terms; quoted, so that no term is read as an operator."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in asked)


def _named(library: Shelf, asked: Sequence[str], document_ids: Sequence[str]) -> dict[str, float]:
    """The share of each name's telling terms that the question holds; terms of many names tell little."""
    wanted = set(document_ids)
    titles = {
        one.id: set(terms(f"{one.title} {Path(one.path).stem}"))
        for one in library.documents()
        if one.id in wanted
    }
    spread: dict[str, int] = defaultdict(int)
    for title in titles.values():
        for term in title:
            spread[term] += 1
    named = {}
    for document_id, title in titles.items():
        weights = {term: 1.0 / spread[term] for term in title}
        shared = sum(weight for term, weight in weights.items() if term in asked)
        if shared:
            named[document_id] = shared / sum(weights.values())
    return named
