"""`catena serve-model` from the other side: documents that it reads once, and what it looks at when it answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catena.errors import ModelBusy, ModelError, ModelRefused, ModelUnreachable, OptionError
from catena.options import START_SERVER
from catena.redaction import has_secret, public_address

SECONDS = 3600.0
"""A long question of a book takes minutes on a CPU; the run's own caps come first."""


class _NotThere(ModelRefused):
    """The server does not know the document, or knows no documents."""


@dataclass(frozen=True, slots=True)
class Served:
    """A document at the server. `status` is queued, reading, ready or failed."""

    id: str
    status: str
    tokens_done: int
    num_tokens: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class KVResult:
    """Reply of the model, and `spans` (start, end, share) of the document's text by the attention they got.

    `alternatives`: what its first token might have been, with its log-probability, where that was asked for.
    """

    text: str
    spans: tuple[tuple[int, int, float], ...]
    prompt_tokens: int
    completion_tokens: int
    is_cut: bool
    alternatives: Mapping[str, float] = field(default_factory=dict)


class KVServer:
    """Calls block; every one raises ModelError where the server cannot be used, the address included: OptionError.

    `name` is what it is known by: its address, or the local model that a server of ours serves now here, now there.
    """

    def __init__(self, api_base: str, *, key: str = "", name: str = "") -> None:
        if not api_base.startswith(("http://", "https://")):
            raise OptionError(
                f"{public_address(api_base)!r} is no address of a server.",
                "It begins with http:// or https://.",
            )
        if has_secret(api_base):
            raise OptionError(
                f"{public_address(api_base)} holds a key or a password.",
                "A KV-page server takes its key from OPENAI_API_KEY: give the address without.",
            )
        self.api_base = api_base.rstrip("/")
        self.name = name or self.api_base
        self._key = key

    def check(self) -> None:
        """Raise OptionError where something else answers at the address."""
        try:
            self._call("GET", "/documents")
        except _NotThere as error:
            raise OptionError(f"At {self.api_base} there is no KV-page server.", START_SERVER) from error

    def add(self, text: str, *, policy: str = "full", goes_first: Sequence[tuple[int, int]] = ()) -> Served:
        """Give a text to be read with a policy; the same again is the same document.

        `goes_first` are start and end of what may be merged before the rest: table rows.
        """
        body = {"text": text, "policy": policy, "goes_first": goes_first}
        return _served(self._call("POST", "/documents", body))

    def state(self, served_id: str) -> Served | None:
        """Return the progress of a document; nothing if the server does not know it (any more)."""
        try:
            return _served(self._call("GET", f"/documents/{served_id}"))
        except _NotThere:
            return None

    def delete(self, served_id: str) -> None:
        """Delete a document and its KV cache; one that is not there is no error."""
        try:
            self._call("DELETE", f"/documents/{served_id}")
        except _NotThere:
            return

    def ask(
        self,
        served_id: str,
        question: str,
        *,
        model: str,
        policy: str,
        budget: float | None,
        max_tokens: int,
        num_alternatives: int = 0,
    ) -> KVResult:
        """Ask one document, and learn which parts of its text got the attention."""
        chances = {"logprobs": True, "top_logprobs": num_alternatives} if num_alternatives else {}
        data = self._call(
            "POST",
            "/chat/completions",
            {
                "model": model,
                "messages": [{"role": "user", "content": question}],
                "temperature": 0,
                "max_tokens": max_tokens,
                "kv": {"document_id": served_id, "policy": policy, "budget": budget, "spans": True},
                **chances,
            },
        )
        choice, usage = data["choices"][0], data["usage"]
        told = (choice.get("logprobs") or {}).get("content") or []
        return KVResult(
            choice["message"]["content"],
            tuple((start, end, share) for start, end, share in data["kv"].get("spans", ())),
            usage["prompt_tokens"],
            usage["completion_tokens"],
            choice["finish_reason"] == "length",
            {one["token"]: one["logprob"] for place in told[:1] for one in place["top_logprobs"]},
        )

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api_base}{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        if self._key:
            request.add_header("Authorization", f"Bearer {self._key}")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise _explained(error, self.api_base) from None
        except (OSError, ValueError) as error:
            raise ModelUnreachable(
                f"The server at {self.api_base} cannot be used: {error}", START_SERVER
            ) from error


def _served(data: Any) -> Served:
    return Served(
        data["id"], data["status"], data["tokens_done"], data["num_tokens"], data.get("error") or ""
    )


def _explained(error: urllib.error.HTTPError, where: str) -> ModelError:
    try:
        message = str(json.load(error)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"HTTP {error.code}"
    if error.code == 429:
        return ModelBusy(f"The server at {where} is busy: {message}", "Ask again in a few seconds.")
    if error.code == 401:
        remedy = "Set OPENAI_API_KEY to the key that `catena serve-model` printed, or to one of its key file."
        return ModelRefused(f"The server at {where} does not accept the key.", remedy)
    if error.code == 403:
        remedy = "Name it by 127.0.0.1 or localhost and its own port."
        return ModelRefused(f"The server at {where} refused: {message}", remedy)
    if error.code == 404:
        return _NotThere(f"The server at {where} does not know that: {message}", START_SERVER)
    if error.code < 500:
        return ModelRefused(f"The server at {where} refused: {message}", "Check the policy and the budget.")
    return ModelUnreachable(f"The server at {where} failed: {message}", "Its output says more.")
