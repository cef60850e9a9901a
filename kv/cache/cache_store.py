"""KV caches on disk: one folder a document, one mapped file a layer, a hash for each KV page.

A folder grows as `.new-KEY` and is renamed when it is whole; what was being read when a process died goes on from its
last chunk. A KV cache gives its document's text away: it is readable by its owner alone, and deleting unlinks it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import xxhash
from torch import Tensor

from catena.errors import StoreError
from catena.files import atomic_files
from catena.kv.cache import tensor_files
from catena.kv.cache.fingerprint import key_of
from catena.kv.cache.kv_document import DocumentKV, Source, record_shape, scales_for
from catena.kv.cache.page_pool import PagePool
from catena.kv.cache.tensor_files import (
    REMEDY,
    FolderIndex,
    PageHashes,
    hash_record,
    read_checksummed,
    write_checksummed,
)
from catena.kv.model_spec import ModelSpec

MANIFEST, STATE = "manifest.json", "state.safetensors"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that keys and values depend on. `model` is the model's fingerprint; `policy` is what the document was
    read with, `retriever` names the trained one that chose, if any; `owner` is whose it is: the same text of another
    owner is another document.
    """

    model: str
    tokens: str
    num_tokens: int
    page_size: int
    policy: str
    owner: str
    shape: tuple[int, int, int]
    dtype: str
    retriever: str = ""

    @property
    def kv_dtype(self) -> torch.dtype:
        """That of the KV pages."""
        found: torch.dtype = getattr(torch, self.dtype.removeprefix("torch."))
        return found

    @property
    def key(self) -> str:
        return key_of(asdict(self))


class KVStore:
    """A folder of KV caches. Processes may share it: a folder appears whole, and never changes."""

    def __init__(self, root: Path) -> None:
        atomic_files.make_folder(root)
        self.root = root

    def documents(self) -> list[str]:
        """The keys of all whole documents, least recently used first."""
        manifests = [path for path in self.root.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")]
        return [path.parent.name for path in sorted(manifests, key=lambda path: path.stat().st_mtime_ns)]

    def manifest(self, key: str) -> Manifest:
        """Raises StoreError for a document that is not there, or whose manifest is not its own."""
        path = self.root / key / MANIFEST
        if not path.is_file():
            raise StoreError(f"There is no KV cache {key[:12]} in {self.root}.", "Read the document first.")
        try:
            facts = json.loads(path.read_bytes())
            found = Manifest(**{**facts, "shape": tuple(facts["shape"])})
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"The manifest of the KV cache {key[:12]} cannot be read.", REMEDY) from error
        if found.key != key:
            raise StoreError(
                f"The KV cache {key[:12]} was made by another model or version.", "Read it again."
            )
        return found

    def open(self, key: str, spec: ModelSpec, model: str, pool: PagePool | None = None) -> DocumentKV:
        """A kept document, mapped and not yet read from disk; what is read of it comes through the pool, if any.

        Raises StoreError when it is not there, not whole, or made by another model than `model`, a fingerprint.
        """
        found = self.manifest(key)
        if found.model != model:
            raise StoreError(
                f"The KV cache {key[:12]} was made by another model.", "Read the document with this one."
            )
        folder = self.root / key
        state = read_checksummed(folder / STATE)
        document = _map_layers(folder, spec, found, _source(state))
        document.filled = [found.num_tokens] * spec.num_layers
        _restore(document, state)
        document.check = PageHashes(document.layers, state["hashes"], key[:12]).check
        document.indices = FolderIndex(folder)
        document.pool = pool
        if pool:
            ends = (0, document.num_pages(0) - 1)
            pool.pin(document.tag, [(layer, page) for layer in range(spec.num_layers) for page in ends])
        os.utime(folder / MANIFEST)
        return document

    def begin(self, manifest: Manifest, spec: ModelSpec, source: Source) -> Draft:
        """Room on disk for a document; where reading it was cut off, what is left of that."""
        folder = self.root / f".new-{manifest.key}"
        draft = _resume(folder, manifest, spec, source)
        if draft is None:
            shutil.rmtree(folder, ignore_errors=True)
            atomic_files.make_folder(folder)
            shape = record_shape(spec, manifest.num_tokens, manifest.page_size)
            for layer in range(spec.num_layers):
                tensor_files.create(_layer_path(folder, layer), shape, manifest.kv_dtype)
            draft = Draft(folder, manifest, _map_layers(folder, spec, manifest, source, for_writing=True))
        return draft

    def token_ids(self, key: str) -> Tensor:
        """Token ids (T) of a kept document. Raises StoreError."""
        return read_checksummed(self.root / key / STATE)["token_ids"]

    def delete(self, key: str) -> None:
        """Unlink a document, or what was read of it; sessions that have it open keep what they mapped."""
        shutil.rmtree(self.root / f".new-{key}", ignore_errors=True)
        hidden = self.root / f".gone-{key}"
        if (self.root / key).is_dir():
            os.replace(self.root / key, hidden)
        shutil.rmtree(hidden, ignore_errors=True)

    def num_bytes(self, key: str) -> int:
        return sum(path.stat().st_size for path in (self.root / key).iterdir())

    def trim(self, max_bytes: int) -> list[str]:
        """Delete the least recently used documents until the rest fits; returns their keys."""
        keys = self.documents()
        sizes = {key: self.num_bytes(key) for key in keys}
        gone: list[str] = []
        while keys and sum(sizes[key] for key in keys) > max_bytes:
            gone.append(keys.pop(0))
            self.delete(gone[-1])
        return gone


class Draft:
    """A document that is being read: `checkpoint` after every chunk, `publish` at the end."""

    def __init__(
        self, folder: Path, manifest: Manifest, document: DocumentKV, hashes: Tensor | None = None
    ) -> None:
        self.document = document
        self._folder = folder
        self._manifest = manifest
        self._hashes = torch.empty(len(document.layers), 0, dtype=torch.int64) if hashes is None else hashes

    def checkpoint(self) -> None:
        """Put on disk what was read so far, so that a later process can go on from here."""
        document = self.document
        is_whole = document.num_tokens == len(document.token_ids)
        count = document.num_pages(0) if is_whole else document.num_tokens // document.page_size
        new = range(self._hashes.shape[1], count)
        hashes = [[hash_record(layer[page]) for page in new] for layer in document.layers]
        for layer in range(len(document.layers)):
            _sync(_layer_path(self._folder, layer))
        self._hashes = torch.cat(
            (self._hashes, torch.tensor(hashes, dtype=torch.int64).view(len(hashes), -1)), 1
        )
        state = {
            "token_ids": document.token_ids,
            "starts": document.source.starts,
            "queries": torch.stack(document.queries),
            "goes_first": document.source.goes_first,
            "received": torch.stack(document.received),
            "scales": torch.stack(document.scales) if document.scales else torch.empty(0),
            "hashes": self._hashes,
            "done": torch.tensor(document.num_tokens),
        }
        write_checksummed(self._folder / STATE, state)

    def publish(self, root: Path) -> None:
        """Name the folder, which must be whole; another process may have been faster."""
        assert self.document.num_tokens == self._manifest.num_tokens, "published when all of it was read"
        atomic_files.write_file(self._folder / MANIFEST, json.dumps(asdict(self._manifest)).encode())
        try:
            os.replace(self._folder, root / self._manifest.key)
        except OSError:
            if not (root / self._manifest.key).is_dir():
                raise
            shutil.rmtree(self._folder)
        atomic_files.sync_folder(root)


def manifest_of(
    spec: ModelSpec,
    model: str,
    source: Source,
    *,
    page_size: int,
    policy: str = "full",
    owner: str = "",
    dtype: torch.dtype | None = None,
    retriever: str = "",
) -> Manifest:
    """The manifest of a document that is to be read; `model` is the fingerprint of the model's folder.

    `dtype` is that of the KV pages, by default the model's.
    """
    tokens = xxhash.xxh3_128(source.token_ids.to(torch.int64).numpy().tobytes())
    tokens.update(source.goes_first.numpy().tobytes())
    shape = (spec.num_layers, spec.num_kv_heads, spec.head_dim)
    return Manifest(
        model,
        tokens.hexdigest(),
        len(source.token_ids),
        page_size,
        policy,
        owner,
        shape,
        str(dtype or spec.dtype),
        retriever,
    )


def _resume(folder: Path, manifest: Manifest, spec: ModelSpec, source: Source) -> Draft | None:
    """A draft as far as its KV pages are what was hashed; nothing when they are not."""
    if not (folder / STATE).is_file():
        return None
    try:
        state = read_checksummed(folder / STATE)
        document = _map_layers(folder, spec, manifest, source, for_writing=True)
        check = PageHashes(document.layers, state["hashes"], manifest.key[:12]).check
        count = state["hashes"].shape[1]
        for layer in range(spec.num_layers):
            check(layer, torch.arange(count))
    except StoreError:
        return None
    document.filled = [min(int(state["done"]), count * manifest.page_size)] * spec.num_layers
    _restore(document, state)
    return Draft(folder, manifest, document, state["hashes"])


def _restore(document: DocumentKV, state: Mapping[str, Tensor]) -> None:
    document.queries = list(state["queries"])
    document.received = list(state["received"])
    document.scales = list(state["scales"])


def _source(state: Mapping[str, Tensor]) -> Source:
    return Source(state["token_ids"], state["starts"], state["goes_first"])


def _map_layers(
    folder: Path, spec: ModelSpec, manifest: Manifest, source: Source, *, for_writing: bool = False
) -> DocumentKV:
    shape = record_shape(spec, manifest.num_tokens, manifest.page_size)
    layers = [
        tensor_files.open_existing(
            _layer_path(folder, layer), shape, manifest.kv_dtype, for_writing=for_writing
        )
        for layer in range(spec.num_layers)
    ]
    scales = scales_for(spec, manifest.num_tokens, manifest.page_size, manifest.kv_dtype)
    return DocumentKV(spec, manifest.page_size, source, layers, scales)


def _layer_path(folder: Path, layer: int) -> Path:
    return folder / f"layer_{layer:03}.safetensors"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
