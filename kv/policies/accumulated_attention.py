"""The attention that each token of a document receives while it is read: InfLLM and LOOK-M judge tokens by it."""

from __future__ import annotations

import torch
from torch import Tensor

from catena.kv.cache.kv_document import DocumentKV
from catena.kv.policies.merging import MergedKeys, merge_keys

_ROWS = 256
"""Queries at once."""


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
