"""Wire format of a model's server, for any transport; and memory of what a server refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from catena.llm.protocol import Message
from catena.llm.spoken_text import legible

MOST_TOKENS = 100_000_000
"""A count that is larger, or negative, is no count."""
NEVER = -100.0
"""Log-probability of what does not come."""
Kind = Literal["status", "connection", "timeout", "body"]


@dataclass(frozen=True, slots=True)
class Raw:
    """A reply as it came. `finish` is the server's reason; `refusal` what it says in place of a reply."""

    text: str
    model: str = ""
    finish: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    refusal: str = ""
    has_reasoning: bool = False
    is_looping: bool = False
    alternatives: Mapping[str, float] = field(default_factory=dict)


class Failed(Exception):
    """A call that brought no reply: what the server said, with its status; or what happened to the connection."""

    def __init__(
        self, text: str, *, status: int = 0, kind: Kind = "status", retry_after: float | None = None
    ) -> None:
        super().__init__(text)
        self.text, self.status, self.kind, self.retry_after = text, status, kind, retry_after


@dataclass(slots=True)
class ServerQuirks:
    """Parameters a server was found to refuse, so that it is asked for each once; and whether the model thinks aloud.

    `without` names parameters, and `system` for messages of that role; `is_plain`: replies come without thoughts.
    """

    without: set[str] = field(default_factory=set)
    max_reply: int | None = None
    is_plain: bool = False
    thinks_unopened: bool = False

    def learn(self, failed: Failed) -> bool:
        """Tell whether a refusal names something that can be left out, which it then is from now on."""
        if failed.status not in (400, 404, 405, 415, 422, 500, 501) or is_too_long(failed.text):
            return False
        before = (len(self.without), self.max_reply)
        self._learn(failed.text.casefold())
        return before != (len(self.without), self.max_reply)

    def _learn(self, said: str) -> None:
        most = re.search(
            r"(?:at most|maximum(?: value)?(?: of| is)?|<=|less than or equal to)\s*`?(\d{2,6})", said
        )
        is_of_system = re.search(
            r"system|developer instruction|roles are supported|roles must alternate", said
        )
        if (
            is_of_system
            and re.search(r"role|message|instruction|prompt", said)
            and "system" not in self.without
        ):
            self.without.add("system")
        elif "stream_options" in said or "include_usage" in said:
            self.without.add("stream_options")
        elif "temperature" in said:
            self.without.add("temperature")
        elif "max_tokens" in said and most and "unsupported" not in said and self.max_reply is None:
            self.max_reply = int(most[1])
        elif "max_completion_tokens" in said and "max_tokens" in self.without:
            self.without.add("max_completion_tokens")
        elif "max_tokens" in said or "max_completion_tokens" in said:
            self.without.add("max_tokens")
        elif re.search(r"\bstream(?:ing|ed)?\b", said) and re.search(r"not|un|only|disabled", said):
            self.without.add("stream")

    def options(self, max_tokens: int, *, is_streamed: bool) -> dict[str, Any]:
        """The parameters of a request that are left."""
        allowed = min(max_tokens, self.max_reply or max_tokens)
        name = "max_completion_tokens" if "max_tokens" in self.without else "max_tokens"
        found: dict[str, Any] = {name: allowed, "temperature": 0}
        if is_streamed and "stream" not in self.without:
            found |= {"stream": True, "stream_options": {"include_usage": True}}
        return {key: value for key, value in found.items() if key not in self.without}

    def messages(self, messages: Sequence[Message]) -> list[dict[str, str]]:
        """The messages as the server takes them: without a role for instructions, those go to the user's first."""
        plain = [dict(message) for message in messages]
        if "system" not in self.without:
            return plain
        told = "\n\n".join(one["content"] for one in plain if one["role"] == "system")
        others = [one for one in plain if one["role"] != "system"] or [{"role": "user", "content": ""}]
        first = {**others[0], "content": f"{told}\n\n{others[0]['content']}".strip()}
        return [first, *others[1:]]


_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum context|max_new_tokens|max_model_len|n_ctx|context the overflows"
    r"|exceed\w*[^.]{0,40}(?:context|tokens? limit|input length)"
    r"|(?:prompt|input|request|messages?)[^.]{0,30} too (?:long|large)"
    r"|reduce the length|too many (?:input )?tokens|exceed_context",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"(?:maximum context length (?:is|of)|context length of only"
    r"|context (?:size|window|length)[^\d.]{0,24}|n_ctx\D{1,4}|must be <= ?|max_model_len\D{1,8})\s*(\d[\d,]{2,9})",
    re.IGNORECASE,
)


def is_too_long(said: str) -> bool:
    """Tell whether a server says that prompt and reply exceed its window."""
    return bool(_TOO_LONG.search(said))


def window_told(said: str) -> int | None:
    """The window that such a message names."""
    found = _WINDOW.search(said)
    return int(found[1].replace(",", "")) if found else None


def _count(value: object) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value <= MOST_TOKENS else 0  # type: ignore[operator, call-overload]


def _chance(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and NEVER < value <= 0
    return float(value) if is_number else NEVER  # type: ignore[arg-type]


def _word(value: object) -> str:
    return legible(value) if isinstance(value, str) else ""


def _content(value: object) -> str:
    """Text, or the text of parts; parts of thoughts are none."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _content(value.get("text") or value.get("content")) if _is_said(value) else ""
    return "".join(_content(one) for one in value) if isinstance(value, list) else ""


def _is_said(part: dict[Any, Any]) -> bool:
    return str(part.get("type", "text")) in ("text", "output_text", "message")


Count = Annotated[int, BeforeValidator(_count)]
Chance = Annotated[float, BeforeValidator(_chance)]
Word = Annotated[str, BeforeValidator(_word)]
Content = Annotated[str, BeforeValidator(_content)]


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Usage(_Loose):
    prompt_tokens: Count = 0
    completion_tokens: Count = 0


class Said(_Loose):
    """A message, or a piece of one."""

    content: Content = ""
    refusal: Word = ""
    reasoning: Content = ""
    reasoning_content: Content = ""


def _one(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _several(value: object) -> object:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


class Alternative(_Loose):
    """What a token might have been."""

    token: Word = ""
    logprob: Chance = NEVER


class Place(_Loose):
    """A token of a reply, and what might have stood there."""

    top_logprobs: Annotated[list[Alternative], BeforeValidator(_several)] = []


class Logprobs(_Loose):
    content: Annotated[list[Place], BeforeValidator(_several)] = []


class Choice(_Loose):
    message: Annotated[Said, BeforeValidator(_one)] = Said()
    delta: Annotated[Said, BeforeValidator(_one)] = Said()
    text: Content = ""
    finish_reason: Word = ""
    logprobs: Annotated[Logprobs, BeforeValidator(_one)] = Logprobs()

    @property
    def said(self) -> Said:
        """The message, the piece, or the text of a plain completion."""
        found = self.message if self.message != Said() else self.delta
        return found.model_copy(update={"content": found.content or self.text})

    @property
    def alternatives(self) -> dict[str, float]:
        """What the first token might have been, with its log-probability."""
        told = [one for place in self.logprobs.content[:1] for one in place.top_logprobs]
        return {one.token: one.logprob for one in told if one.logprob > NEVER}


class Body(_Loose):
    """A reply, or a piece of one, as far as it is used; what has another type than it should counts as absent."""

    model: Word = ""
    choices: Annotated[list[Choice], BeforeValidator(_several)] = []
    usage: Annotated[Usage, BeforeValidator(_one)] = Usage()

    @property
    def first(self) -> Choice:
        return self.choices[0] if self.choices else Choice()

    @property
    def raw(self) -> Raw:
        choice, said = self.first, self.first.said
        return Raw(
            said.content,
            self.model,
            choice.finish_reason,
            self.usage.prompt_tokens,
            self.usage.completion_tokens,
            said.refusal,
            bool(said.reasoning or said.reasoning_content),
            alternatives=choice.alternatives,
        )


def error_text(body: object) -> str:
    """Return the text of an error body, in whatever form; nothing where it is none."""
    try:
        return _error_text(body)
    except RecursionError:
        return "It sent JSON without end."


def _error_text(body: object) -> str:
    if isinstance(body, list) and body:
        return _error_text(body[0])
    if not isinstance(body, dict):
        return ""
    if body.get("object") == "error" or ("message" in body and "choices" not in body):
        return _flat(body.get("message"))
    for name in ("error", "detail", "errors"):
        if body.get(name):
            return _flat(body[name])
    return ""


def _flat(value: object) -> str:
    if isinstance(value, dict):
        parts = [_flat(value[key]) for key in ("loc", "message", "msg", "param", "code") if value.get(key)]
        words = dict.fromkeys(part for part in parts if part and not part.isdigit())
        return ": ".join(words) or " ".join(map(_flat, value.values()))
    if isinstance(value, list):
        return " ".join(_flat(one) for one in value)
    return str(value) if value is not None else ""
