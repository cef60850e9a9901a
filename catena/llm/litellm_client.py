"""One request to any model that LiteLLM has a name for: no retry, no cache, no cap. Those are wrappers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catena.errors import ModelError, ModelSilent
from catena.llm import litellm_call, litellm_catalogue, openai_request
from catena.llm.credentials import key_for
from catena.llm.protocol import Completion, Message, OnText, Price, num_tokens, prompt_tokens
from catena.llm.provider_errors import explain
from catena.llm.spoken_text import MAX_TEXT, SpokenText, asked_form, spoken
from catena.llm.wire_format import Failed, Raw, ServerQuirks
from catena.redaction import public_address, remember_address

OLLAMA = ("ollama/", "ollama_chat/")
TEMPERATURE = 0
MAX_LEARNT = 5
"""Refused parameters of one request, one after the other."""
MORE_ROOM = (
    "Raise CATENA_MAX_REPLY_TOKENS (--max-reply-tokens), to 4000 or more for a model that thinks first."
)


class LiteLLM:
    """Any model that LiteLLM has a name for; keys come from the providers' own environment variables.

    A server that speaks OpenAI's protocol is asked without the package. What a server refuses is left out and
    remembered in `habits`.
    """

    def __init__(
        self,
        model: str,
        api_base: str | None = None,
        *,
        context_window: int | None = None,
        price: Price | None = None,
        max_silence: float = 60.0,
        habits: ServerQuirks | None = None,
        key: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """`max_silence` is in seconds, between two pieces of a streamed reply.

        A server of our own has its own `key`, and takes `extra` parameters.
        """
        self.name = model
        self.api_base = api_base
        remember_address(api_base)
        self._context_window = context_window
        self._price = price
        self._max_silence = max_silence
        self._habits = habits or ServerQuirks()
        self._key = key
        self._extra = dict(extra or {})

    @property
    def parameters(self) -> dict[str, Any]:
        """All that makes a reply besides messages and length, without secrets: the key of kept calls."""
        return {
            "model": self.name,
            "api_base": public_address(self.api_base or ""),
            "context_window": self._context_window,
            "temperature": TEMPERATURE,
        }

    async def window(self) -> int:
        """The setting, else LiteLLM's bundled table, else 8192."""
        if self._context_window:
            return self._context_window
        return litellm_catalogue.window(self.name)

    async def price(self) -> Price | None:
        """The setting, else LiteLLM's bundled table, else unknown."""
        if self._price:
            return self._price
        return litellm_catalogue.price(self.name)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        """Send one request, again where the server refuses a parameter. Raises ModelError, by class what went wrong."""
        key = self._key or key_for(self.name, self.api_base)
        problem: ModelError | None = None
        for _ in range(1 + MAX_LEARNT):
            listening = self._listening(on_text) if on_text else None
            try:
                raw = await self._send(messages, max_tokens, key, listening)
            except Failed as failed:
                problem = explain(failed, self.name, self.api_base)
                if not self._habits.learn(failed):
                    break
            else:
                if listening:
                    listening.end()
                return await self._completion(raw, messages, max_tokens)
        assert problem is not None, "there was no reply"
        raise problem  # outside of `except`: the provider's own words may hold the key

    async def _send(
        self, messages: Sequence[Message], max_tokens: int, key: str, listening: SpokenText | None
    ) -> Raw:
        options = self._habits.options(max_tokens, is_streamed=listening is not None)
        shaped = self._habits.messages(messages)
        on_piece = listening.feed if listening else _ignore
        if self.api_base and openai_request.speaks_openai(self.name, self.api_base):
            body = {"model": self.name.partition("/")[2], "messages": shaped, **options, **self._extra}
            return await openai_request.send(self.api_base, key, body, on_piece, self._max_silence, self.name)
        options |= {"api_base": self.api_base} if self.api_base else {}
        if self.name.startswith(OLLAMA):  # it cuts a prompt silently unless told the window
            options["num_ctx"] = await self.window()
        return await litellm_call.send(self.name, shaped, options, on_piece, self._max_silence)

    async def _completion(self, raw: Raw, messages: Sequence[Message], max_tokens: int) -> Completion:
        heard = spoken(raw.text)
        self._remember(raw, heard.has_thought, heard.is_unopened)
        is_cut = raw.finish in ("length", "max_tokens") or raw.is_looping or len(raw.text) > MAX_TEXT
        written = raw.completion_tokens or num_tokens(raw.text)
        refusal = raw.refusal.strip()
        if not heard.text and not refusal:
            raise self._silent(raw, written, max_tokens, is_thought=heard.has_thought or raw.has_reasoning)
        read = raw.prompt_tokens or prompt_tokens(messages)
        price = await self.price()
        loop = f"{self.name} began to repeat itself; its reply was stopped there." if raw.is_looping else ""
        return Completion(
            heard.text or refusal,
            raw.model or self.name,
            read,
            written,
            None if price is None else price.cost(read, written),
            is_cut=is_cut and not raw.is_looping,
            asked=self.name,
            notice=loop,
            alternatives=raw.alternatives,
        )

    def _listening(self, on_text: OnText) -> SpokenText:
        habits = self._habits
        return SpokenText(on_text, is_plain=habits.is_plain, is_held=habits.thinks_unopened)

    def _remember(self, raw: Raw, has_thought: bool, is_unopened: bool) -> None:
        """Tell whether the model thinks aloud: what one that does not writes is shown at once."""
        habits = self._habits
        habits.thinks_unopened |= is_unopened
        is_free = not has_thought and not asked_form(raw.text)
        habits.is_plain = (habits.is_plain or is_free) and not has_thought and not habits.thinks_unopened

    def _silent(self, raw: Raw, written: int, max_tokens: int, *, is_thought: bool) -> ModelSilent:
        is_cut = raw.finish in ("length", "max_tokens")
        if raw.finish == "content_filter":
            return ModelSilent(
                f"The content filter of {self.name} held its reply back.",
                "Ask in other words, or take another model.",
            )
        if is_cut:
            for_what = "for thinking" if is_thought else "before it began to answer"
            return ModelSilent(
                f"{self.name} used all {max(written, max_tokens):,} reply tokens {for_what}.", MORE_ROOM
            )
        if is_thought:
            return ModelSilent(
                f"{self.name} thought, and sent a reply without text.", f"Ask again. {MORE_ROOM}"
            )
        return ModelSilent(f"{self.name} sent a reply without text.", "Ask again, or take another model.")


def _ignore(piece: str) -> None:
    pass
