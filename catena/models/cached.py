"""A wrapper that serves a request which was answered before, so that a resumed or repeated run costs nothing twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from catena.llm import LLM, Completion, Message, OnText


class CallStore(Protocol):
    """Where replies are kept, by the key of their request; a `Library` is one."""

    def get_call(self, key: str, /) -> str | None: ...
    def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None: ...


class Cached:
    """`parameters` is all that makes the reply besides messages and length: model, address, temperature.

    A reply goes with the documents that it is about. Failed calls are not kept.
    """

    def __init__(
        self, llm: LLM, store: CallStore, parameters: Mapping[str, Any], document_ids: Iterable[str]
    ) -> None:
        self._llm = llm
        self._store = store
        self._parameters = dict(parameters)
        self._document_ids = tuple(document_ids)
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
        key = self._key(messages, max_tokens)
        kept = await asyncio.to_thread(self._store.get_call, key)
        if kept is not None:
            done = _from_json(kept)
            if on_text:
                on_text(done.text)
            return done
        done = await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
        await asyncio.to_thread(self._store.put_call, key, _to_json(done), self._document_ids)
        return done

    def _key(self, messages: Sequence[Message], max_tokens: int) -> str:
        request = {
            **self._parameters,
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
        }
        return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _to_json(done: Completion) -> str:
    return json.dumps(
        {
            "text": done.text,
            "model": done.model,
            "asked": done.asked,
            "prompt_tokens": done.prompt_tokens,
            "completion_tokens": done.completion_tokens,
            "is_cut": done.is_cut,
        },
        ensure_ascii=False,
    )


def _from_json(kept: str) -> Completion:
    return Completion(**json.loads(kept), cost_usd=0.0, is_cached=True)
