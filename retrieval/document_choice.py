"""Choice of the documents a question is about, when it is asked of several."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from catena.retrieval.nearest_passages import Near
from catena.retrieval.protocols import Shelf
from catena.retrieval.text_analysis import query_terms, terms, unfolded_terms

MAX_DOCUMENTS = 8  # asked in full; more are narrowed down to these
# Chosen on questions that name their document (benchmarks/wide.py): what one unit of a name's rarity counts beside
# the best document's words. Half as much does as well, twice as much is worse.
NAME = 0.07
# What a whole cosine counts by which a document's nearest passage is nearer than the last of the nearest.
MEANING = 1.0
NEAREST = 100  # passages of the whole library that say which documents are near in meaning
# Of the best document: 1 in 100 named documents is lost, and a question is asked of 5, not 8.
FAR_BEHIND = -0.3


def rank_documents(
    library: Shelf,
    question: str,
    document_ids: Sequence[str],
    near: Sequence[Near] = (),
    meaning: float = MEANING,
) -> list[tuple[str, float]]:
    """Documents that share words or meaning with the question, best first: by text (the best one's is 1), names,
    and the passages that are `near`."""
    asked = query_terms(question)
    found = library.search([*asked, *unfolded_terms(question)], document_ids)
    best = max((score for _, score in found), default=0.0)
    ranked = {one: score / best for one, score in found}
    for document_id, rarity in _named(library, set(asked), document_ids).items():
        ranked[document_id] = ranked.get(document_id, 0.0) + NAME * rarity
    for document_id, nearness in _nearness(near).items():
        ranked[document_id] = ranked.get(document_id, 0.0) + meaning * nearness
    return sorted(ranked.items(), key=lambda item: (-item[1], item[0]))


def choose_documents(
    library: Shelf, question: str, document_ids: Sequence[str], near: Sequence[Near] = ()
) -> list[tuple[str, float]]:
    """The most promising documents, best first, each with how far it stands behind the best: 0 to -1.

    A few documents are all kept: somebody chose them.
    """
    if len(document_ids) == 1:
        return [(document_ids[0], 0.0)]
    ranked = rank_documents(library, question, document_ids, near)
    best = ranked[0][1] if ranked else 0.0
    # All are 0 where no word is shared and one passage alone is near: none stands behind another.
    standing = [(found, score / best - 1 if best else 0.0) for found, score in ranked]
    if len(document_ids) <= MAX_DOCUMENTS:
        others = set(document_ids) - {found for found, _ in ranked}
        return standing + [(one, -1.0) for one in document_ids if one in others]
    return [(found, behind) for found, behind in standing[:MAX_DOCUMENTS] if behind >= FAR_BEHIND]


def _nearness(near: Sequence[Near]) -> dict[str, float]:
    """How much nearer the nearest passage of a document is than the last of all that are near."""
    least = min((one.cosine for one in near), default=0.0)
    found: dict[str, float] = {}
    for one in near:
        found[one.document_id] = max(found.get(one.document_id, 0.0), one.cosine - least)
    return found


def _named(library: Shelf, asked: set[str], document_ids: Sequence[str]) -> dict[str, float]:
    """Rarity, among all names, of the terms of a document's name that the question holds: a sum of logs."""
    wanted = set(document_ids)
    names = {one: _name_terms(title, path) for one, title, path in library.names() if one in wanted}
    spread = Counter(term for name in names.values() for term in name)
    rarity = {term: math.log(len(names) / spread[term]) for term in asked & spread.keys()}
    sums = ((one, sum(rarity.get(term, 0.0) for term in name)) for one, name in names.items())
    return {one: total for one, total in sums if total > 0}


@lru_cache(maxsize=100_000)
def _name_terms(title: str, path: str) -> frozenset[str]:
    return frozenset(terms(f"{title} {Path(path).stem}"))
