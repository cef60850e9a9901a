"""What stands for the KV pages of a kept document, beside them: so that choosing reads no keys.

Small (for one vector a KV page of 64 tokens, 1/64 of the cache in the same precision), and in memory once it was used.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from catena.errors import StoreError
from catena.serving.sealed import read_sealed, write_sealed


class FolderIndex:
    """One file for each kind and layer, made when a question first needs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, layer: int) -> Tensor | None:
        """Nothing where none was made, or where it was damaged: it is made again then."""
        path = self._path(name, layer)
        if not path.is_file():
            return None
        try:
            return read_sealed(path)["digest"]
        except StoreError:
            return None

    def put(self, name: str, layer: int, digest: Tensor) -> None:
        """Keep it, unless the document was deleted meanwhile."""
        if self._folder.is_dir():
            write_sealed(self._path(name, layer), {"digest": digest})

    def _path(self, name: str, layer: int) -> Path:
        return self._folder / f"index_{name}_{layer:03}.safetensors"
