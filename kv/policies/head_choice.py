"""Scores of KV pages become the KV pages that each head sees."""

from __future__ import annotations

import torch
from torch import Tensor

from catena.kv.policies.policy import Policy


def reduce_heads(scores: Tensor, policy: Policy) -> Tensor:
    """(Hkv, G, T, P) to (H, P): one score for the question's tokens, and the best of the heads that choose together.

    Where a whole layer chooses, the heads' scores are summed.
    """
    best = scores.amax(2) if policy.over_tokens == "max" else scores.mean(2)
    if policy.granularity == "query_head":
        return best.flatten(0, 1)
    if policy.granularity == "kv_head":
        return best.amax(1)
    return best.sum((0, 1))[None]


def window_scores(count: int, device: torch.device | None = None) -> Tensor:
    """A window's: the later a KV page, the better (1, P)."""
    return torch.arange(count, dtype=torch.float32, device=device)[None]


def choose(scores: Tensor, policy: Policy) -> Tensor:
    """The KV pages of each row of scores (H, P), in reading order: (H, k). Ties go to the earlier KV page."""
    total = scores.shape[-1]
    count = policy.num_pages(total)
    scores = scores.clone()
    scores[:, : policy.sink_pages] = torch.inf
    if policy.local_pages:
        scores[:, -policy.local_pages :] = torch.inf
    order = scores.argsort(dim=-1, descending=True, stable=True)
    return order[:, :count].sort(dim=-1).values
