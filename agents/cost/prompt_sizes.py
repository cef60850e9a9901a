"""Prompt sizes of the documents asked: all of them, their largest pages, what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from catena.agents.document_view import DocumentView
from catena.agents.generative.prompt_passages import sizes
from catena.agents.segments import pack
from catena.types import PageRef, Passage, PassageKey


@dataclass(frozen=True, slots=True)
class Search:
    """Retrieval results: `found` to this question; at most `num_pages` pages each of at most `num_rounds` times."""

    found: Sequence[Passage]
    num_pages: int
    num_rounds: int


class Measured:
    """All passages of the documents in a view, with the tokens that each takes in a prompt; read when asked for."""

    def __init__(self, view: DocumentView) -> None:
        self._view = view

    @cached_property
    def passages(self) -> list[Passage]:
        return [one for document_id in self._view.document_ids for one in self._view.passages(document_id)]

    @cached_property
    def tokens(self) -> list[int]:
        """Of each passage."""
        return list(sizes(self.passages, self._view))

    @cached_property
    def total(self) -> int:
        return sum(self.tokens)

    @cached_property
    def usual(self) -> int:
        """Of one passage."""
        return self.total // max(1, len(self.tokens))

    @cached_property
    def longest(self) -> int:
        """Of one passage, with the next one where a sentence of it runs on there."""
        return max((self._joined(at) for at in range(len(self.tokens))), default=0)

    def segments(self, budget: int) -> list[list[Passage]]:
        """All of them, packed so that each segment fits a budget of tokens."""
        return list(pack(self.passages, budget, lambda one: self._by_key[one.key]))

    def of(self, passages: Iterable[Passage], document_id: str | None = None) -> int:
        """Of some of them, or those among them that are of one document."""
        keys = {one.key for one in passages}
        return sum(self._by_key[key] for key in keys if document_id in (None, key[0]))

    def pages(self, num: int, document_id: str | None = None) -> int:
        """Of the `num` pages that take most, of all documents or of one, with what runs on from and to them."""
        chosen = [n for ref, n in self._by_page.items() if document_id in (None, ref.document_id)]
        return sum(sorted(chosen, reverse=True)[:num])

    def _joined(self, at: int) -> int:
        runs_on = self.passages[at].continues and at + 1 < len(self.tokens)
        return self.tokens[at] + (self.tokens[at + 1] if runs_on else 0)

    @cached_property
    def _by_key(self) -> dict[PassageKey, int]:
        return dict(zip((one.key for one in self.passages), self.tokens, strict=True))

    @cached_property
    def _by_page(self) -> dict[PageRef, int]:
        found: dict[PageRef, int] = {}
        for at, passage in enumerate(self.passages):
            before = self.tokens[at - 1] if at and self.passages[at - 1].continues else 0
            found[passage.ref] = found.get(passage.ref, 0) + self._joined(at) + before
        return found
