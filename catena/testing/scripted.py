"""A model in this process that says what a script tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from catena.errors import CatenaError
from catena.llm.protocol import Completion, Message, OnText, Price, num_tokens, prompt_tokens


class ScriptedLLM:
    """Replies, or raises, one entry of the script a call, the last one for ever; `prompts` is what it was sent."""

    name = "test/scripted"

    def __init__(
        self,
        *script: str | CatenaError,
        window: int = 8192,
        seconds: float = 0.0,
        price: Price | None = None,
    ) -> None:
        self._script = script
        self._window = window
        self._seconds = seconds
        self._price = price
        self.prompts: list[Sequence[Message]] = []

    async def window(self) -> int:
        return self._window

    async def price(self) -> Price | None:
        return self._price

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        step = self._script[min(len(self.prompts), len(self._script) - 1)]
        self.prompts.append(messages)
        await asyncio.sleep(self._seconds)
        if isinstance(step, CatenaError):
            raise step
        if on_text:
            on_text(step)
        read, written = prompt_tokens(messages), num_tokens(step)
        cost = self._price.cost(read, written) if self._price else None
        return Completion(step, "scripted", read, written, cost, asked=self.name)
