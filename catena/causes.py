"""Facts that errors carry: why a document cannot be read, what was damaged, and what a question took until then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DamagedPart = Literal[
    "page",
    "words",
    "passages",
    "vectors",
    "search index",
    "outline",
    "entry",
    "list of documents",
    "word index",
    "kept answer",
    "kept vote",
]
FailureReason = Literal[
    "not_a_document",
    "wrong_type",
    "unsupported",
    "needs_password",
    "damaged",
    "too_big",
    "changing",
    "timeout",
    "out_of_memory",
    "crashed",
    "no_text",
]


@dataclass(frozen=True, slots=True)
class Usage:
    """Of calls that were made; `cached` is how many more were served from the library, at no cost.

    `cost_usd` is None where the price of one of the models is not known.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    cached: int = 0

    @property
    def num_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens
