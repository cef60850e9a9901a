"""The seam to language models. Who reads or writes with a model needs this file alone.

    done = await llm.complete(messages, max_tokens=400, role="worker", on_text=show)
    done.text, done.model, done.prompt_tokens, done.cost_usd, done.is_cached

An `LLM` given to you is already composed (`catena/models/opening.py`): each wrapper is an `LLM` around another
and does one thing. From the outside in:

    Metered    sums usage and cost per role; the Answer's usage comes from its `Meter`, nowhere else
    Deadline   the question's `max_seconds`                                            -> Stopped
    Fallback   asks a second model once the first has failed; the answer names both
    Cached     serves a request that was answered before, from the library, at no cost
    Limited    so many calls to one model at once, over all questions
    Retried    calls again after what may pass (busy, broken, unreachable, cut off), within
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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Message = Mapping[str, str]
"""`{"role": "system" | "user" | "assistant", "content": text}`"""
OnText = Callable[[str], None]
"""Gets the reply piece by piece as it comes; "" means: forget the pieces so far, the call begins again."""


@dataclass(frozen=True, slots=True)
class Completion:
    """`asked` is the LiteLLM name of the model that was asked, `model` who answered, as the server names it.

    `cost_usd` is None where the price is not known, and 0 for what came from the cache, whose tokens are those
    of the call that was kept. `is_cut`: the reply stopped at `max_tokens`. `notice` is a line that the answer
    must carry, such as that a fallback answered.
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


_TOKEN = re.compile(r"\n|[A-Za-z][a-z]{1,4}|[A-Z]{1,3}|[a-z]|[^\sA-Za-z]")
FRAME = 8
"""Tokens that chat templates add around a message."""


def num_tokens(text: str) -> int:
    """Estimate the tokens of a text from above, whatever the tokenizer.

    Digits, marks, line ends and letters beyond ASCII count one each, as do five letters, or three capitals, of a
    word. Over English books and 10-Ks 1.1 to 1.5 times what OpenAI's cl100k_base makes of them.
    """
    return len(_TOKEN.findall(text))


def head(text: str, max_tokens: int) -> str:
    """Return as much of a text as `num_tokens` counts no more tokens in."""
    for at, token in enumerate(_TOKEN.finditer(text)):
        if at == max_tokens:
            return text[: token.start()]
    return text


def prompt_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a whole prompt from above."""
    return sum(num_tokens(message["content"]) + FRAME for message in messages)
