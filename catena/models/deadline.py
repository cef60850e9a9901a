"""A wrapper that ends a call when its time is up, whatever it is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from catena.errors import CatenaError
from catena.llm import LLM, Completion, Message, OnText


class Deadline:
    """`seconds_left` is asked when a call begins (None: no limit); `error` makes what is raised when it is late."""

    def __init__(
        self, llm: LLM, seconds_left: Callable[[], float | None], error: Callable[[], CatenaError]
    ) -> None:
        self._llm = llm
        self._seconds_left = seconds_left
        self._error = error
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
        seconds = self._seconds_left()
        if seconds is not None and seconds <= 0:
            raise self._error()
        try:
            async with asyncio.timeout(seconds) as scope:
                return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
        except TimeoutError:
            if not scope.expired():
                raise
        raise self._error()
