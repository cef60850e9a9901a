"""The next token of one row, from its logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.errors import OptionError


@dataclass(frozen=True, slots=True)
class Sampling:
    """`temperature` 0 takes the likeliest token; `top_p` keeps the likeliest that hold that share."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 2:
            raise OptionError(f"temperature must lie between 0 and 2, not {self.temperature:g}.")
        if not 0 < self.top_p <= 1:
            raise OptionError(f"top_p must lie above 0 and not above 1, not {self.top_p:g}.")

    def generator(self) -> torch.Generator:
        made = torch.Generator()
        if self.seed is None:
            made.seed()
        else:
            made.manual_seed(self.seed)
        return made


@dataclass(frozen=True, slots=True)
class Place:
    """A token of an answer: its text, the log-probability, and the likeliest ones there with theirs."""

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...]


def place_of(logits: Tensor, token: int, count: int, tokenizer: Any) -> Place:
    """Tell a token's chance, and those of the `count` likeliest, by the model's logits (V)."""
    logprobs = logits.float().log_softmax(-1)
    best = logprobs.topk(min(count, len(logprobs)))
    words = [tokenizer.decode([one]) for one in best.indices.tolist()]
    return Place(
        tokenizer.decode([token]),
        float(logprobs[token]),
        tuple(zip(words, best.values.tolist(), strict=True)),
    )


def sample(logits: Tensor, sampling: Sampling, random: torch.Generator) -> int:
    """Choose one token from logits (V)."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    odds = (logits.float().cpu() / sampling.temperature).softmax(-1)
    if sampling.top_p < 1:
        best, order = odds.sort(descending=True, stable=True)
        is_beyond = best.cumsum(-1) - best >= sampling.top_p
        odds = torch.zeros_like(odds).scatter_(0, order, best.masked_fill(is_beyond, 0))
    return int(torch.multinomial(odds, 1, generator=random))
