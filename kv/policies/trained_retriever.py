"""A trained retriever of KV pages: a small network for each layer that learns where the model itself looks.

After RetroLM (arXiv 2502.11444), which trains bookmark tokens inside the model; here the model stays as it is, and a
KV page's vector is the channel-wise maximum over its keys' own: what one key says is not drowned by the others, however
many the KV page has. Keys and queries come un-rotated: what is looked for does not depend on where.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from catena.errors import StoreError
from catena.kv.cache.digests import Digest

POOLING = "max"
"""Pooling of the vectors of a KV page's keys."""


class PageRetriever(nn.Module):
    """`model` is the fingerprint of the model that it was trained on."""

    def __init__(self, num_layers: int, head_dim: int, model: str = "") -> None:
        super().__init__()
        self.model = model
        self.head_dim = head_dim
        self._digests: dict[int, Digest] = {}
        self.pages = nn.ModuleList(_network(head_dim) for _ in range(num_layers))
        self.queries = nn.ModuleList(nn.Linear(head_dim, head_dim, bias=False) for _ in range(num_layers))

    def digest(self, layer: int, keys: Tensor, valid: Tensor) -> Tensor:
        """keys (Hkv, P, S, D), un-rotated, and which are tokens (P, S) -> (1, Hkv, P, D)."""
        device = next(self.parameters()).device
        vectors: Tensor = self.pages[layer](keys.to(device))
        return vectors.masked_fill(~valid[..., None].to(device), -torch.inf).amax(2)[None]

    def of_layer(self, layer: int) -> Digest:
        """`digest` of one layer: always the same function, so that a document keeps what it made."""
        return self._digests.setdefault(layer, _LayerDigest(self, layer))

    @cached_property
    def name(self) -> str:
        """Return the name that its digests are kept under; other weights have another one."""
        hashed = hashlib.sha256(POOLING.encode())
        for _, tensor in sorted(self.state_dict().items()):
            hashed.update(tensor.cpu().contiguous().numpy().tobytes())
        return f"trained-{hashed.hexdigest()[:16]}"

    def forward(self, layer: int, q: Tensor, digest: Tensor) -> Tensor:
        """Score KV pages for un-rotated queries q (Hkv, N, D), a group's mean each: (Hkv, N, P)."""
        scores: Tensor = self.queries[layer](q) @ digest[0].transpose(1, 2) / q.shape[-1] ** 0.5
        return scores

    def save(self, path: Path) -> None:
        facts = {"model": self.model, "pooling": POOLING}
        shape = {"num_layers": str(len(self.queries)), "head_dim": str(self.head_dim)}
        save_file(self.state_dict(), path, metadata={**facts, **shape})

    @classmethod
    def load(cls, path: Path, model: str) -> PageRetriever:
        """Raises StoreError for a file that another model's retriever is in, or one of another make."""
        with safe_open(path, framework="pt") as file:
            facts = file.metadata()
        if facts["model"] != model:
            raise StoreError(
                f"{path.name} was trained on another model.", "Train one: catena train-retriever."
            )
        if facts.get("pooling") != POOLING:
            raise StoreError(
                f"{path.name} is of an older version.", "Train it again: catena train-retriever."
            )
        made = cls(int(facts["num_layers"]), int(facts["head_dim"]), model)
        made.load_state_dict(load_file(path))
        return made.eval()


@dataclass(frozen=True, slots=True)
class _LayerDigest:
    retriever: PageRetriever
    layer: int

    @property
    def name(self) -> str:
        return self.retriever.name

    def __call__(self, keys: Tensor, valid: Tensor) -> Tensor:
        return self.retriever.digest(self.layer, keys, valid)


def _network(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
