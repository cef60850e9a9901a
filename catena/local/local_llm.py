"""A model of this machine as one that can be asked: its server is found, or started, when it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from catena.errors import ModelUnreachable
from catena.llm.litellm_client import LiteLLM
from catena.llm.protocol import LLM, Completion, Message, OnText, Price, prompt_tokens
from catena.llm.wire_format import ServerQuirks
from catena.local.memory_fit import has_graphics_card
from catena.local.server_record import Record, standing_of
from catena.local.server_start import ensure
from catena.local.stored_models import PREFIX, shelf_of
from catena.settings import Settings

SECONDS = 3600.0
"""For one call, retries included: a processor without a graphics card writes 5 to 20 tokens a second, and reads 50."""
SILENCE = 600.0
"""Between two signs of life: llama.cpp gives one after every 512 tokens that it read, minutes in a large model."""
FEW = 1500
"""Tokens of passages: half a minute to read for a model of 1.5 billion weights on two cores."""
LAST_SECONDS = 15.0
"""In which a process whose server died ends, too."""
FORM = r"""
root ::= "Evidence: [" numbers? "]\nAnswer: " [^ \r\n\t[] rest
numbers ::= [0-9]{1,3} (", " [0-9]{1,3}){0,9}
rest ::= [^\x00]*
"""
"""The form of an answer (agents/generative/prompts/answer_system.md) as a grammar: small models keep to it."""
IN_FORM = ("answer", "document")
"""Roles whose replies have it."""
ALTERNATIVES = {"logprobs": True, "top_logprobs": 10}
"""Where yes or no is asked, how much likelier one is than the other counts."""
LLAMA_OPTIONS = {"return_progress": True, "cache_prompt": True}
GROWTH = 1024
"""Windows are multiples of it."""


def is_local(model: str) -> bool:
    return model.startswith(PREFIX)


def seconds_of(settings: Settings) -> float:
    """Most time for one call: the setting where somebody made it, else what suits a processor."""
    return settings.calls.seconds if "seconds" in settings.calls.model_fields_set else SECONDS


def most_shown(model: str, settings: Settings) -> int:
    """Tokens of passages that a model is shown at most; 0: all that fit its window."""
    if not is_local(model):
        return 0
    if settings.local.prompt_tokens is not None:
        return settings.local.prompt_tokens
    return 0 if has_graphics_card() else FEW


class LocalLLM:
    """A model that `catena model ls` lists as here. Replies are always streamed, so that work is told from silence."""

    def __init__(self, model: str, settings: Settings, habits: ServerQuirks | None = None) -> None:
        self.name = model
        self._short = model.removeprefix(PREFIX)
        self._shelf = shelf_of(settings)
        self._wanted = settings.calls.context_window or 0
        self._idle = settings.local.idle_seconds
        is_set = "silence" in settings.calls.model_fields_set
        self._silence = settings.calls.silence if is_set else SILENCE
        self._habits = habits or ServerQuirks()

    @property
    def parameters(self) -> dict[str, Any]:
        """All that makes a reply besides messages and length: another file under the name is another model."""
        found = self._shelf.find(self._short)
        file = [found.sha256, found.num_bytes, found.facts.title] if found else []
        return {"model": self.name, "file": file, "temperature": 0, "form": FORM}

    async def window(self) -> int:
        """Return the window of its server, which is started for it."""
        record = await self._server(self._wanted)
        return min(self._wanted or record.window, record.window)

    async def price(self) -> Price | None:
        return Price(0.0, 0.0)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        """Ask the server, one with a larger window where prompt and reply need it. Raises ModelError."""
        record = await self._server(self._wanted)
        need = prompt_tokens(messages) + max_tokens
        if need > record.window:
            record = await self._server(-(-need // GROWTH) * GROWTH)
        try:
            return await self._at(record, role).complete(
                messages, max_tokens=max_tokens, role=role, on_text=on_text or _ignore
            )
        except ModelUnreachable as problem:
            raise await self._lost(problem) from None

    async def _server(self, window: int) -> Record:
        return await asyncio.to_thread(
            ensure, self._shelf, self._short, window=window, idle_seconds=self._idle
        )

    def _at(self, record: Record, role: str) -> LLM:
        asked: dict[str, Any] = ALTERNATIVES if role == "opinion" else {}
        if record.engine == "llama.cpp":
            asked = asked | LLAMA_OPTIONS | ({"grammar": FORM} if role in IN_FORM else {})
        return LiteLLM(
            self.name,
            record.api_base,
            context_window=record.window,
            max_silence=self._silence,
            habits=self._habits,
            key=record.key,
            extra=asked,
        )

    async def _lost(self, problem: ModelUnreachable) -> ModelUnreachable:
        """Error of a server that is gone; the next attempt starts another."""
        standing = standing_of(self._shelf.folder, self._short)
        ends = asyncio.get_running_loop().time() + LAST_SECONDS
        while standing.lives:
            if asyncio.get_running_loop().time() > ends:
                return problem
            await asyncio.sleep(0.1)
        return ModelUnreachable(
            f"The server of {self.name} ended in the middle of its work.",
            f"Its log: {standing.log}. Was its memory taken away? Take a smaller model: catena model ls",
        )


def _ignore(piece: str) -> None:
    pass
