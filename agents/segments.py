"""Passages packed into segments, in reading order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from catena.types import Passage, PassageKey


@dataclass(frozen=True, slots=True)
class Stretch:
    """Segment that one worker of a chain reads: passages `first` to `last` of a document, by ordinal."""

    document_id: str
    first: int
    last: int

    @classmethod
    def of(cls, segment: Sequence[Passage]) -> Stretch:
        """Keep the ends of consecutive passages."""
        return cls(segment[0].ref.document_id, segment[0].ordinal, segment[-1].ordinal)

    @property
    def ordinals(self) -> range:
        return range(self.first, self.last + 1)

    @property
    def keys(self) -> list[PassageKey]:
        return [(self.document_id, ordinal) for ordinal in self.ordinals]


def num_words(passage: Passage) -> int:
    return len(passage.text.split())


def pack(
    passages: Iterable[Passage], budget: int, size: Callable[[Passage], int] = num_words
) -> Iterator[list[Passage]]:
    """Fill each segment greedily with whole passages of one document (Chain of Agents, algorithm 2).

    A sentence that runs on overleaf stays in one segment where it fits. A passage above the budget stands alone.
    """
    segment: list[Passage] = []
    filled = 0
    for unit in _units(passages):
        sizes = [size(passage) for passage in unit]
        parts = (
            [(unit, sum(sizes))]
            if sum(sizes) <= budget
            else [([p], n) for p, n in zip(unit, sizes, strict=True)]
        )
        for part, cost in parts:
            is_new = segment and part[0].ref.document_id != segment[0].ref.document_id
            if segment and (is_new or filled + cost > budget):
                yield segment
                segment, filled = [], 0
            segment = [*segment, *part]
            filled += cost
    if segment:
        yield segment


def _units(passages: Iterable[Passage]) -> Iterator[list[Passage]]:
    """A passage, with those that its last sentence runs on in."""
    unit: list[Passage] = []
    for passage in passages:
        if unit and not (unit[-1].continues and passage.ordinal == unit[-1].ordinal + 1):
            yield unit
            unit = []
        unit.append(passage)
    if unit:
        yield unit
