"""Cost of models, before they are called. Of a set: calls and tokens a question, measured with a stub model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catena.bookqa.generator import NO_MODEL, Order
from catena.bookqa.item_slots import lay_out
from catena.bookqa.items import LONG_KINDS
from catena.llm.protocol import Price
from catena.llm.usage import total
from catena.types import Usage

CALLS = {"long": 5.0, "local": 2.1, "unanswerable": 2.1}
PROMPT_TOKENS = {"long": 3200.0, "local": 610.0, "unanswerable": 3400.0}
COMPLETION_TOKENS = {"long": 220.0, "local": 70.0, "unanswerable": 55.0}
"""Of one place of the set, questions that are thrown away included (docs/batch.md)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`cost_usd` is None where the price of the model is not known."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None

    def line(self) -> str:
        cost = "price not known" if self.cost_usd is None else f"${self.cost_usd:,.2f}"
        read, written = f"{self.prompt_tokens:,}", f"{self.completion_tokens:,}"
        return f"about {self.calls:,} model calls, {read} tokens read and {written} written, {cost}"


def estimate(order: Order, num_books: int, price: Price | None) -> Estimate:
    """Calls, tokens and money of a whole set, within a factor of about two: models differ in what is thrown away."""
    if order.model == NO_MODEL:
        return Estimate(0, 0, 0, 0.0)
    groups = [
        "long" if slot.kind in LONG_KINDS else slot.kind
        for slot in lay_out("", order.num, order.kinds, order.seed)
    ]
    calls, read, written = (
        num_books * sum(of[group] for group in groups) for of in (CALLS, PROMPT_TOKENS, COMPLETION_TOKENS)
    )
    cost = None if price is None else price.cost(round(read), round(written))
    return Estimate(round(calls), round(read), round(written), cost)


def scaled(sample: Sequence[Usage], num: int) -> Estimate:
    """Scale the cost of `sample` pieces of work to `num` of them."""
    seen, times = total(sample), num / max(1, len(sample))
    cost = None if seen.cost_usd is None else seen.cost_usd * times
    return Estimate(
        round(seen.calls * times),
        round(seen.prompt_tokens * times),
        round(seen.completion_tokens * times),
        cost,
    )
