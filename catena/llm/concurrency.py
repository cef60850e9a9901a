"""A wrapper that lets so many calls to one model run at once, over all questions of a client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from catena.llm.protocol import LLM, Completion, Message, OnText
from catena.llm.wrapper import LLMWrapper


class ConcurrencyGate:
    """So many may pass at once. A semaphore belongs to one event loop, so each loop has its own."""

    def __init__(self, max_at_once: int) -> None:
        self._max_at_once = max_at_once
        self._semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def semaphore(self) -> asyncio.Semaphore:
        """The semaphore of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._semaphores:
            self._semaphores[loop] = asyncio.Semaphore(self._max_at_once)
        return self._semaphores[loop]


class LimitedLLM(LLMWrapper):
    def __init__(self, llm: LLM, gate: ConcurrencyGate) -> None:
        super().__init__(llm)
        self._gate = gate

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        async with self._gate.semaphore():
            return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
