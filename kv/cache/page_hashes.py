"""A 64-bit hash for each KV page of each layer: what was written is what is read."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xxhash
from torch import Tensor

from catena.errors import StoreError


def hash_record(record: Tensor) -> int:
    """xxh3-64 of one KV page of one layer, as a signed integer that tensors can hold."""
    found = int(xxhash.xxh3_64_intdigest(record.view(torch.uint8).numpy().data))
    return found - (1 << 64) if found >> 63 else found


class PageHashes:
    """Checks the KV pages of mapped layers, each when it is first read. `wanted` is (L, P) int64."""

    def __init__(self, layers: Sequence[Tensor], wanted: Tensor, name: str) -> None:
        self._layers = layers
        self._wanted = wanted
        self._is_known = torch.zeros_like(wanted, dtype=torch.bool)
        self._name = name

    def check(self, layer: int, pages: Tensor) -> None:
        """Raise StoreError that names layer and KV page when one does not hold what was written."""
        unknown = torch.unique(pages)
        for page in unknown[~self._is_known[layer, unknown]].tolist():
            if hash_record(self._layers[layer][page]) != int(self._wanted[layer, page]):
                raise StoreError(
                    f"The KV cache {self._name} is damaged: layer {layer}, KV page {page} is not what was written.",
                    "Delete the document from the store and read it again.",
                )
            self._is_known[layer, page] = True
