"""The seam to language models. Who reads or writes with a model needs this file alone.

    done = await llm.complete(messages, max_tokens=400, role="worker", on_text=show)
    done.text, done.model, done.prompt_tokens, done.cost_usd, done.is_cached

An `LLM` given to you is already composed (`catena/llm_factory.py`): each wrapper is an `LLM` around another
and does one thing. From the outside in:

    Metered    sums usage and cost per role; the Answer's usage comes from its `Meter`, nowhere else
    Deadline   the question's `max_seconds`                                            -> Stopped
    Fallback   asks a second model once the first has failed; the answer names both
    Headroom   a longer reply, where a setting asks for it
    Cached     serves a request that was answered before, from the library, at no cost
    Limited    so many calls to one model at once, over all questions
    Recording  has a reply on disk before another call takes its place: a kill loses only calls under way
    Retrying   calls again after what may pass (busy, broken, unreachable, cut off), within
               one deadline, pauses included                                           -> ModelTimeout
    Budgeted   reserves calls, tokens and money for the worst case before, settles after -> Stopped
    LiteLLM    one HTTP request

So a caller never counts, retries, caches or times anything. What it may see raised:

- `Stopped`: a cap is reached and this call was not made. Keep what was found; the answer's status is `stopped`.
- `ModelError` and its kinds: this call failed for good, after all retries and the fallback.
- `OptionError`: a cap on money, and no price is known.
- Cancelling the task closes the HTTP request.

Two models may be given, `answering` and `small` (`Models`): workers and demonstrations take the small one, which
is the answering one where none is set.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

Message = Mapping[str, str]
"""`{"role": "system" | "user" | "assistant", "content": text}`"""
OnText = Callable[[str], None]
"""Gets the reply piece by piece as it comes; "" means: forget the pieces so far, the call begins again."""


def chat(system: str, user: str) -> list[Message]:
    """The two messages of a prompt."""
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


@dataclass(frozen=True, slots=True)
class Completion:
    """`asked` is the LiteLLM name of the model that was asked, `model` who answered, as the server names it.

    `cost_usd` is None where the price is not known, and 0 for what came from the cache, whose tokens are those
    of the call that was kept. `is_cut`: the reply stopped at `max_tokens`. `notice` is a line that the answer
    must carry, such as that a fallback answered. `alternatives`: what the first token might have been, with its natural
    log-probability, where the server was asked for that.
    """

    text: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    is_cut: bool = False
    is_cached: bool = False
    asked: str = ""
    notice: str = ""
    alternatives: Mapping[str, float] = field(default_factory=dict)

    @property
    def who(self) -> str:
        """The model that was asked; and who answered, where the server names another."""
        is_same = self.model in ("", self.asked) or self.asked.endswith(f"/{self.model}")
        return (
            self.asked
            if is_same
            else f"{self.asked} (answered by {self.model})"
            if self.asked
            else self.model
        )


class LLM(Protocol):
    """A model that completes a chat. Raises ModelError or Stopped, never returns an empty text."""

    @property
    def name(self) -> str:
        """LiteLLM's name of it, provider in front."""

    async def window(self) -> int:
        """Tokens that prompt and reply share."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        """Return the reply. `role` says for whom usage is counted: worker, manager, answer, judge, …

        With `on_text` the reply is streamed to it; it is returned whole all the same.
        """


class Billed(LLM, Protocol):
    """A model whose price may be known."""

    async def price(self) -> Price | None: ...


@dataclass(frozen=True, slots=True)
class Price:
    """USD per token. Above `long_from` prompt tokens the long prices count, for the whole request."""

    input: float
    output: float
    long_from: int | None = None
    long_input: float = 0.0
    long_output: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int, longest: int | None = None) -> float:
        """USD for one request; for several together, with the tokens of the `longest` prompt, at most."""
        of_one = prompt_tokens if longest is None else longest
        if self.long_from is not None and of_one > self.long_from:
            return prompt_tokens * self.long_input + completion_tokens * self.long_output
        return prompt_tokens * self.input + completion_tokens * self.output


_TOKEN = re.compile(r"\n|[ \t]{2,}|[A-Za-z][a-z]{1,4}|[A-Z]{1,3}|[a-z]|[^\sA-Za-z]")
_MORE = (
    (1, re.compile(r"[^\S\x00-\x7f]")),
    (1, re.compile(r"[\u2000-\u200f\u2028-\u206f\u3000]")),
    (1, re.compile(r"[\u00c0-\u024f\u0370-\u03ff\u0400-\u042f\u0590-\u05ff\u0700-\u0e7f]")),
    (2, re.compile(r"[\u0530-\u058f]")),
    (2, re.compile(r"[\u0e80-\u1eff\u2070-\u2e7f\ua000-\uabff]")),
    (2, re.compile(r"[\u1f00-\u1fff\ue000-\ufeff]")),
    (1, re.compile(r"[\uff00-\uffff]")),
    (3, re.compile(r"[\U00010000-\U0010ffff]")),
    (1, re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff]{1,2}")),
)
"""Tokens beyond those of `_TOKEN`, by what cl100k_base makes of each block; of two Chinese characters three."""
KEPT = 2000
"""Characters of a text whose count is kept: passages and prompts' own words are counted again in every question."""
FRAME = 8
"""Tokens that chat templates add around a message."""


def num_tokens(text: str) -> int:
    """Estimate the tokens of a text from above, whatever the tokenizer.

    Digits, marks, line ends and letters of European and Semitic scripts count one each, as do five letters, or three
    capitals, of an English word; what stands further on in Unicode counts more. Over English books and 10-Ks 1.1 to
    1.5 times what OpenAI's cl100k_base makes of them.
    """
    return _kept(text) if len(text) <= KEPT else _count(text)


def _count(text: str) -> int:
    found = len(_TOKEN.findall(text))
    if text.isascii():
        return found
    return found + sum(more * len(pattern.findall(text)) for more, pattern in _MORE)


_kept = lru_cache(maxsize=16_384)(_count)


def head(text: str, max_tokens: int) -> str:
    """Return as much of a text as `num_tokens` counts no more tokens in."""
    if num_tokens(text) <= max_tokens:
        return text
    return text[: bisect_right(range(len(text)), max_tokens, key=lambda end: num_tokens(text[:end])) - 1]


def prompt_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a whole prompt from above."""
    return sum(num_tokens(message["content"]) + FRAME for message in messages)
