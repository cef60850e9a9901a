"""Report of a batch: counts by filter, kind and place, and whether kinds and places are spread as asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catena.bookqa.item_filters import REASONS
from catena.bookqa.item_slots import TENTHS, tenth
from catena.bookqa.items import Item, ItemKind
from catena.bookqa.result_store import Failure
from catena.types import Usage


@dataclass(frozen=True, slots=True)
class Spread:
    """Chi-square of counts against equal shares, degrees of freedom, and how likely so uneven a spread is by chance."""

    chi_square: float
    degrees: int
    p: float

    @classmethod
    def of(cls, counts: Sequence[int]) -> Spread:
        total = sum(counts)
        if len(counts) < 2 or not total:
            return cls(0.0, max(0, len(counts) - 1), 1.0)
        expected = total / len(counts)
        chi_square = sum((count - expected) ** 2 for count in counts) / expected
        return cls(chi_square, len(counts) - 1, _p(chi_square, len(counts) - 1))


@dataclass(frozen=True, slots=True)
class Report:
    """`tenths` counts quotes by the tenth of their book. `rejected` is by filter; `failures` are books and items.

    `entities` are those that the first books name most, by title.
    """

    num_books: int
    num_asked: int
    num_items: int
    kinds: Mapping[ItemKind, int]
    tenths: tuple[int, ...]
    rejected: Mapping[str, int]
    failures: tuple[Failure, ...]
    usage: Usage
    of_kinds: Spread
    of_tenths: Spread
    entities: Mapping[str, tuple[str, ...]]

    def lines(self) -> list[str]:
        """The report for people, a line each."""
        lines = [f"{self.num_items} items of {self.num_asked} asked for, {self.num_books} books"]
        lines += [f"  {kind:13}{count:6}" for kind, count in self.kinds.items()]
        lines.append(f"  kinds as asked: {_told(self.of_kinds)}")
        lines.append(
            f"quotes by tenth of the book: {' '.join(map(str, self.tenths))}; {_told(self.of_tenths)}"
        )
        lines += [f"{title}: {', '.join(names)}" for title, names in self.entities.items()]
        lines.append("thrown away:")
        lines += [
            f"  {self.rejected.get(reason, 0):6}  {reason}: {about}" for reason, about in REASONS.items()
        ]
        cost = "" if self.usage.cost_usd is None else f", ${self.usage.cost_usd:.2f}"
        lines.append(f"{self.usage.calls} model calls, {self.usage.num_tokens:,} tokens{cost}")
        lines += [
            f"failed: {one.key}: {one.reason}: {one.message} {one.remedy}".rstrip() for one in self.failures
        ]
        return lines


def make_report(
    items: Iterable[Item],
    *,
    kinds: Sequence[ItemKind],
    num_books: int,
    num_asked: int,
    rejected: Mapping[str, int],
    failures: Sequence[Failure],
    usage: Usage,
    entities: Mapping[str, tuple[str, ...]],
) -> Report:
    """Count a set, one item at a time."""
    by_kind: Counter[ItemKind] = Counter()
    tenths = [0] * TENTHS
    for item in items:
        by_kind[item.kind] += 1
        for place in item.places:
            tenths[tenth(place)] += 1
    return Report(
        num_books=num_books,
        num_asked=num_asked,
        num_items=by_kind.total(),
        kinds={kind: by_kind[kind] for kind in kinds},
        tenths=tuple(tenths),
        rejected=dict(rejected),
        failures=tuple(failures),
        usage=usage,
        of_kinds=Spread.of([by_kind[kind] for kind in kinds]),
        of_tenths=Spread.of(tenths),
        entities=dict(entities),
    )


def _told(spread: Spread) -> str:
    return f"chi-square {spread.chi_square:.1f} on {spread.degrees}, p = {spread.p:.2f}"


def _p(chi_square: float, degrees: int) -> float:
    """The upper tail of chi-square by Wilson and Hilferty's normal approximation (1931), within 0.01 of it."""
    if chi_square <= 0:
        return 1.0
    spread = 2 / (9 * degrees)
    z = ((chi_square / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.5 * math.erfc(z / math.sqrt(2))
