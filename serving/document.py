"""The keys and values of one document in KV pages, as they lie in memory or in a mapped file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.retrieval.kv.digests import Digest, representative
from catena.serving.spec import ModelSpec

WINDOW = 100
"""Queries of the last tokens that are kept, to find thresholds with (Squeezed Attention, section 3.2)."""
Check = Callable[[int, Tensor], None]
"""Called with a layer and KV page numbers before they are read; raises StoreError."""


def unchecked(layer: int, pages: Tensor) -> None:
    """Trust the memory of this process."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What is read: token ids (T); where each begins in the text (T), and which are of figures and tables (T), both
    empty where that is not known. Those of figures and tables are merged before those of text.
    """

    token_ids: Tensor
    starts: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    goes_first: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.bool))

    def first(self, num_tokens: int) -> Source:
        return Source(self.token_ids[:num_tokens], self.starts[:num_tokens], self.goes_first[:num_tokens])


@dataclass(slots=True, eq=False)
class DocumentKV:
    """`layers` are (P, 2, Hkv, S, D) each: one record holds keys and values of one KV page, one read from disk.

    Keys carry the rotation of their place in the document, 0 to `num_tokens`. `queries` (Hq, up to 100, D) are the last
    tokens' own. Grows by `append` while the document is read; afterwards nothing changes, and sessions share it.
    """

    spec: ModelSpec
    page_size: int
    source: Source
    layers: list[Tensor]
    check: Check = unchecked
    filled: list[int] = field(default_factory=list)
    queries: list[Tensor] = field(default_factory=list)
    received: list[Tensor] = field(default_factory=list)
    """Attention that each token got (Hq, N) a layer; N is 0 where it was not counted."""
    _digests: dict[tuple[Callable[..., Tensor], int, bool], Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.filled = self.filled or [0] * self.spec.num_layers
        self.queries = self.queries or [torch.empty(0) for _ in self.layers]
        self.received = self.received or [torch.zeros(self.spec.num_heads, 0) for _ in self.layers]

    @classmethod
    def empty(cls, spec: ModelSpec, token_ids: Tensor, page_size: int) -> DocumentKV:
        """Room in memory for a document that is yet to be read."""
        shape = record_shape(spec, len(token_ids), page_size)
        layers = [torch.zeros(shape, dtype=spec.dtype) for _ in range(spec.num_layers)]
        return cls(spec, page_size, Source(token_ids), layers)

    @property
    def token_ids(self) -> Tensor:
        return self.source.token_ids

    @property
    def num_tokens(self) -> int:
        """How many tokens have been read in all layers."""
        return min(self.filled)

    def num_pages(self, layer: int) -> int:
        return -(-self.filled[layer] // self.page_size)

    def first(self, num_tokens: int) -> DocumentKV:
        """The document's beginning, all of it or a number of whole KV pages, sharing its memory."""
        if num_tokens == self.num_tokens:
            return self
        filled = [num_tokens] * len(self.layers)
        received = [layer[:, :num_tokens] for layer in self.received]
        source = self.source.first(num_tokens)
        return replace(self, source=source, filled=filled, received=received, _digests={})

    def append(self, layer: int, keys: Tensor, values: Tensor, queries: Tensor) -> None:
        """Add the next T tokens of a layer: keys and values (Hkv, T, D), queries (Hq, T, D)."""
        start = self.filled[layer]
        places = torch.arange(start, start + keys.shape[1])
        pages, slots = places // self.page_size, places % self.page_size
        self.layers[layer][pages, 0, :, slots] = keys.transpose(0, 1).to(self.layers[layer].dtype)
        self.layers[layer][pages, 1, :, slots] = values.transpose(0, 1).to(self.layers[layer].dtype)
        self.filled[layer] += keys.shape[1]
        kept = queries if not start else torch.cat((self.queries[layer], queries), 1)
        self.queries[layer] = kept[:, -WINDOW:].clone()
        self._digests = {key: digest for key, digest in self._digests.items() if key[1] != layer}

    def whole(self, layer: int, first_page: int = 0) -> tuple[Tensor, Tensor]:
        """All keys and values of a layer, (Hkv, N, D) each, or those from a KV page on."""
        count = self.num_pages(layer)
        self.check(layer, torch.arange(first_page, count))
        num_tokens = self.filled[layer] - first_page * self.page_size
        flat = self.layers[layer][first_page:count].permute(1, 2, 0, 3, 4).flatten(2, 3)[:, :, :num_tokens]
        return flat[0].contiguous(), flat[1].contiguous()

    def gather_pages(self, layer: int, pages: Tensor, heads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, values (H, k*S, D) and places (H, k*S) of KV pages (H, k), of the key heads (H) that they are for.

        Places at or beyond the document's end are padding.
        """
        self.check(layer, pages)
        records = self.layers[layer][pages, :, heads[:, None]]  # (H, k, 2, S, D)
        places = pages[..., None] * self.page_size + torch.arange(self.page_size)
        return records[:, :, 0].flatten(1, 2), records[:, :, 1].flatten(1, 2), places.flatten(1)

    def gather_tokens(self, layer: int, tokens: Tensor, heads: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (H, n, D) of single tokens (H, n)."""
        pages = tokens // self.page_size
        self.check(layer, pages)
        records = self.layers[layer][pages, :, heads[:, None], tokens % self.page_size]  # (H, n, 2, D)
        return records[:, :, 0], records[:, :, 1]

    def digest(self, layer: int, make: Digest, *, is_rotated: bool) -> Tensor:
        """What stands for the KV pages of a layer (R, Hkv, P, D), float32; made once."""
        key = (make, layer, is_rotated)
        if key not in self._digests:
            self._digests[key] = make(*self.paged_keys(layer, is_rotated=is_rotated))
        return self._digests[key]

    def representatives(self, layer: int) -> Tensor:
        """What stands for KV pages by the attention that their tokens got: (1, Hq, P, D) of un-rotated keys.

        Raises OptionError where it was not counted.
        """
        key = (representative, layer, False)
        if key not in self._digests:
            keys, valid = self.paged_keys(layer, is_rotated=False)
            self._digests[key] = representative(keys, valid, self.counted(layer))
        return self._digests[key]

    def counted(self, layer: int) -> Tensor:
        """The attention that each token got (Hq, N). Raises OptionError where it was not counted."""
        if self.received[layer].shape[1] < self.filled[layer]:
            raise OptionError(
                "What attention the document's tokens get was not counted when it was read.",
                'Read it with the policy that you ask with: POST /v1/documents with "policy".',
            )
        return self.received[layer]

    def paged_keys(self, layer: int, *, is_rotated: bool) -> tuple[Tensor, Tensor]:
        """Keys (Hkv, P, S, D) in float32, and which of them are tokens (P, S)."""
        count = self.num_pages(layer)
        self.check(layer, torch.arange(count))
        keys = self.layers[layer][:count, 0].transpose(0, 1).float()
        places = torch.arange(count * self.page_size).view(count, self.page_size)
        if not is_rotated:
            keys = self.spec.rope.turn(keys, -places)
        return keys, places < self.filled[layer]


def record_shape(spec: ModelSpec, num_tokens: int, page_size: int) -> tuple[int, int, int, int, int]:
    """(P, 2, Hkv, S, D) of one layer."""
    return (-(-num_tokens // page_size), 2, spec.num_kv_heads, page_size, spec.head_dim)
