"""The keys and values of one document in KV pages, as they lie in memory or in mapped files.

They stay in host memory; what is asked for comes to the device that asks.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.kv.cache.digests import DIGESTS, Digest, representative
from catena.kv.cache.fp8 import dequantize, quantize
from catena.kv.cache.page_pool import LoadCounts, PagePool
from catena.kv.model_spec import ModelSpec

WINDOW = 100
"""Queries of the last tokens that are kept, to find thresholds with (Squeezed Attention, section 3.2)."""
CPU = torch.device("cpu")
Check = Callable[[int, Tensor], None]
"""Called with a layer and KV page numbers before they are read; raises StoreError."""


def unchecked(layer: int, pages: Tensor) -> None:
    """Trust the memory of this process."""


Index = Mapping[str, Tensor]
"""Digest of the keys of one layer, by the names of its parts."""


class IndexStore(Protocol):
    """Store of indices, so that they need not be made of all keys again."""

    def get(self, name: str, layer: int, /) -> Index | None: ...
    def put(self, name: str, layer: int, index: Index, /) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Text read: token ids (T); where each begins in the text (T), and which are of figures and tables (T), both
    empty where that is not known. Those of figures and tables are merged before those of text.
    """

    token_ids: Tensor
    starts: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    goes_first: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.bool))

    def first(self, num_tokens: int) -> Source:
        return Source(self.token_ids[:num_tokens], self.starts[:num_tokens], self.goes_first[:num_tokens])


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class LayerKV:
    """All keys and values (Hkv, N, D) of a layer; sessions that need them at the same time share them."""

    keys: Tensor
    values: Tensor


@dataclass(slots=True, eq=False)
class DocumentKV:
    """`layers` are (P, 2, Hkv, S, D) each: one record holds keys and values of one KV page, one read from disk.

    Keys are rotated to their positions, 0 to `num_tokens`. `queries` (Hq, up to 100, D) are the last tokens' own. Grows
    by `append` while the document is read; afterwards nothing changes, and sessions share it.
    """

    spec: ModelSpec
    page_size: int
    source: Source
    layers: list[Tensor]
    scales: list[Tensor] = field(default_factory=list)
    """(P, 2, Hkv) of each layer where the layers are 8-bit."""
    check: Check = unchecked
    pool: PagePool | None = None
    indices: IndexStore | None = None
    filled: list[int] = field(default_factory=list)
    queries: list[Tensor] = field(default_factory=list)
    received: list[Tensor] = field(default_factory=list)
    """Attention that each token got (Hq, N) a layer; N is 0 where it was not counted."""
    tag: object = field(default_factory=object)
    """Name by which the pool knows it."""
    _digests: dict[tuple[Callable[..., Tensor], int, bool, torch.device], Tensor] = field(
        default_factory=dict
    )
    _whole: weakref.WeakValueDictionary[int, LayerKV] = field(default_factory=weakref.WeakValueDictionary)

    def __post_init__(self) -> None:
        self.filled = self.filled or [0] * self.spec.num_layers
        self.queries = self.queries or [torch.empty(0) for _ in self.layers]
        self.received = self.received or [torch.zeros(self.spec.num_heads, 0) for _ in self.layers]

    @classmethod
    def empty(
        cls, spec: ModelSpec, token_ids: Tensor, page_size: int, dtype: torch.dtype | None = None
    ) -> DocumentKV:
        """Room in memory for a document that is yet to be read."""
        shape = record_shape(spec, len(token_ids), page_size)
        layers = [torch.zeros(shape, dtype=dtype or spec.dtype) for _ in range(spec.num_layers)]
        scales = scales_for(spec, len(token_ids), page_size, dtype or spec.dtype)
        return cls(spec, page_size, Source(token_ids), layers, scales)

    @property
    def token_ids(self) -> Tensor:
        return self.source.token_ids

    @property
    def itemsize(self) -> int:
        """Bytes of one number of a key."""
        return int(self.layers[0].dtype.itemsize)

    @property
    def num_tokens(self) -> int:
        """Count the tokens that have been read in all layers."""
        return min(self.filled)

    @property
    def is_part(self) -> bool:
        """Tell whether it is the beginning of a document, which shares its memory."""
        return self.num_pages(0) < len(self.layers[0])

    def num_pages(self, layer: int) -> int:
        return -(-self.filled[layer] // self.page_size)

    def first(self, num_tokens: int) -> DocumentKV:
        """The document's beginning, all of it or a number of whole KV pages, sharing its memory."""
        if num_tokens == self.num_tokens:
            return self
        return replace(
            self,
            source=self.source.first(num_tokens),
            filled=[num_tokens] * len(self.layers),
            received=[layer[:, :num_tokens] for layer in self.received],
            indices=None,
            _digests={},
            _whole=weakref.WeakValueDictionary(),
        )

    def append(self, layer: int, keys: Tensor, values: Tensor, queries: Tensor) -> None:
        """Add the next T tokens of a layer: keys and values (Hkv, T, D), queries (Hq, T, D)."""
        keys, values, queries = keys.cpu(), values.cpu(), queries.cpu()
        start = self.filled[layer]
        self._write(layer, start, torch.stack((keys, values)))
        self.filled[layer] += keys.shape[1]
        kept = queries if not start else torch.cat((self.queries[layer], queries), 1)
        self.queries[layer] = kept[:, -WINDOW:].clone()
        self._digests = {key: digest for key, digest in self._digests.items() if key[1] != layer}
        self._whole.pop(layer, None)

    def shared(self, layer: int, device: torch.device = CPU, loads: LoadCounts | None = None) -> LayerKV:
        """Return `whole` on the device, made once for all that hold it at the same time."""
        whole = self._whole.get(layer)
        if whole is None:
            keys, values = (x.to(device) for x in self.whole(layer, loads=loads))
            whole = self._whole[layer] = LayerKV(keys, values)
        return whole

    def whole(
        self, layer: int, first_page: int = 0, loads: LoadCounts | None = None
    ) -> tuple[Tensor, Tensor]:
        """All keys and values (Hkv, n, D) of a layer, or those from a KV page on; they come past the pool."""
        records = self.records(layer, first_page, loads)
        flat = records.permute(1, 2, 0, 3, 4).flatten(2, 3)
        flat = flat[:, :, : self.filled[layer] - first_page * self.page_size]
        return flat[0].contiguous(), flat[1].contiguous()

    def records(self, layer: int, first_page: int = 0, loads: LoadCounts | None = None) -> Tensor:
        """All KV pages of a layer (P, 2, Hkv, S, D), or those from one on, in the model's dtype."""
        pages = torch.arange(first_page, self.num_pages(layer))
        self.check(layer, pages)
        if self.pool:
            self.pool.count(loads or LoadCounts(), len(pages))
        return self._restored(layer, self.layers[layer][first_page : len(pages) + first_page], pages)

    def gather_pages(
        self, layer: int, pages: Tensor, heads: Tensor, loads: LoadCounts | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, values (H, k*S, D) and positions (H, k*S) of KV pages (H, k), of the key heads (H) that they are for.

        Places at or beyond the document's end are padding. All come to the device of `pages`.
        """
        with self._held(layer, pages, loads) as (records, rows):
            found = records[rows, :, heads[:, None].to(rows.device)]
            found = self._restored(layer, found, pages, heads).to(pages.device)  # (H, k, 2, S, D)
        positions = pages[..., None] * self.page_size + torch.arange(self.page_size, device=pages.device)
        return found[:, :, 0].flatten(1, 2), found[:, :, 1].flatten(1, 2), positions.flatten(1)

    def gather_tokens(
        self, layer: int, tokens: Tensor, heads: Tensor, loads: LoadCounts | None = None
    ) -> tuple[Tensor, Tensor]:
        """Keys and values (H, n, D) of single tokens (H, n), on their device."""
        pages, slots = tokens // self.page_size, tokens % self.page_size
        with self._held(layer, pages, loads) as (records, rows):
            there = rows.device
            found = records[rows, :, heads[:, None].to(there), slots.to(there), None]  # (H, n, 2, 1, D)
            found = self._restored(layer, found, pages, heads)[..., 0, :].to(tokens.device)
        return found[:, :, 0], found[:, :, 1]

    def prefetch(self, layer: int, pages: Tensor, loads: LoadCounts) -> None:
        """Let KV pages that a layer will probably choose come in while something else is computed."""
        if self.pool and layer < len(self.layers):
            self.pool.prefetch(self.tag, layer, torch.unique(pages).tolist(), self._loader(layer), loads)

    def digest(self, layer: int, make: Digest, device: torch.device = CPU, *, is_rotated: bool) -> Tensor:
        """Return the digests of a layer's KV pages (R, Hkv, P, D), float32; made once, and kept on the device."""
        key = (make, layer, is_rotated, device)
        if key not in self._digests:
            name = getattr(make, "name", "") or _NAMES[make]
            made = self.made_once(
                name if is_rotated else f"{name}-unrotated",
                layer,
                lambda: {"digest": make(*self.paged_keys(layer, is_rotated=is_rotated)).cpu()},
            )
            self._digests[key] = made["digest"].to(device)
        return self._digests[key]

    def representatives(self, layer: int, device: torch.device = CPU) -> Tensor:
        """Return digests of KV pages by the attention that their tokens got: (1, Hq, P, D) of un-rotated keys.

        Raises OptionError where it was not counted.
        """
        key = (representative, layer, False, device)
        if key not in self._digests:
            received = self.counted(layer)
            made = self.made_once(
                "representative",
                layer,
                lambda: {"digest": representative(*self.paged_keys(layer, is_rotated=False), received)},
            )
            self._digests[key] = made["digest"].to(device)
        return self._digests[key]

    def counted(self, layer: int) -> Tensor:
        """The attention that each token got (Hq, N). Raises OptionError where it was not counted."""
        if self.received[layer].shape[1] < self.filled[layer]:
            raise OptionError(
                "What attention the document's tokens get was not counted when it was read.",
                'Read it with the policy that you ask with: POST /v1/documents with "policy".',
            )
        return self.received[layer]

    def made_once(self, name: str, layer: int, make: Callable[[], Index]) -> Index:
        """An index of a layer, made of all of its keys unless there is one; its name tells all that it depends on."""
        found = self.indices.get(name, layer) if self.indices else None
        if found is None:
            found = make()
            if self.indices:
                self.indices.put(name, layer, found)
        return found

    def paged_keys(self, layer: int, *, is_rotated: bool) -> tuple[Tensor, Tensor]:
        """Keys (Hkv, P, S, D) in float32, and which of them are tokens (P, S)."""
        keys = self.records(layer)[:, 0].transpose(0, 1).float()
        positions = torch.arange(keys.shape[1] * self.page_size).view(-1, self.page_size)
        if not is_rotated:
            keys = self.spec.rope.rotate(keys, -positions)
        return keys, positions < self.filled[layer]

    def _write(self, layer: int, start: int, x: Tensor) -> None:
        """Put keys and values (2, Hkv, T, D) in their KV pages."""
        positions = torch.arange(start, start + x.shape[2])
        if not self.scales:
            pages, slots = positions // self.page_size, positions % self.page_size
            self.layers[layer][pages, :, :, slots] = x.permute(2, 0, 1, 3).to(self.layers[layer].dtype)
            return
        assert start % self.page_size == 0, "a KV page in 8 bits is written whole: its scale is of all of it"
        padded = torch.nn.functional.pad(x, (0, 0, 0, -x.shape[2] % self.page_size))
        paged = padded.view(*x.shape[:2], -1, self.page_size, x.shape[-1]).permute(2, 0, 1, 3, 4)
        part = slice(start // self.page_size, start // self.page_size + len(paged))
        self.layers[layer][part], self.scales[layer][part] = quantize(paged)

    def _restored(self, layer: int, records: Tensor, pages: Tensor, heads: Tensor | None = None) -> Tensor:
        """Records in the model's dtype: (n, 2, Hkv, S, D) of KV pages (n), or (H, n, 2, S, D) of heads (H)."""
        if not self.scales:
            return records.to(self.spec.dtype)
        pages = pages.cpu()
        scales = self.scales[layer][pages if heads is None else (pages, slice(None), heads[:, None].cpu())]
        return dequantize(records, scales.to(records.device), self.spec.dtype)

    @contextmanager
    def _held(self, layer: int, pages: Tensor, loads: LoadCounts | None) -> Iterator[tuple[Tensor, Tensor]]:
        """A tensor of records (n, 2, Hkv, S, D), and in which of its rows the KV pages are; for as long as held."""
        if self.pool is None:
            pages = pages.cpu()
            self.check(layer, pages)
            yield self.layers[layer], pages
            return
        distinct, inverse = torch.unique(pages, return_inverse=True)
        load = self._loader(layer)
        with self.pool.hold(self.tag, layer, distinct.tolist(), load, loads or LoadCounts()) as (
            records,
            rows,
        ):
            yield records, rows[inverse.to(rows.device)]

    def _loader(self, layer: int) -> Callable[[int, Tensor], None]:
        def load(page: int, record: Tensor) -> None:
            self.check(layer, torch.tensor([page]))
            record.copy_(self.layers[layer][page])

        return load


_NAMES = {make: name for name, make in DIGESTS.items()}


def record_shape(spec: ModelSpec, num_tokens: int, page_size: int) -> tuple[int, int, int, int, int]:
    """(P, 2, Hkv, S, D) of one layer."""
    return (-(-num_tokens // page_size), 2, spec.num_kv_heads, page_size, spec.head_dim)


def scales_for(spec: ModelSpec, num_tokens: int, page_size: int, dtype: torch.dtype) -> list[Tensor]:
    """Room for the scales of layers in 8 bits; none for others."""
    if dtype.itemsize > 1:
        return []
    shape = record_shape(spec, num_tokens, page_size)[:3]
    return [torch.ones(shape) for _ in range(spec.num_layers)]
