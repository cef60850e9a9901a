"""A wrapper that calls again after what may pass, with pauses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from catena.errors import ModelError
from catena.llm import Billed, Completion, Message, OnText

MAX_RETRIES = 3
FIRST_PAUSE = 0.5
"""Seconds before the first retry; doubled each time, unless the server says when to come back."""


class Retried:
    """How long it may take in all is for the `Deadline` around it to say."""

    def __init__(self, llm: Billed, max_retries: int = MAX_RETRIES) -> None:
        self._llm = llm
        self._max_retries = max_retries
        self.name = llm.name

    async def window(self) -> int:
        return await self._llm.window()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        for attempt in range(self._max_retries + 1):
            try:
                return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
            except ModelError as problem:
                if not problem.retryable or attempt == self._max_retries:
                    raise
                pause = problem.retry_after
            # Spread, so that calls that were refused together do not come back together.
            await asyncio.sleep(
                FIRST_PAUSE * 2**attempt * random.uniform(0.8, 1.2) if pause is None else pause
            )
            if on_text:
                on_text("")
        raise AssertionError("the last attempt returns or raises")
