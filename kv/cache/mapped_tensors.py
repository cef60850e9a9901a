"""Safetensors files of one tensor, mapped into memory: written in place while a document is read, read by the record.

The JSON header is padded with spaces to 4096 bytes, so that every record starts on a disk block. A record
is one KV page of one layer, with a hash that is checked when it is first read: what was written is what is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from math import prod
from pathlib import Path

import torch
import xxhash
from torch import Tensor

from catena.errors import StoreError

ALIGNED = 4096
_NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
if hasattr(torch, "float8_e4m3fn"):
    _NAMES[torch.float8_e4m3fn] = "F8_E4M3"


def create(path: Path, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Make a file of zeros, readable by its owner alone, and map it for writing."""
    size = prod(shape) * dtype.itemsize
    entry = {"kv": {"dtype": _NAMES[dtype], "shape": list(shape), "data_offsets": [0, size]}}
    header = json.dumps(entry).encode().ljust(ALIGNED - 8)
    path.touch(0o600)
    with path.open("r+b") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        if hasattr(os, "posix_fallocate"):  # a full disk is an error here, and no signal later
            os.posix_fallocate(file.fileno(), 0, ALIGNED + size)
        else:
            file.truncate(ALIGNED + size)
    return _map(path, shape, dtype, is_shared=True)


def open_existing(
    path: Path, shape: Sequence[int], dtype: torch.dtype, *, for_writing: bool = False
) -> Tensor:
    """Map a file again. Raises StoreError when it is missing, cut short, or of another shape."""
    size = ALIGNED + prod(shape) * dtype.itemsize
    if not path.is_file() or path.stat().st_size != size:
        found = f"{path.stat().st_size:,} bytes" if path.is_file() else "nothing"
        raise StoreError(
            f"The KV cache is incomplete: {path.name} should have {size:,} bytes, there is {found}.",
            "Delete the document from the store and read it again.",
        )
    with path.open("rb") as file:
        header = file.read(ALIGNED)[8:]
    if json.loads(header)["kv"]["shape"] != list(shape) or json.loads(header)["kv"]["dtype"] != _NAMES[dtype]:
        raise StoreError(f"{path.name} holds other data than its manifest says.", "Read the document again.")
    return _map(path, shape, dtype, is_shared=for_writing)


def _map(path: Path, shape: Sequence[int], dtype: torch.dtype, *, is_shared: bool) -> Tensor:
    count = (ALIGNED + prod(shape) * dtype.itemsize) // dtype.itemsize
    flat = torch.from_file(str(path), shared=is_shared, size=count, dtype=dtype)
    return flat[ALIGNED // dtype.itemsize :].view(*shape)


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
