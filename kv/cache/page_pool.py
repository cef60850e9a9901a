"""KV pages of many documents in a memory of fixed size: the least recently used make room.

What comes from disk comes through here, so memory is bounded and every byte is counted. A thread prefetches: while
a layer computes, the KV pages that the next one will probably choose are on their way. Pools stand on one another:
a GPU's takes what it misses from one in pinned host memory, and that from disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor

from catena.errors import StoreError

Key = tuple[Hashable, int, int]
"""Document, layer, KV page."""
Load = Callable[[int, Tensor], None]
"""Copies one KV page, by its number, into a record of the pool; raises StoreError."""
MAX_PREFETCHES = 4
"""Prefetches that may wait; more are dropped, as they would come too late."""


@dataclass(slots=True)
class LoadCounts:
    """Counts of KV pages loaded from disk and of those in memory already."""

    num_bytes: int = 0
    num_loaded: int = 0
    num_hits: int = 0

    def add(self, num_loaded: int, num_hits: int, record_bytes: int) -> None:
        self.num_bytes += num_loaded * record_bytes
        self.num_loaded += num_loaded
        self.num_hits += num_hits


@dataclass(slots=True, eq=False)
class _Slot:
    row: int
    is_ready: bool = False
    num_users: int = 0
    is_lost: bool = False
    """A failure of whoever was to fill it."""


@dataclass(slots=True, eq=False)
class _Taken:
    """Slots that are held for one reader, and those of them that it must load."""

    slots: list[_Slot]
    missing: list[tuple[Key, _Slot]]


class PagePool:
    """Records of one shape, that of a model's KV pages. Safe for several threads."""

    def __init__(
        self,
        record: Sequence[int],
        dtype: torch.dtype,
        max_bytes: int,
        *,
        device: torch.device | str = "cpu",
        below: PagePool | None = None,
    ) -> None:
        """Room for at least one record of that shape; host memory is pinned where there is a GPU to copy to.

        What is not here is taken from `below`, if any, which is this pool's own from then on.
        """
        self.record_bytes = prod(record) * dtype.itemsize
        self.capacity = max(1, max_bytes // self.record_bytes)
        self.device = torch.device(device)
        self.loads = LoadCounts()
        """Counts of KV pages from below or from disk, and of those here already."""
        self._below = below
        self._records = torch.empty(
            (self.capacity, *record),
            dtype=dtype,
            device=self.device,
            pin_memory=self.device.type == "cpu" and torch.cuda.is_available(),
        )
        self._slots: OrderedDict[Key, _Slot] = OrderedDict()
        self._free = list(range(self.capacity))
        self._pinned: set[Key] = set()
        self._changed = threading.Condition()
        self._prefetcher = ThreadPoolExecutor(1, thread_name_prefix="catena-kv-pages")
        self._pending: set[Future[None]] = set()

    @property
    def from_disk(self) -> LoadCounts:
        """Return the counts of the lowest of the pools, which loads from disk."""
        return self._below.from_disk if self._below else self.loads

    @property
    def num_bytes(self) -> int:
        """Return the bytes that are filled."""
        return len(self._slots) * self.record_bytes

    @contextmanager
    def hold(
        self, document: Hashable, layer: int, pages: Sequence[int], load: Load, loads: LoadCounts
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The records (n, ...) of distinct KV pages, and their rows in them; nothing of that changes inside the block.

        More KV pages than there is room for come from disk each time, and stay only as long.
        """
        taken = self._take(document, layer, pages)
        if taken is None:
            records = self._records.new_empty((len(pages), *self._records.shape[1:]))
            self._fill(document, layer, pages, records, load, loads)
            self.count(loads, len(pages), 0)
            yield records, torch.arange(len(pages), device=self.device)
            return
        try:
            self._load(taken, load, loads)
            self.count(loads, len(taken.missing), len(pages) - len(taken.missing))
            yield self._records, torch.tensor([slot.row for slot in taken.slots], device=self.device)
        finally:
            self._release(taken)

    def prefetch(
        self, document: Hashable, layer: int, pages: Sequence[int], load: Load, loads: LoadCounts
    ) -> None:
        """Bring KV pages in while something else is computed; what fails fails again when they are needed."""
        self._pending = {task for task in self._pending if not task.done()}
        if len(self._pending) < MAX_PREFETCHES and len(pages) <= self.capacity:
            self._pending.add(self._prefetcher.submit(self._fetch, document, layer, pages, load, loads))

    def pin(self, document: Hashable, keys: Sequence[tuple[int, int]]) -> None:
        """Let KV pages (layer, number) of a document stay once they are in, as long as half of the room is free."""
        with self._changed:
            room = max(0, self.capacity // 2 - len(self._pinned))
            self._pinned.update((document, layer, page) for layer, page in keys[:room])
        if self._below:
            self._below.pin(document, keys)

    def forget(self, document: Hashable) -> None:
        """Make room of what a document has here; what is being read of it goes by and by."""
        with self._changed:
            self._pinned = {key for key in self._pinned if key[0] != document}
            for key in [key for key, slot in self._slots.items() if key[0] == document and _is_idle(slot)]:
                self._free.append(self._slots.pop(key).row)
        if self._below:
            self._below.forget(document)

    def close(self) -> None:
        self._prefetcher.shutdown(cancel_futures=True)
        if self._below:
            self._below.close()

    def _fetch(
        self, document: Hashable, layer: int, pages: Sequence[int], load: Load, loads: LoadCounts
    ) -> None:
        taken = self._take(document, layer, pages)
        if taken is None:
            return
        try:
            self._load(taken, load, loads)
            self.count(loads, len(taken.missing), 0)
        except StoreError:
            return
        finally:
            self._release(taken)

    def _take(self, document: Hashable, layer: int, pages: Sequence[int]) -> _Taken | None:
        """Hold a slot for every KV page; nothing when there is no room for all of them."""
        if len(pages) > self.capacity:
            return None
        keys = [(document, layer, page) for page in pages]
        with self._changed:
            known = {key: self._slots[key] for key in keys if key in self._slots}
            for key, slot in known.items():  # first, so that none of them makes room for the others
                slot.num_users += 1
                self._slots.move_to_end(key)
            missing: list[tuple[Key, _Slot]] = []
            for key in keys:
                if key not in known and (row := self._row()) is not None:
                    known[key] = self._slots[key] = _Slot(row, num_users=1)
                    missing.append((key, known[key]))
            taken = _Taken(list(known.values()), missing)
            if len(known) < len(keys):
                self._drop(taken)
        if len(known) < len(keys):
            self._release(taken)
            return None
        return replace(taken, slots=[known[key] for key in keys])

    def _row(self) -> int | None:
        """A free row, or the least recently used one that nobody reads."""
        if self._free:
            return self._free.pop()
        for key, slot in self._slots.items():
            if _is_idle(slot) and key not in self._pinned:
                del self._slots[key]
                return slot.row
        return None

    def _load(self, taken: _Taken, load: Load, loads: LoadCounts) -> None:
        """Fill what is missing, and wait for what another thread fills."""
        try:
            if taken.missing:
                document, layer, _ = taken.missing[0][0]
                pages = [page for (_, _, page), _ in taken.missing]
                records = [self._records[slot.row] for _, slot in taken.missing]
                self._fill(document, layer, pages, records, load, loads)
                for _, slot in taken.missing:
                    slot.is_ready = True
        finally:
            with self._changed:
                self._drop(taken)
        with self._changed:
            self._changed.wait_for(lambda: all(slot.is_ready or slot.is_lost for slot in taken.slots))
        if any(slot.is_lost for slot in taken.slots):
            raise StoreError("A KV page could not be read by another question.", "Ask again.")

    def _fill(
        self,
        document: Hashable,
        layer: int,
        pages: Sequence[int],
        records: Iterable[Tensor],
        load: Load,
        loads: LoadCounts,
    ) -> None:
        """Copy KV pages into records, from the pool below or from disk."""
        if self._below is None:
            for page, record in zip(pages, records, strict=True):
                load(page, record)
            return
        with self._below.hold(document, layer, pages, load, loads) as (found, rows):
            for row, record in zip(rows.tolist(), records, strict=True):
                record.copy_(found[row], non_blocking=True)
            if self.device.type == "cuda":  # what is below may change when it is let go
                torch.cuda.current_stream(self.device).synchronize()

    def _drop(self, taken: _Taken) -> None:
        """Take back the slots that were not filled, and tell those who wait."""
        for key, slot in taken.missing:
            if not slot.is_ready:
                del self._slots[key]
                self._free.append(slot.row)
                slot.is_lost = True
        self._changed.notify_all()

    def _release(self, taken: _Taken) -> None:
        with self._changed:
            for slot in taken.slots:
                slot.num_users -= 1

    def count(self, loads: LoadCounts, num_loaded: int, num_hits: int = 0) -> None:
        """Note KV pages that were brought, and those that were here; `loads` is told of those from disk alone."""
        with self._changed:
            self.loads.add(num_loaded, num_hits, self.record_bytes)
            loads.add(0 if self._below else num_loaded, num_hits, self.record_bytes)


def _is_idle(slot: _Slot) -> bool:
    return slot.is_ready and not slot.num_users
