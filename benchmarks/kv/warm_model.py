"""The recall model again, but learned: the planted weights, blurred by noise, are trained until they recall.

From random weights so small a model does not learn the task within minutes; from the blurred circuit it takes seconds.
What is learned knows only lengths up to the longest stage, about 1,100 tokens: longer documents are beyond its window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.benchmarks.kv.recall_model import Recall, make_recall, plant

KEPT, NOISE = 0.9, 0.04
"""Share of the planted weights, and standard deviation of what is added."""
GOAL = 0.97
LEARNING_RATE = 2e-3
WARM_UP = 30
"""Steps."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Documents of `num_tokens` with `num_facts`, `batch` of them a step, until `GOAL` or for `max_steps`."""

    num_tokens: int
    num_facts: int
    batch: int
    max_steps: int = 400


STAGES = (Stage(64, 16, 24), Stage(256, 30, 8), Stage(1024, 30, 2))
OnStep = Callable[[int, Stage, float], None]


def warm_model(*, seed: int = 0, on_step: OnStep | None = None) -> Any:
    """Train through the stages; the model is left in evaluation, with transformers' own attention."""
    model = _blurred(seed).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.05)
    number = 0
    for stage in STAGES:
        right = 0.0
        for _ in range(stage.max_steps):
            number += 1
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * min(1.0, number / WARM_UP)
            shares = _step(model, optimizer, stage, seed=100_000 * seed + number * stage.batch)
            right = 0.7 * right + 0.3 * shares
            if on_step:
                on_step(number, stage, right)
            if right >= GOAL:
                break
    return model.eval().requires_grad_(False)


def _blurred(seed: int) -> Any:
    model = plant(sharpness=8.0)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(KEPT).add_(torch.randn(parameter.shape, generator=random) * NOISE)
    return model


def _step(model: Any, optimizer: torch.optim.Optimizer, stage: Stage, seed: int) -> float:
    """One step on new documents, each followed by all of its questions; the share of right answers."""
    recalls = [
        make_recall(stage.num_tokens, stage.num_facts, seed=10_000_000 + seed + n) for n in range(stage.batch)
    ]
    logits = model(torch.stack([_asked(one) for one in recalls]), use_cache=False).logits
    asked = logits[:, stage.num_tokens + 1 :: 3]
    wanted = torch.stack([one.values for one in recalls])
    loss = torch.nn.functional.cross_entropy(asked.flatten(0, 1), wanted.flatten())
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float((asked.argmax(-1) == wanted).float().mean())


def _asked(recall: Recall) -> Tensor:
    """A document, and behind it each of its questions with the answer."""
    answered = [
        torch.cat((recall.question(fact), recall.values[fact : fact + 1])) for fact in range(len(recall.keys))
    ]
    return torch.cat((recall.tokens, *answered))
