"""Items that ask what another item of the same book asks, by the embedder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from catena.bookqa.items import Item
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms

SAME_QUESTION = 0.92
SAME_BOTH = 0.8
"""Cosines above which two questions are one; the lower one where their answers are as near, too."""
MIN_TOLD = 3
"""Words of an answer; that two names, or two choices of (a) and (b), are the same says little. Such items are one where
they rest on one quote."""


def duplicates(items: Sequence[Item], embedder: Embedder) -> Iterator[int]:
    """The places of items that repeat one before them; of a pair the first is kept."""
    if not items:
        return
    questions = embedder.embed([item.question for item in items])  # (items, dimensions)
    answers = embedder.embed([item.answer or item.question for item in items])
    is_telling = np.array([len(query_terms(item.answer)) >= MIN_TOLD for item in items])
    kept: list[int] = []
    quoted: set[str] = set()
    for place, item in enumerate(items):
        quotes = {citation.quote for citation in item.citations}
        asked = questions[kept] @ questions[place]
        told = answers[kept] @ answers[place]
        is_same = (asked >= SAME_QUESTION) | (is_telling[place] & (asked >= SAME_BOTH) & (told >= SAME_BOTH))
        if np.any(is_same) or (not is_telling[place] and quotes & quoted):
            yield place
        else:
            kept.append(place)
            quoted |= quotes
