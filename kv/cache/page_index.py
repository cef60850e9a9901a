"""Indices of a kept document, beside its KV pages: what stands for them, or clusters of keys. Choosing reads no keys.

Small (for one vector a KV page of 64 tokens, 1/64 of the cache in the same precision), and in memory once it was used.
"""

from __future__ import annotations

from pathlib import Path

from catena.errors import StoreError
from catena.kv.cache.kv_document import Index
from catena.kv.cache.tensor_files import read_checksummed, write_checksummed


class FolderIndex:
    """One file for each kind and layer, made when a question first needs it."""

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
