"""A wrapper that gives a reply more tokens than its caller asks for: models that think first need it."""

from __future__ import annotations

from collections.abc import Sequence

from catena.llm.protocol import LLM, Completion, Message, OnText, prompt_tokens
from catena.llm.wrapper import LLMWrapper


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
