"""Slots, planned before anything is written: kinds, and the parts of the book where the evidence is to stand."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catena.bookqa.items import KINDS, LONG_KINDS, ItemKind
from catena.errors import OptionError

TENTHS = 10
STEPS = (3, 2, 4)
"""Tenths between two of the three of a long question. Counted round the book, every tenth is asked for as often."""


def tenth(at: float) -> int:
    """From 0 to 9, by the share of the book before a place."""
    return min(TENTHS - 1, int(TENTHS * at))


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the set of one book: its question's kind and, from 0 to 9, the tenths of its evidence."""

    book: str
    round: int
    number: int
    kind: ItemKind
    tenths: tuple[int, ...]
    seed: int

    @property
    def key(self) -> str:
        return f"item/{self.book}/{self.round}/{self.number:05}"

    def drawn(self, attempt: int) -> random.Random:
        """The same numbers for the same slot and attempt, on any machine."""
        told = f"{self.seed} {self.key} {attempt}"
        return random.Random(hashlib.sha256(told.encode()).digest())


def lay_out(book: str, num: int, kinds: Sequence[ItemKind], seed: int) -> Iterator[Slot]:
    """`num` slots: kinds in turn, tenths evenly over the slots of each kind, which tenth first by the seed."""
    drawn = random.Random(f"{seed} {book}")
    decks = {kind: _deck(kind, drawn) for kind in kinds}
    for number in range(num):
        kind = kinds[number % len(kinds)]
        yield Slot(book, 0, number, kind, next(decks[kind]), seed)


def _deck(kind: ItemKind, drawn: random.Random) -> Iterator[tuple[int, ...]]:
    """Tenths to ask for, each of the ten once before one comes again."""
    turn = 0
    while True:
        step = STEPS[turn % len(STEPS)]
        for first in drawn.sample(range(TENTHS), TENTHS):
            if kind in LONG_KINDS:
                yield tuple(sorted((first + step * at) % TENTHS for at in range(3)))
            else:
                yield (first,)
        turn += 1


def parse_kinds(text: str | None) -> tuple[ItemKind, ...]:
    """Read "arc,local"; nothing means all kinds. Raises OptionError for one that does not exist."""
    named = [part.strip() for part in (text or "").split(",") if part.strip()]
    unknown = [name for name in named if name not in KINDS]
    if unknown:
        raise OptionError(f"There is no kind {', '.join(unknown)}.", f"Kinds are: {', '.join(KINDS)}.")
    return tuple(kind for kind in KINDS if kind in named) or KINDS
