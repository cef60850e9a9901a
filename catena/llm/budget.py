"""Caps of one question, reserved before each call for the worst case and settled after it.

The worst case of a call is its prompt, estimated from above, and every token that the reply may take. Calls that
run at once can so never spend more than the cap together; one that does not fit waits for those under way,
which mostly cost less than was reserved, and is refused only when it would not fit without them either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from catena.errors import ModelBusy, ModelRefused, OptionError, Stopped
from catena.llm.protocol import Billed, Completion, Message, OnText, Price, prompt_tokens
from catena.llm.usage import Meter
from catena.options import Limits

_ROUNDING = 1e-9


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def add(self, other: _Sum, sign: int = 1) -> None:
        self.calls += sign * other.calls
        self.tokens += sign * other.tokens
        self.cost += sign * other.cost


class Budget:
    """Budget of one question, over all its models. Used in one event loop."""

    def __init__(self, limits: Limits, meter: Meter) -> None:
        """Count also what the meter says was used before the run was interrupted."""
        self.limits = limits
        self.meter = meter
        self._spent = _Sum()
        self._held = _Sum()
        self._settled = asyncio.Event()

    @property
    def counts_tokens(self) -> bool:
        """Tell whether a cap needs them; to estimate a long prompt takes a millisecond."""
        return self.limits.max_tokens is not None or self.limits.max_cost_usd is not None

    async def reserve(self, worst: _Sum) -> None:
        """Set the worst case of one call aside. Raises Stopped when it cannot fit."""
        while self._excess(worst, self._held):
            if excess := self._excess(worst, _Sum()):
                raise Stopped(*excess)
            self._settled.clear()
            await self._settled.wait()
        self._held.add(worst)

    def settle(self, worst: _Sum, real: _Sum) -> None:
        """Put what a call really took in place of what was reserved for it."""
        self._held.add(worst, -1)
        self._spent.add(real)
        self._settled.set()

    def _excess(self, worst: _Sum, held: _Sum) -> tuple[str, str] | None:
        """Cap that one more call would break, and the remedy."""
        caps, earlier = self.limits, self.meter.earlier
        spent = _Sum(earlier.calls, earlier.num_tokens, earlier.cost_usd or 0.0)
        spent.add(self._spent)
        if caps.max_calls is not None and spent.calls + held.calls + worst.calls > caps.max_calls:
            return f"The cap of {caps.max_calls} model calls is reached.", "Raise --max-calls."
        if caps.max_tokens is not None and spent.tokens + held.tokens + worst.tokens > caps.max_tokens:
            left = caps.max_tokens - spent.tokens
            return (
                f"The cap of {caps.max_tokens:,} tokens is reached: the next call may take {worst.tokens:,}, "
                f"and {left:,} are left.",
                "Raise --max-tokens.",
            )
        cost = spent.cost + held.cost + worst.cost
        if caps.max_cost_usd is not None and cost > caps.max_cost_usd + _ROUNDING:
            dollars_left = caps.max_cost_usd - spent.cost
            return (
                f"The cap of ${caps.max_cost_usd:g} is reached: the next call may cost ${worst.cost:.4f}, "
                f"and ${dollars_left:.4f} are left.",
                "Raise --max-cost.",
            )
        return None


class BudgetedLLM:
    """A wrapper around one request, so that a retry is reserved like a first try."""

    def __init__(self, llm: Billed, budget: Budget) -> None:
        self._llm = llm
        self._budget = budget
        self.name = llm.name

    async def window(self) -> int:
        return await self._llm.window()

    async def price(self) -> Price | None:
        return await self._llm.price()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        worst = await self._worst(messages, max_tokens)
        await self._budget.reserve(worst)
        real = worst  # of a call that was cut off nobody knows what it cost
        try:
            done = await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
            real = _Sum(1, done.prompt_tokens + done.completion_tokens, done.cost_usd or 0.0)
            return done
        except (ModelRefused, ModelBusy):
            real = _Sum(1)
            raise
        finally:
            self._budget.settle(worst, real)

    async def _worst(self, messages: Sequence[Message], max_tokens: int) -> _Sum:
        if not self._budget.counts_tokens:
            return _Sum(1)
        read = prompt_tokens(messages)
        price = await self.price()
        if price is None and self._budget.limits.max_cost_usd is not None:
            raise OptionError(
                f"The price of {self.name} is not known, so a cap on cost would not hold.",
                f"Leave --max-cost out, or set CATENA_PRICES='{{\"{self.name}\": [0.15, 0.60]}}' "
                "(USD per million tokens, read and written).",
            )
        return _Sum(1, read + max_tokens, price.cost(read, max_tokens) if price else 0.0)
