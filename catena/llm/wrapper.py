"""Common base of the wrappers around an `LLM`; each adds the one thing it does in its own `complete`."""

from __future__ import annotations

from catena.llm.protocol import LLM


class LLMWrapper:
    """Has the name and the window of the model inside."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.name = llm.name

    async def window(self) -> int:
        return await self._llm.window()
