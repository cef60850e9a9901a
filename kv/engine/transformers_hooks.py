"""The one place that knows the inside of transformers: two registered functions and a cache for the tail.

The model runs unpatched with `attn_implementation="catena_kv"` and is given, with each call, the sessions of its rows:
`model(ids, position_ids=..., past_key_values=TailCache(...), sessions=[...])`. Causality is ours, so the mask function
says "none": a name with no mask function of its own gets none too, silently, and chunked reading would be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import Cache, DynamicLayer

from catena.kv.engine.question_session import Session

NAME = "catena_kv"


class TailCache(Cache):
    """Keys and values of the tokens behind the documents, (1, Hkv, N, D) a layer and row."""

    def __init__(self, num_layers: int) -> None:
        super().__init__(layers=[DynamicLayer() for _ in range(num_layers)])

    def of(self, layer: int) -> tuple[Tensor, Tensor]:
        """Keys and values (Hkv, N, D) of a layer."""
        return self.layers[layer].keys[0], self.layers[layer].values[0]


class Rows(Cache):
    """The tails of several rows that take one token each; their lengths may differ, so nothing is padded."""

    def __init__(self, tails: Sequence[TailCache]) -> None:
        super().__init__(
            layers=[_RowsLayer([tail.layers[n] for tail in tails]) for n in range(len(tails[0].layers))]
        )


class _RowsLayer(DynamicLayer):
    def __init__(self, rows: Sequence[Any]) -> None:
        super().__init__()
        self.rows = rows

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Give each row its token, and return all rows' keys and values: lists, which only `_attend` reads."""
        states = zip(self.rows, key_states[:, None], value_states[:, None], strict=True)
        pairs = [row.update(keys, values) for row, keys, values in states]
        return [keys[0] for keys, _ in pairs], [values[0] for _, values in pairs]

    def get_seq_length(self) -> int:
        """Asked for by the model, which is told all positions."""
        return 0


class PassThroughCache(Cache):
    """For sessions that keep keys and values themselves: what a layer computes goes on as it is."""

    def __init__(self, num_layers: int) -> None:
        super().__init__(layers=[_PassingLayer() for _ in range(num_layers)])


class _PassingLayer(DynamicLayer):
    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        return key_states, value_states


class Sessions(Protocol):
    """All rows of a pass together."""

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """q (B, Hq, T, D) over what each row sees and its new k, v (B, Hkv, T, D): (B, Hq, T, D)."""


def register() -> None:
    """Make the name known to transformers; again does no harm."""
    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, _no_mask)


def _no_mask(*args: Any, **kwargs: Any) -> None:
    """Every session is causal by itself."""


def _attend(
    module: Any,
    query: Tensor,
    key: Any,
    value: Any,
    attention_mask: Tensor | None,
    scaling: float,
    sessions: Sequence[Session] | Sessions,
    **_: Any,
) -> tuple[Tensor, None]:
    """query (B, Hq, T, D), keys and values a row (Hkv, N, D), or all rows' -> (B, T, Hq, D)."""
    if not isinstance(sessions, Sequence):
        return sessions.attend(module.layer_idx, query, key, value, scaling).transpose(1, 2), None
    rows = [
        session.attend(module.layer_idx, query[n], key[n], value[n], scaling)
        for n, session in enumerate(sessions)
    ]
    return torch.stack(rows).transpose(1, 2), None
