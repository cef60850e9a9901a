"""The prompt that was asked last: of one of the same owner that begins alike, that part is not read twice."""

from __future__ import annotations

import torch
from torch import Tensor

from catena.kv.engine.transformers_hooks import TailCache

LEAST = 32
"""Tokens that are worth keeping: every chat begins with a few of the template."""


class LastPrompt:
    """Keys and values of one prompt without a document; its tokens are all that they depend on."""

    def __init__(self, num_layers: int) -> None:
        self._num_layers = num_layers
        self._owner = ""
        self._token_ids: Tensor = torch.empty(0, dtype=torch.int64)
        self._tail = TailCache(num_layers)

    def keep(self, owner: str, token_ids: Tensor, tail: TailCache) -> None:
        """Remember a prompt, token ids (T), that was read whole, in place of the one before."""
        self._owner, self._token_ids, self._tail = owner, token_ids, tail

    def begin(self, owner: str, token_ids: Tensor) -> tuple[TailCache, int]:
        """Keys and values that a prompt begins with, and of how many tokens; its last one is always read."""
        tail = TailCache(self._num_layers)
        count = self._shared(token_ids[:-1]) if owner == self._owner else 0
        if count < LEAST:
            return tail, 0
        for own, old in zip(tail.layers, self._tail.layers, strict=True):
            own.update(old.keys[:, :, :count], old.values[:, :, :count])
        return tail, count

    def _shared(self, token_ids: Tensor) -> int:
        """Tokens that two prompts begin with alike."""
        least = min(len(token_ids), len(self._token_ids))
        differs = token_ids[:least] != self._token_ids[:least]
        return int(differs.int().argmax()) if bool(differs.any()) else least
