"""Does a snippet support a statement? A plug: an offline stand-in here, a language model in `judge.py`."""

from __future__ import annotations

import asyncio
from typing import Protocol

from catena.agents.citations.quantities import Quantity, quantities
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms

FULLY, PARTLY = 1.0, 0.5
ENOUGH_WORDS, SOME_WORDS = 0.7, 0.4
"""Shares of a statement's content words in the snippet, for full and for partial support."""
ENOUGH_MEANING = 0.75
"""Cosine at which words that differ say the same; only where every number agrees."""


class Entailment(Protocol):
    """Judges one statement against one snippet."""

    @property
    def name(self) -> str: ...

    async def support(self, question: str, statement: str, snippet: str) -> float:
        """1 if the snippet supports the statement, 0.5 if in part, 0 if not."""

    async def is_relevant(self, question: str, statement: str, snippet: str) -> bool:
        """Tell whether the snippet holds some key point of the statement."""

    async def needs_citation(self, question: str, answer: str, statement: str) -> bool:
        """Tell whether a statement of this answer asserts something about the document."""


class WordsAndMeaning:
    """A stand-in that needs no model but the embedder: shared words, numbers, and meaning. It knows no logic.

    It is no NLI model: its figures compare runs of Catena with each other, and nothing else.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = f"words and meaning ({embedder.name}), a stand-in for an NLI model"

    async def support(self, question: str, statement: str, snippet: str) -> float:
        return await asyncio.to_thread(self._support, statement, snippet)

    async def is_relevant(self, question: str, statement: str, snippet: str) -> bool:
        return await self.support(question, statement, snippet) >= PARTLY

    async def needs_citation(self, question: str, answer: str, statement: str) -> bool:
        """All do: what makes an introduction is beyond it."""
        return True

    def _support(self, statement: str, snippet: str) -> float:
        wanted, held = set(query_terms(statement)), set(query_terms(snippet))
        if not wanted:
            return 0.0
        share = len(wanted & held) / len(wanted)
        known = {size for one in quantities(snippet) for size in _sizes(one)}
        if not all(_sizes(one) & known for one in quantities(statement)):
            return PARTLY if share >= ENOUGH_WORDS else 0.0
        if share >= ENOUGH_WORDS:
            return FULLY
        vectors = self._embedder.embed([statement, snippet])
        if float(vectors[0] @ vectors[1]) >= ENOUGH_MEANING:
            return FULLY
        return PARTLY if share >= SOME_WORDS else 0.0


def _sizes(one: Quantity) -> set[float]:
    """A number as printed and in full: the scale may stand over the table."""
    return {abs(one.value), abs(one.full)}
