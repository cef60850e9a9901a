"""One request to any model that LiteLLM reaches: no retry, no cache, no cap. Those are wrappers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from catena.errors import ModelError, ModelSilent, ModelTimeout, ModelUnreachable
from catena.llm import Completion, Message, OnText, Price, num_tokens, prompt_tokens
from catena.models import catalogue
from catena.models.errors import explain, without_secrets

OLLAMA = ("ollama/", "ollama_chat/")
TEMPERATURE = 0
HTTP_SECONDS = 3600.0
"""LiteLLM's own deadline. Ours (of `Retried`, and the silence between two pieces) come first."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came back, streamed or whole."""

    text: str
    model: str
    finish: str | None
    usage: Any


class LiteLLM:
    """Any model that LiteLLM reaches; keys come from the providers' own environment variables."""

    def __init__(
        self,
        model: str,
        api_base: str | None = None,
        *,
        context_window: int | None = None,
        price: Price | None = None,
        max_silence: float = 60.0,
    ) -> None:
        """`max_silence` is in seconds, between two pieces of a streamed reply."""
        self.name = model
        self.api_base = api_base
        self._context_window = context_window
        self._price = price
        self._max_silence = max_silence

    @property
    def parameters(self) -> dict[str, Any]:
        """All that makes a reply besides messages and length, without secrets: the key of kept calls."""
        return {
            "model": self.name,
            "api_base": without_secrets(self.api_base or ""),
            "context_window": self._context_window,
            "temperature": TEMPERATURE,
        }

    async def window(self) -> int:
        """The setting, else LiteLLM's bundled table, else 8192."""
        if self._context_window:
            return self._context_window
        return catalogue.window(self.name)

    async def price(self) -> Price | None:
        """The setting, else LiteLLM's bundled table, else unknown."""
        if self._price:
            return self._price
        return catalogue.price(self.name)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        """Send one request. Raises ModelError, whose class says what went wrong."""
        litellm = await catalogue.loaded()
        problem: ModelError
        try:
            reply = await self._send(litellm, messages, max_tokens, on_text)
        except (litellm.exceptions.OpenAIError, *litellm.LITELLM_EXCEPTION_TYPES) as error:
            problem = explain(error, self.name, self.api_base)
        else:
            return await self._completion(reply, messages)
        raise problem  # outside of `except`: the provider's own words may hold the key

    async def _send(
        self, litellm: Any, messages: Sequence[Message], max_tokens: int, on_text: OnText | None
    ) -> _Reply:
        options: dict[str, Any] = (
            {"stream": True, "stream_options": {"include_usage": True}} if on_text else {}
        )
        answer = await litellm.acompletion(
            model=self.name,
            messages=[dict(message) for message in messages],
            max_tokens=max_tokens,
            temperature=TEMPERATURE,
            timeout=HTTP_SECONDS,
            num_retries=0,
            max_retries=0,
            **options,
            **await self._special(),
        )
        if on_text:
            return await self._listen(answer, on_text)
        choice = answer.choices[0] if answer.choices else None
        text = (choice.message.content or "") if choice else ""
        return _Reply(
            text, answer.model or "", choice and choice.finish_reason, getattr(answer, "usage", None)
        )

    async def _listen(self, stream: Any, on_text: OnText) -> _Reply:
        """Hand pieces on as they come; a stream that falls silent or ends too early is an error."""
        pieces: list[str] = []
        finish, usage = None, None
        heard = stream.completion_stream = _Heard(stream.completion_stream)
        async with aclosing(stream):
            while True:
                try:
                    async with asyncio.timeout(self._max_silence) as silence:
                        chunk = await anext(stream)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    if not silence.expired():
                        raise
                    raise ModelTimeout(
                        f"{self.name} fell silent for {self._max_silence:g} s in the middle of its reply.",
                        "Ask again, or raise CATENA_MODEL_SILENCE.",
                    ) from None
                usage = getattr(chunk, "usage", None) or usage
                choice = chunk.choices[0] if chunk.choices else None
                finish = (choice and choice.finish_reason) or finish
                if choice and choice.delta.content:
                    pieces.append(choice.delta.content)
                    on_text(choice.delta.content)
        # LiteLLM makes up a "stop" where the connection just ended.
        if not (stream.received_finish_reason or stream.intermittent_finish_reason):
            raise ModelUnreachable(f"{self.name} broke off in the middle of its reply.", "Ask again.")
        return _Reply("".join(pieces), heard.model, finish, usage)

    async def _special(self) -> dict[str, Any]:
        """Ollama cuts a prompt silently unless told the window; a server of one's own needs no key."""
        special: dict[str, Any] = {"api_base": self.api_base} if self.api_base else {}
        if self.name.startswith(OLLAMA):
            special["num_ctx"] = await self.window()
        if self.api_base and self.name.startswith("openai/") and not os.environ.get("OPENAI_API_KEY"):
            special["api_key"] = "none"
        return special

    async def _completion(self, reply: _Reply, messages: Sequence[Message]) -> Completion:
        is_cut = reply.finish == "length"
        if not reply.text.strip():
            why = " It used up its tokens before it began to answer." if is_cut else ""
            raise ModelSilent(
                f"{self.name} sent a reply without text.{why}", "Ask again, or take another model."
            )
        read = int(getattr(reply.usage, "prompt_tokens", 0) or 0) or prompt_tokens(messages)
        written = int(getattr(reply.usage, "completion_tokens", 0) or 0) or num_tokens(reply.text)
        price = await self.price()
        cost = None if price is None else price.cost(read, written)
        return Completion(
            reply.text, reply.model or self.name, read, written, cost, is_cut=is_cut, asked=self.name
        )


class _Heard:
    """The provider's own stream, with the model that it names: LiteLLM puts the one that was asked in its place."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.model = ""

    def __aiter__(self) -> _Heard:
        return self

    async def __anext__(self) -> Any:
        chunk = await anext(self._stream)
        self.model = self.model or str(getattr(chunk, "model", None) or "")
        return chunk

    async def aclose(self) -> None:
        await (self._stream.aclose if hasattr(self._stream, "aclose") else self._stream.close)()
