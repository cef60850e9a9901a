"""Safetensors files whose contents are hashed, so that what was written is what is read: small ones, and mapped ones.

A mapped file holds one tensor, written in place while a document is read, and read by the record: one KV page of one
layer, with a hash that is checked when it is first read. Its JSON header is padded with spaces to 4096 bytes, so that
every record starts on a disk block.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

import torch
import xxhash
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from catena.errors import StoreError
from catena.files import atomic_files
from catena.kv.cache.kv_document import Index

ALIGNED = 4096
_NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
if hasattr(torch, "float8_e4m3fn"):
    _NAMES[torch.float8_e4m3fn] = "F8_E4M3"
REMEDY = "Delete the document and read it again."


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


def write_checksummed(path: Path, tensors: Mapping[str, Tensor]) -> None:
    atomic_files.write_file(path, save(dict(tensors), metadata={"xxh3": _hash(tensors)}))


def read_checksummed(path: Path) -> dict[str, Tensor]:
    """Raises StoreError for a file that is missing, cut short, or not what was written."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            wanted = (file.metadata() or {}).get("xxh3")
    except (OSError, SafetensorError) as error:
        raise StoreError(f"{path.name} cannot be read.", REMEDY) from error
    if wanted != _hash(tensors):
        raise StoreError(f"{path.name} is damaged: it is not what was written.", REMEDY)
    return tensors


def _hash(tensors: Mapping[str, Tensor]) -> str:
    digest = xxhash.xxh3_64()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


class FolderIndex:
    """Indices of a kept document, beside its KV pages: what stands for them, or clusters of keys.

    Choosing reads no keys. One file for each kind and layer, made when a question first needs it; small (for one
    vector a KV page of 64 tokens, 1/64 of the cache in the same precision), and in memory once it was used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, layer: int) -> Index | None:
        """Nothing where none was made, or where it was damaged: it is made again then."""
        path = self._path(name, layer)
        if not path.is_file():
            return None
        try:
            return read_checksummed(path)
        except StoreError:
            return None

    def put(self, name: str, layer: int, index: Index) -> None:
        """Keep it, unless the document was deleted meanwhile."""
        if self._folder.is_dir():
            write_checksummed(self._path(name, layer), index)

    def _path(self, name: str, layer: int) -> Path:
        return self._folder / f"index_{name}_{layer:03}.safetensors"
