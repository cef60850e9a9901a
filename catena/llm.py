"""The one way to a language model: a protocol, and LiteLLM behind it.

LiteLLM takes seconds to import, so it is loaded by the first call and never without a model. Deadlines and
retries are ours: every call ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from catena.errors import ModelSilent, ModelTimeout
from catena.modelerrors import explain, retry_after

DEFAULT_WINDOW = 8192
"""Tokens, for models that LiteLLM's table does not know: what small local models are run with."""
MAX_RETRIES = 3
FIRST_PAUSE = 0.5
"""Seconds before the first retry; doubled each time, unless the server says when to come back."""
LOCAL = ("ollama/", "ollama_chat/")

Message = Mapping[str, str]
"""`{"role": "system" | "user", "content": text}`"""


@dataclass(frozen=True, slots=True)
class Completion:
    """`model` is who answered, as the server names it; `cost_usd` is 0 where the price is not known.

    `is_cut`: the reply stopped at `max_tokens`.
    """

    text: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    is_cut: bool = False


class LLM(Protocol):
    """A model that completes a chat. Raises ModelError, never returns an empty text."""

    @property
    def name(self) -> str: ...

    async def window(self) -> int:
        """Tokens that prompt and reply share."""

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion: ...


class LiteLLM:
    """Any model that LiteLLM reaches; keys come from the providers' own environment variables."""

    def __init__(
        self,
        model: str,
        api_base: str | None = None,
        *,
        timeout: float = 180.0,
        context_window: int | None = None,
        max_retries: int = MAX_RETRIES,
    ) -> None:
        """`timeout` is in seconds and for a whole call, retries and pauses included."""
        self.name = model
        self._api_base = api_base
        self._timeout = timeout
        self._context_window = context_window
        self._max_retries = max_retries

    async def window(self) -> int:
        """The setting, else LiteLLM's bundled table, else 8192."""
        if self._context_window:
            return self._context_window
        facts = _facts(await asyncio.to_thread(load), self.name)
        return int(facts.get("max_input_tokens") or facts.get("max_tokens") or DEFAULT_WINDOW)

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        """Return the reply. Raises ModelError, whose class says what went wrong."""
        litellm = await asyncio.to_thread(load)
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._persist(litellm, messages, max_tokens)
        except TimeoutError:
            reply = None
        if reply is None:
            raise ModelTimeout(
                f"{self.name} did not answer within {self._timeout:g} s.",
                "Ask again, take a faster model, or raise CATENA_MODEL_SECONDS.",
            )
        return self._completion(litellm, reply)

    async def _persist(self, litellm: Any, messages: Sequence[Message], max_tokens: int) -> Any:
        """Call again after what may pass, with pauses; the deadline is around all of it."""
        for attempt in range(self._max_retries + 1):
            problem, wait = None, None
            try:
                return await self._call(litellm, messages, max_tokens)
            except (litellm.exceptions.OpenAIError, *litellm.LITELLM_EXCEPTION_TYPES) as error:
                problem, wait = explain(error, self.name, self._api_base), retry_after(error)
            # Raised outside of `except`: the provider's own words may hold the key.
            if not problem.retryable or attempt == self._max_retries:
                raise problem
            await asyncio.sleep(FIRST_PAUSE * 2**attempt if wait is None else wait)
        raise AssertionError("the last attempt returns or raises")

    async def _call(self, litellm: Any, messages: Sequence[Message], max_tokens: int) -> Any:
        # Of types that LiteLLM imports when they are first needed.
        warnings.filterwarnings("ignore", r"Items? '.*' on TypedDict class", UserWarning)
        return await litellm.acompletion(
            model=self.name,
            messages=[dict(message) for message in messages],
            max_tokens=max_tokens,
            temperature=0,
            timeout=self._timeout + 5,  # ours comes first
            num_retries=0,
            max_retries=0,
            **await self._special(),
        )

    async def _special(self) -> dict[str, Any]:
        """Ollama cuts a prompt silently unless told the window; a server of one's own needs no key."""
        special: dict[str, Any] = {"api_base": self._api_base} if self._api_base else {}
        if self.name.startswith(LOCAL):
            special["num_ctx"] = await self.window()
        if self._api_base and self.name.startswith("openai/") and not os.environ.get("OPENAI_API_KEY"):
            special["api_key"] = "none"
        return special

    def _completion(self, litellm: Any, reply: Any) -> Completion:
        choice = reply.choices[0] if reply.choices else None
        text = (choice.message.content or "") if choice else ""
        is_cut = choice is not None and choice.finish_reason == "length"
        if not text.strip():
            why = " It used up its tokens before it began to answer." if is_cut else ""
            raise ModelSilent(
                f"{self.name} sent a reply without text.{why}", "Ask again, or take another model."
            )
        usage = getattr(reply, "usage", None)
        read = int(getattr(usage, "prompt_tokens", 0) or 0)
        written = int(getattr(usage, "completion_tokens", 0) or 0)
        facts = _facts(litellm, self.name)
        cost = read * float(facts.get("input_cost_per_token") or 0.0)
        cost += written * float(facts.get("output_cost_per_token") or 0.0)
        return Completion(text, str(reply.model or self.name), read, written, cost, is_cut)


def num_tokens(text: str) -> int:
    """Estimate the tokens of a text from above, whatever the tokenizer: digits and marks count one each."""
    num_letters = words = others = 0
    for word in text.split():
        letters = sum(char.isascii() and char.isalpha() for char in word)
        words += -(-letters // 5)
        others += len(word) - letters
        num_letters += letters
    return words + others


_loading = threading.Lock()


def load() -> Any:
    """Import LiteLLM, quiet and offline: its tables are the bundled ones."""
    with _loading:
        return _load()


@cache
def _load() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = True  # some models take no temperature
    litellm.disable_aiohttp_transport = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return litellm


def _facts(litellm: Any, model: str) -> Mapping[str, Any]:
    """Window and prices of a model, from the bundled table; nothing for one that it does not know."""
    provider, _, short = model.partition("/")
    known: Mapping[str, Any] | None = litellm.model_cost.get(model)
    if known is None and short:
        entry = litellm.model_cost.get(short, {})
        known = entry if entry.get("litellm_provider") == provider else {}
    return known or {}
