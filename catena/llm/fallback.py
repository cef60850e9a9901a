"""A wrapper that asks a second model where the first has failed. Never silent: the reply carries a notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from catena.errors import ModelError
from catena.llm.protocol import LLM, Completion, Message, OnText, prompt_tokens


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
