"""Wrappers that keep replies, and serve what was answered before: a resumed or repeated run costs nothing twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from catena.llm.protocol import LLM, Completion, Message, OnText
from catena.llm.wrappers import LLMWrapper

KEPT = ("text", "model", "asked", "prompt_tokens", "completion_tokens", "is_cut", "alternatives")
"""What is kept of a reply."""


class CallStore(Protocol):
    """Store of replies, by the key of their request; a `History` is one."""

    def get_call(self, key: str, /) -> str | None: ...
    def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None: ...


class CallCache:
    """The kept calls of one model. `parameters` is all that makes a reply besides messages and length: model, address,
    temperature. A reply goes with the documents that it is about."""

    def __init__(self, store: CallStore, parameters: Mapping[str, Any], document_ids: Iterable[str]) -> None:
        self._store = store
        self._parameters = dict(parameters)
        self._document_ids = tuple(document_ids)

    async def get(self, messages: Sequence[Message], max_tokens: int) -> Completion | None:
        kept = await asyncio.to_thread(self._store.get_call, self._key(messages, max_tokens))
        return None if kept is None else Completion(**json.loads(kept), cost_usd=0.0, is_cached=True)

    async def put(self, messages: Sequence[Message], max_tokens: int, done: Completion) -> None:
        """Return once it is on disk."""
        kept = json.dumps({name: getattr(done, name) for name in KEPT}, ensure_ascii=False)
        await asyncio.to_thread(
            self._store.put_call, self._key(messages, max_tokens), kept, self._document_ids
        )

    def _key(self, messages: Sequence[Message], max_tokens: int) -> str:
        request = {
            **self._parameters,
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
        }
        return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


class CachedLLM(LLMWrapper):
    """Serves what is kept, and asks for nothing else."""

    def __init__(self, llm: LLM, calls: CallCache) -> None:
        super().__init__(llm)
        self._calls = calls

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        done = await self._calls.get(messages, max_tokens)
        if done is None:
            return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
        if on_text:
            on_text(done.text)
        return done


class RecordingLLM(LLMWrapper):
    """Keeps each reply before it returns; failed calls are not kept.

    It stands inside `LimitedLLM`, so that no call begins in the place of one whose reply is not on disk yet: a kill
    loses only what was under way, never more calls than the limit.
    """

    def __init__(self, llm: LLM, calls: CallCache) -> None:
        super().__init__(llm)
        self._calls = calls

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        done = await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
        await self._calls.put(messages, max_tokens, done)
        return done
