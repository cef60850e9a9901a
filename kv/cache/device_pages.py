"""KV pages of whole documents in the memory of the model's device, and what stands for them when they are scored.

One tensor a layer, made once, so that kernels and captured graphs find it where it was; documents come and go in slots.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from catena.errors import OptionError, StoreError
from catena.kv.cache.digests import Digest
from catena.kv.cache.kv_document import DocumentKV, record_shape
from catena.kv.model_spec import ModelSpec


@dataclass(slots=True, eq=False)
class _Entry:
    slots: Tensor
    num_users: int = 0
    digested: set[tuple[Digest, int, bool]] = field(default_factory=set)


class DevicePages:
    """`records` are (N, 2, Hkv, S, D) each. Documents that nobody uses make room for others, the oldest first."""

    def __init__(self, spec: ModelSpec, page_size: int, num_pages: int, device: torch.device) -> None:
        self.spec = spec
        self.page_size = page_size
        shape = record_shape(spec, num_pages * page_size, page_size)
        self.records = [torch.zeros(shape, dtype=spec.dtype, device=device) for _ in range(spec.num_layers)]
        self._digests: dict[tuple[Digest, int, bool], Tensor] = {}
        self._free = list(range(num_pages))
        self._entries: OrderedDict[DocumentKV, _Entry] = OrderedDict()

    def allocate(self, count: int) -> Tensor:
        """Slots (count) for keys that are yet to be written. Raises OptionError when there is no room."""
        idle = self.idle()
        while len(self._free) < count and idle:
            self.forget(idle.pop(0))
        if len(self._free) < count:
            raise OptionError(
                f"{count:,} KV pages are needed on the device, and {len(self._free):,} are free.",
                "Ask fewer documents at once, or give the KV pages more memory.",
            )
        taken, self._free = self._free[:count], self._free[count:]
        return torch.tensor(taken, dtype=torch.int32)

    def free(self, slots: Tensor) -> None:
        """Give back slots that were taken."""
        self._free += slots.tolist()

    def has_slots(self, count: int) -> bool:
        """Tell whether `allocate` would find room."""
        return len(self._free) + sum(len(self._entries[document].slots) for document in self.idle()) >= count

    def has_room(self, document: DocumentKV) -> bool:
        """Tell whether `acquire` would find room."""
        return document in self._entries or self.has_slots(document.num_pages(0))

    def bytes_to_load(self, document: DocumentKV) -> int:
        """Count the KV pages that `acquire` would copy."""
        if document in self._entries:
            return 0
        return document.num_pages(0) * sum(records[0].nbytes for records in self.records)

    def idle(self) -> list[DocumentKV]:
        """Documents that are here and that nobody uses, the oldest first."""
        return [document for document, entry in self._entries.items() if not entry.num_users]

    def forget(self, document: DocumentKV) -> None:
        """Free the slots of a document that nobody uses."""
        self.free(self._entries.pop(document).slots)

    def acquire(self, document: DocumentKV) -> Tensor:
        """Copy a document to the device unless it is there; its slots (P). It stays until it is released.

        Raises OptionError when there is no room, StoreError for a KV page that is damaged.
        """
        entry = self._entries.pop(document, None)
        if entry is None:
            entry = _Entry(self.allocate(document.num_pages(0)))
            try:
                for layer, records in enumerate(self.records):
                    records[entry.slots] = document.records(layer).to(records.device)
            except StoreError:
                self.free(entry.slots)
                raise
        self._entries[document] = entry
        entry.num_users += 1
        return entry.slots

    def release(self, document: DocumentKV) -> None:
        self._entries[document].num_users -= 1

    def digests(self, layer: int, make: Digest, *, is_rotated: bool) -> Tensor:
        """Return the digests of the KV pages here (R, Hkv, N, D), as far as `add_digest` was called."""
        key = (make, layer, is_rotated)
        if key not in self._digests:
            records = self.records[layer]
            kinds = len(make(torch.zeros(1, 1, 1, self.spec.head_dim), torch.ones(1, 1, dtype=torch.bool)))
            self._digests[key] = records.new_zeros(kinds, records.shape[2], len(records), self.spec.head_dim)
        return self._digests[key]

    def add_digest(self, document: DocumentKV, layer: int, make: Digest, *, is_rotated: bool) -> None:
        """Put what stands for the KV pages of a document, which is acquired, among `digests`."""
        key, entry = (make, layer, is_rotated), self._entries[document]
        if key not in entry.digested:
            found = document.digest(layer, make, is_rotated=is_rotated)
            digests = self.digests(layer, make, is_rotated=is_rotated)
            digests[:, :, entry.slots] = found.to(digests)
            entry.digested.add(key)
