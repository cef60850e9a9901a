"""Answers in OpenAI's form: whole, as server-sent events, and errors."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from catena.errors import CatenaError, ModelBusy, OptionError, StoreError
from catena.kv.engine.document_registry import ServedDocument
from catena.kv.engine.engine import AnswerUsage
from catena.kv.engine.sampling import Place

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """The frame that all parts of one answer share."""

    kind: Literal["chat", "text"]
    model: str
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(
        self, text: str, finish: str, use: AnswerUsage, extra: Json, places: Sequence[Place] = ()
    ) -> Json:
        if self.kind == "chat":
            choice: Json = {"message": {"role": "assistant", "content": text}}
        else:
            choice = {"text": text}
        return {
            **self._frame("chat.completion" if self.kind == "chat" else "text_completion"),
            "choices": [{"index": 0, **choice, "finish_reason": finish, "logprobs": logprobs(places)}],
            **usage(use, extra),
        }

    def begin(self) -> Json:
        return self._chunk({"role": "assistant", "content": ""} if self.kind == "chat" else "", None)

    def part(self, text: str, places: Sequence[Place] = ()) -> Json:
        return self._chunk({"content": text} if self.kind == "chat" else text, None, places)

    def end(self, finish: str) -> Json:
        return self._chunk({} if self.kind == "chat" else "", finish)

    def use(self, use: AnswerUsage, extra: Json) -> Json:
        return {**self._frame(self._object), "choices": [], **usage(use, extra)}

    @property
    def _object(self) -> str:
        return "chat.completion.chunk" if self.kind == "chat" else "text_completion"

    def _chunk(self, new: Json | str, finish: str | None, places: Sequence[Place] = ()) -> Json:
        choice: Json = {"index": 0, **({"delta": new} if self.kind == "chat" else {"text": new})}
        if places:
            choice["logprobs"] = logprobs(places)
        return {**self._frame(self._object), "choices": [{**choice, "finish_reason": finish}]}

    def _frame(self, kind: str) -> Json:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def logprobs(places: Sequence[Place]) -> Json | None:
    """Return the chances of tokens and of what else might have stood there; nothing where they were not asked for."""
    if not places:
        return None
    told = [
        {**_chance(one.token, one.logprob), "top_logprobs": [_chance(*other) for other in one.alternatives]}
        for one in places
    ]
    return {"content": told, "refusal": None}


def _chance(token: str, logprob: float) -> Json:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def usage(use: AnswerUsage, extra: Json) -> Json:
    """OpenAI's counts, and beside them what the document cost: `kv`."""
    return {
        "usage": {
            "prompt_tokens": use.prompt_tokens,
            "completion_tokens": use.completion_tokens,
            "total_tokens": use.prompt_tokens + use.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": use.cached_tokens},
        },
        "kv": {
            "pages_selected": use.pages_selected,
            "bytes_selected": use.bytes_selected,
            "bytes_loaded": use.bytes_loaded,
            "ttft_ms": round(use.seconds_to_first * 1000, 1),
            **extra,
        },
    }


def event(data: Json) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def error_body(message: str, kind: str = "invalid_request_error", code: str | None = None) -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def status_of(error: CatenaError) -> int:
    """The HTTP status that an error of ours is."""
    if isinstance(error, OptionError):
        return 400
    if isinstance(error, ModelBusy):
        return 429
    return 409 if isinstance(error, StoreError) else 500


def document_body(document: ServedDocument) -> Json:
    return {
        "id": document.key,
        "object": "document",
        "status": document.status,
        "policy": document.policy,
        "num_tokens": document.num_tokens,
        "tokens_done": document.tokens_done,
        "error": document.error or None,
    }
