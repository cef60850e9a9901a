"""Digests: few vectors in place of a KV page's keys when it is scored.

Shapes: Hkv key heads, P KV pages of S tokens, D channels. `valid` (P, S) is False behind the end of the last KV page.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Digest = Callable[[Tensor, Tensor], Tensor]
"""keys (Hkv, P, S, D), valid (P, S) -> (R, Hkv, P, D): R = 2 for an upper and lower bound, else 1."""
REPRESENTATIVES = 4
"""Tokens that stand for a KV page (InfLLM)."""


def bound(keys: Tensor, valid: Tensor) -> Tensor:
    """Channel-wise maximum and minimum (Quest, section 3.2)."""
    hidden = ~valid[..., None]
    return torch.stack(
        (keys.masked_fill(hidden, -torch.inf).amax(2), keys.masked_fill(hidden, torch.inf).amin(2))
    )


def mean(keys: Tensor, valid: Tensor) -> Tensor:
    """The mean key."""
    return _mean(keys, valid)[None]


def cuboid(keys: Tensor, valid: Tensor) -> Tensor:
    """Mean plus and minus the mean absolute deviation of each channel (ArkVale, section 4.1, "cuboid-mean")."""
    centre = _mean(keys, valid)
    spread = _mean((keys - centre[:, :, None]).abs(), valid)
    return torch.stack((centre + spread, centre - spread))


def last(keys: Tensor, valid: Tensor) -> Tensor:
    """The key of the last token."""
    ends = valid.sum(-1) - 1
    return keys[:, torch.arange(len(ends), device=keys.device), ends][None]


def pooled(keys: Tensor, valid: Tensor) -> Tensor:
    """The keys pooled by their own attention to the KV page's mean key (after LongHeads, section 2.2).

    Adapted: LongHeads pools with the mean output of attention inside the chunk, queries included; a cache has none.
    """
    centre = _mean(keys, valid)
    scores = torch.einsum("hpd,hpsd->hps", centre, keys) / keys.shape[-1] ** 0.5
    weights = scores.masked_fill(~valid, -torch.inf).softmax(-1)
    return torch.einsum("hps,hpsd->hpd", weights, keys)[None]


def representative(keys: Tensor, valid: Tensor, received: Tensor) -> Tensor:
    """The mean of the few keys of a KV page that received most attention (Hq, N), each query head for itself.

    InfLLM, section 3.2 and its code: four tokens. Returns (1, Hq, P, D).
    """
    pages, size = valid.shape
    padded = torch.nn.functional.pad(received, (0, pages * size - received.shape[1]))
    looks = padded.view(-1, pages, size).masked_fill(~valid, -torch.inf)
    order = looks.argsort(dim=-1, descending=True, stable=True)[..., :REPRESENTATIVES]
    is_token = looks.gather(2, order) > -torch.inf
    by_head = keys.repeat_interleave(len(received) // len(keys), dim=0)
    found = by_head.gather(2, order[..., None].expand(*order.shape, keys.shape[-1]))
    return ((found * is_token[..., None]).sum(2) / is_token.sum(-1, keepdim=True))[None]


def _mean(x: Tensor, valid: Tensor) -> Tensor:
    return (x * valid[..., None]).sum(2) / valid.sum(-1)[:, None]


DIGESTS: dict[str, Digest] = {"bound": bound, "mean": mean, "cuboid": cuboid, "last": last, "pooled": pooled}


def score_pages(q: Tensor, digest: Tensor) -> Tensor:
    """Score KV pages for queries (H, N, D) by a digest (R, H, P, D): (H, N, P).

    A box is scored by the best key that could lie in it: sum_d max(q_d upper_d, q_d lower_d), as two products.
    """
    q = q.float()
    upper = digest[0].float().transpose(1, 2)
    if digest.shape[0] == 1:
        return q @ upper
    return q.clamp(min=0) @ upper + q.clamp(max=0) @ digest[1].float().transpose(1, 2)
