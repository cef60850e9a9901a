"""Small safetensors files that carry a hash of their tensors: what was written is what is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import xxhash
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from catena.errors import StoreError
from catena.files import atomic_files
from catena.kv.cache.kv_document import Index

REMEDY = "Delete the document and read it again."


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
