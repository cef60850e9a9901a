"""Wrappers around a language model that each do one thing: limit, retry, end in time, leave room, fall back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from weakref import WeakKeyDictionary

from catena.errors import ModelError, ModelTimeout, Stopped
from catena.llm.protocol import LLM, Completion, Message, OnText, prompt_tokens


class LLMWrapper:
    """Has the name and the window of the model inside."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.name = llm.name

    async def window(self) -> int:
        return await self._llm.window()


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


class HeadroomLLM(LLMWrapper):
    """Every reply may take `least` tokens, where the window holds them beside the prompt."""

    def __init__(self, llm: LLM, least: int) -> None:
        super().__init__(llm)
        self._least = least

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        if self._least > max_tokens:
            left = await self.window() - prompt_tokens(messages)
            max_tokens = max(max_tokens, min(self._least, left))
        return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)


class FallbackLLM:
    """For one question: once the first model has failed, the rest is asked of the second at once."""

    def __init__(self, first: LLM, second: LLM) -> None:
        self._first = first
        self._second = second
        self._failure: ModelError | None = None
        self.name = first.name

    async def window(self) -> int:
        """The first model's; a prompt that only the second cannot take is the first one's error."""
        return await self._first.window()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        if self._failure is None:
            try:
                return await self._first.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
            except ModelError as failure:
                self._failure = failure
            if on_text:
                on_text("")
        if prompt_tokens(messages) + max_tokens > await self._second.window():
            raise self._failure
        done = await self._second.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
        return replace(done, notice=f"{self._second.name} answered instead: {self._failure.message}")
