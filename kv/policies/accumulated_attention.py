"""The attention that each token of a document receives while it is read: InfLLM and LOOK-M judge tokens by it.

LOOK-M (arXiv 2406.18139) keeps few keys instead of many: those that were looked at least are merged into their likest.
It compresses what a multimodal model read, and lets tokens of images go before tokens of text; here `goes_first` says
which tokens those are. Shapes: Hkv key heads, N keys, n that are kept, D channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from catena.kv.cache.kv_document import DocumentKV

Merge = Literal["average", "pivotal"]
"""Values averaged with a key that stays: the merged keys, or each one's middle between it and the one that stays."""
_COMPARED = 2048
"""Keys compared with all that stay at once."""
_ROWS = 256
"""Queries at once."""


@dataclass(frozen=True, slots=True)
class MergedKeys:
    """`keys` and `values` (Hkv, n, D) of the tokens at `positions` (Hkv, n), in reading order."""

    keys: Tensor
    values: Tensor
    positions: Tensor


def merge_keys(
    keys: Tensor, values: Tensor, received: Tensor, *, keep: int, goes_first: Tensor, how: Merge = "pivotal"
) -> MergedKeys:
    """Keep `keep` of the keys and values (Hkv, N, D), half of them the last ones, and merge the others into them.

    `received` (Hkv, N) is the attention that each key got, `goes_first` (N) is False for text. Each key that goes is
    merged into the one that stays with the largest cosine (LOOK-M, sections 3.2 and 3.3).
    """
    positions = _staying(received, keep, goes_first)
    going = _others(positions, keys.shape[1])
    index = positions[..., None].expand(-1, -1, keys.shape[-1])
    kept = keys.gather(1, index)
    if not going.shape[1]:
        return MergedKeys(kept, values.gather(1, index), positions)
    likest = _likest(keys, going, kept)
    return MergedKeys(
        _average(keys, going, kept, likest, how),
        _average(values, going, values.gather(1, index), likest, how),
        positions,
    )


def _staying(received: Tensor, keep: int, goes_first: Tensor) -> Tensor:
    """Places (Hkv, n) of the last half, and of those that got most attention before it."""
    total = received.shape[1]
    keep = min(keep, total)
    scores = received.masked_fill(goes_first, -1.0)  # attention is never negative
    scores[:, total - (keep + 1) // 2 :] = torch.inf
    return scores.argsort(dim=-1, descending=True, stable=True)[:, :keep].sort(dim=-1).values


def _others(positions: Tensor, total: int) -> Tensor:
    is_other = torch.ones(len(positions), total, dtype=torch.bool).scatter_(1, positions, False)
    return is_other.nonzero()[:, 1].view(len(positions), -1)


def _likest(keys: Tensor, going: Tensor, kept: Tensor) -> Tensor:
    """For each key that goes (Hkv, m) the number of the most similar one that stays."""
    targets = torch.nn.functional.normalize(kept.float(), dim=-1).transpose(1, 2)
    found = []
    for part in torch.split(going, _COMPARED, 1):
        moving = keys.gather(1, part[..., None].expand(-1, -1, keys.shape[-1])).float()
        found.append((torch.nn.functional.normalize(moving, dim=-1) @ targets).argmax(-1))
    return torch.cat(found, 1)


def _average(x: Tensor, going: Tensor, kept: Tensor, likest: Tensor, how: Merge) -> Tensor:
    """The mean of what stays and all that is merged into it."""
    target = likest[..., None].expand(-1, -1, x.shape[-1])
    moving = x.gather(1, going[..., None].expand_as(target)).float()
    if how == "pivotal":
        moving = (moving + kept.float().gather(1, target)) / 2
    mean = kept.float().scatter_reduce(1, target, moving, "mean", include_self=True)
    return mean.to(x.dtype)


def count_received(document: DocumentKV, layer: int, q: Tensor, lse: Tensor, window: int) -> None:
    """Add what the document's last T tokens give to each token at most `window` before them, themselves included.

    Queries q (Hq, T, D), rotated to their positions, and the log-sum-exp (Hq, T) of all that they saw.
    """
    end = document.filled[layer]
    start = end - q.shape[1]
    received = torch.nn.functional.pad(document.received[layer], (0, end - document.received[layer].shape[1]))
    first_page = max(0, start - window) // document.page_size
    keys = document.whole(layer, first_page)[0].float()
    keys = keys.repeat_interleave(len(q) // len(keys), dim=0)
    positions = torch.arange(first_page * document.page_size, end)
    for row in range(0, q.shape[1], _ROWS):
        asking = torch.arange(start + row, min(start + row + _ROWS, end))[:, None]
        logits = q[:, row : row + _ROWS].float() @ keys.transpose(1, 2) * document.spec.head_dim**-0.5
        is_seen = (positions <= asking) & (positions > asking - window)
        shares = (logits - lse[:, row : row + _ROWS, None]).exp().masked_fill(~is_seen, 0)
        received[:, positions[0] :] += shares.sum(1)
    document.received[layer] = received


def merge_document(document: DocumentKV, budget: float) -> list[MergedKeys]:
    """The keys of each layer of a document, merged into that share of them.

    Raises OptionError where the attention that they got was not counted.
    """
    spec, goes_first = document.spec, document.source.goes_first
    if not len(goes_first):
        goes_first = torch.zeros(document.num_tokens, dtype=torch.bool)
    merged = []
    for layer in range(spec.num_layers):
        received = document.counted(layer)[:, : document.num_tokens]
        by_key_head = received.view(spec.num_kv_heads, spec.group, -1).sum(1)
        keep = max(1, round(budget * document.num_tokens))
        merged.append(merge_keys(*document.whole(layer), by_key_head, keep=keep, goes_first=goes_first))
    return merged
