"""A wrapper that calls again after what may pass, with pauses, within one deadline for all of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import count

from catena.errors import ModelError, ModelTimeout
from catena.llm.protocol import LLM, Completion, Message, OnText
from catena.llm.wrapper import LLMWrapper

MAX_RETRIES = 3
FIRST_PAUSE = 0.5
"""Seconds before the first retry; doubled each time, unless the server says when to come back."""


class RetryingLLM(LLMWrapper):
    """Every call ends after `seconds`, and says what went wrong last."""

    def __init__(self, llm: LLM, seconds: float) -> None:
        super().__init__(llm)
        self._seconds = seconds

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        last: ModelError | None = None
        ends = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(ends) as scope:
                for attempt in count():
                    try:
                        return await self._llm.complete(
                            messages, max_tokens=max_tokens, role=role, on_text=on_text
                        )
                    except ModelError as problem:
                        last = problem
                    pause = _pause(last, attempt)
                    if pause is None or asyncio.get_running_loop().time() + pause >= ends:
                        raise last
                    await asyncio.sleep(pause)
                    if on_text:
                        on_text("")
        except TimeoutError:
            if not scope.expired():
                raise
        raise self._late(last)

    def _late(self, last: ModelError | None) -> ModelTimeout:
        before = f" Before that: {last.message}" if last else ""
        return ModelTimeout(
            f"{self.name} did not answer within {self._seconds:g} s.{before}",
            "Ask again, take a faster model, or raise CATENA_MODEL_SECONDS.",
        )


def _pause(problem: ModelError, attempt: int) -> float | None:
    """Seconds to wait before the next attempt; None where there shall be none."""
    if not problem.retryable or attempt == MAX_RETRIES:
        return None
    if problem.retry_after is not None:
        return problem.retry_after
    # Spread, so that calls that failed together do not come back together.
    return random.uniform(0.8, 1.2) * FIRST_PAUSE * (1 << attempt)
