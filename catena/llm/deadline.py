"""A wrapper that ends a call when the time of its question is up, whatever it is doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from catena.errors import Stopped
from catena.llm.protocol import LLM, Completion, Message, OnText
from catena.llm.wrapper import LLMWrapper


class DeadlineLLM(LLMWrapper):
    """The question's time is counted from when this was made."""

    def __init__(self, llm: LLM, max_seconds: float) -> None:
        super().__init__(llm)
        self._max_seconds = max_seconds
        self._ends = time.monotonic() + max_seconds

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        try:
            async with asyncio.timeout(self._ends - time.monotonic()) as scope:
                return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
        except TimeoutError:
            if not scope.expired():
                raise
        raise Stopped(f"The cap of {self._max_seconds:g} s is reached.", "Raise --max-seconds.")
