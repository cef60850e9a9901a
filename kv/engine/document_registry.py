"""The documents of a server: queued, being read, ready in the store; and which of them a prompt begins with."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from catena.errors import ModelBusy, OptionError, StoreError
from catena.kv.cache.cache_store import KVStore, Manifest, manifest_of
from catena.kv.cache.kv_document import DocumentKV, Source, record_shape
from catena.kv.cache.page_pool import PagePool
from catena.kv.engine.model_loading import LocalModel
from catena.kv.engine.prefill import CHUNK, prefill_into
from catena.kv.policies.accumulated_attention import MergedKeys, merge_document
from catena.kv.policies.page_selection import PolicyInputs, needed
from catena.kv.policies.policy import Policy, preset
from catena.kv.policies.squeezed_attention import SqueezedKeys, squeeze
from catena.kv.policies.trained_retriever import PageRetriever

Status = Literal["queued", "reading", "ready", "failed"]
MAX_QUEUED = 64
"""Documents that wait to be read."""
OPEN_DOCUMENTS = 16
"""Mapped at once; the least recently used is closed first."""


@dataclass(frozen=True, slots=True)
class RegistryLimits:
    """Tokens of a KV page and of a document; bytes of the store, if limited, and of the memory for its KV pages: the
    host's, and where that is another and there are any, the model's device's.
    """

    page_size: int
    max_tokens: int
    max_pool_bytes: int
    max_store_bytes: int | None = None
    max_device_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ServedDocument:
    """Progress of a document."""

    key: str
    owner: str
    num_tokens: int
    policy: str
    status: Status
    tokens_done: int = 0
    error: str = ""


class DocumentRegistry:
    """One model's documents. `read_some` is called by the engine's thread alone; the rest from any."""

    def __init__(
        self,
        local: LocalModel,
        store: KVStore,
        limits: RegistryLimits,
        *,
        retriever: PageRetriever | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        """`dtype` is that of new KV pages, by default the model's."""
        self._local = local
        self._store = store
        self._limits = limits
        self._retriever = retriever
        self._dtype = dtype or local.spec.dtype
        record = record_shape(local.spec, 1, limits.page_size)[1:]
        self.pool = PagePool(record, self._dtype, limits.max_pool_bytes)
        if limits.max_device_bytes:
            room, device = limits.max_device_bytes, local.model.device
            self.pool = PagePool(record, self._dtype, room, device=device, below=self.pool)
        self._lock = threading.Lock()
        self._queue: OrderedDict[str, tuple[Manifest, Source]] = OrderedDict()
        self._served: dict[str, ServedDocument] = {}
        self._steps: tuple[str, Iterator[int]] | None = None
        self._open: OrderedDict[str, DocumentKV] = OrderedDict()
        self._known_tokens: dict[str, Tensor] = {}
        self._squeezed: dict[tuple[str, int], SqueezedKeys] = {}
        self._merged: dict[tuple[str, int], tuple[float, list[MergedKeys]]] = {}

    def add(self, source: Source, owner: str, *, policy: str = "full") -> ServedDocument:
        """Queue a document to be read under a policy; the same again of the same owner is the same document.

        Raises OptionError for one that is empty or too long, or a policy that nothing can be read with; ModelBusy when
        too many wait.
        """
        num_tokens = len(source.token_ids)
        if not 0 < num_tokens <= self._limits.max_tokens:
            raise OptionError(
                f"The document has {num_tokens:,} tokens; 1 to {self._limits.max_tokens:,} are taken.",
                "Send a part of it, or start the server with --max-document-tokens.",
            )
        if preset(policy).score == "clusters":
            raise OptionError(f"No document can be read with {policy}: it needs one that was read.")
        is_trained = preset(policy).score == "trained"
        manifest = manifest_of(
            self._local.spec,
            self._local.fingerprint,
            source,
            page_size=self._limits.page_size,
            policy=policy,
            owner=owner,
            dtype=self._dtype,
            retriever=needed(self._retriever, preset(policy)).name if is_trained else "",
        )
        with self._lock:
            found = self._find(manifest.key, owner)
            if found is None or found.status == "failed":
                if len(self._queue) >= MAX_QUEUED:
                    raise ModelBusy("Too many documents wait to be read.", "Send it again in a few seconds.")
                found = ServedDocument(manifest.key, owner, num_tokens, policy, "queued")
                self._served[manifest.key] = found
                self._queue[manifest.key] = (manifest, source)
        return found

    def get(self, key: str, owner: str) -> ServedDocument | None:
        """Return the record of a document, if it is the owner's."""
        with self._lock:
            return self._find(key, owner)

    def all(self, owner: str) -> list[ServedDocument]:
        keys = [*self._store.documents(), *self._served]
        found = (self.get(key, owner) for key in dict.fromkeys(keys))
        return [served for served in found if served]

    def delete(self, key: str, owner: str) -> bool:
        """Forget a document and unlink its KV cache, whatever model made it.

        False when the owner has none of that key.
        """
        with self._lock:
            if self._find(key, owner) is None and self._owner_on_disk(key) != owner:
                return False
            self._queue.pop(key, None)
            self._served.pop(key, None)
            if self._steps and self._steps[0] == key:
                self._steps = None
            self._close(key)
            self._known_tokens.pop(key, None)
        self._store.delete(key)
        return True

    def open(self, key: str, owner: str) -> DocumentKV:
        """A document that is ready. Raises OptionError when it is not, StoreError when it is damaged."""
        found = self.get(key, owner)
        if found is None:
            raise OptionError(f"There is no document {key[:16]!r}.", "Make it: POST /v1/documents.")
        if found.status != "ready":
            raise OptionError(f"The document {key[:16]} is {found.status}.", "Ask again when it is ready.")
        with self._lock:
            if key not in self._open:
                self._open[key] = self._store.open(key, self._local.spec, self._local.fingerprint, self.pool)
            self._open.move_to_end(key)
            while len(self._open) > OPEN_DOCUMENTS:
                self._close(next(iter(self._open)))
            return self._open[key]

    def aids(self, key: str, document: DocumentKV, policy: Policy) -> PolicyInputs:
        """Return the policy's aids beside an open document, made when a question first needs them."""
        known = (key, document.num_tokens)  # a prompt may share the beginning only
        squeezed, merged = self._squeezed.get(known), self._merged.get(known)
        if policy.score == "clusters" and squeezed is None:
            squeezed = self._squeezed[known] = squeeze(document)
        if policy.score == "merged" and (merged is None or merged[0] != policy.budget):
            merged = self._merged[known] = policy.budget, merge_document(document, policy.budget)
        return PolicyInputs(self._retriever, squeezed, merged[1] if merged else None)

    def longest_prefix(self, token_ids: Tensor, owner: str) -> tuple[str, DocumentKV, int] | None:
        """The owner's document that shares most tokens with the beginning of a prompt, and how many of them.

        All of its tokens, or whole KV pages; one token of the prompt at least is left to be asked. Only documents that
        were read in full: who names none gets what the model itself would compute.
        """
        best, most = "", 0
        for served in self.all(owner):
            if served.status == "ready" and served.policy == "full":
                shared = _num_shared(self._token_ids(served.key), token_ids[:-1])
                if shared < served.num_tokens:
                    shared = shared // self._limits.page_size * self._limits.page_size
                best, most = (served.key, shared) if shared > most else (best, most)
        return (best, self.open(best, owner), most) if best else None

    @property
    def opened(self) -> list[DocumentKV]:
        """Documents that are in use, or were lately."""
        with self._lock:
            return list(self._open.values())

    @property
    def has_work(self) -> bool:
        return bool(self._queue)

    def read_some(self) -> None:
        """Read one chunk of the document at the head of the queue, if there is one."""
        with self._lock:
            if not self._queue:
                return
            key, queued = next(iter(self._queue.items()))
        try:
            if self._steps is None or self._steps[0] != key:
                aids = PolicyInputs(self._retriever)
                steps = prefill_into(self._store, self._local.model, *queued, chunk=CHUNK, aids=aids)
                self._steps = key, steps
            done = next(self._steps[1], None)
        except Exception as error:  # whatever is wrong with one document is not wrong with the others
            self._end(key, "failed", str(error).partition("\n")[0] or type(error).__name__)
            return
        if done is None:
            self._end(key, "ready")
        else:
            self._note(key, status="reading", tokens_done=done)

    def _end(self, key: str, status: Status, error: str = "") -> None:
        self._steps = None
        with self._lock:
            self._queue.pop(key, None)
            is_wanted = key in self._served
        if not is_wanted:  # deleted while its last chunk was read
            self._store.delete(key)
        self._note(key, status=status, error=error)
        if status == "ready" and self._limits.max_store_bytes is not None:
            for gone in self._store.trim(self._limits.max_store_bytes):
                with self._lock:
                    self._close(gone)
                    self._known_tokens.pop(gone, None)

    def _note(self, key: str, **changes: object) -> None:
        with self._lock:
            if key in self._served:  # not deleted meanwhile
                self._served[key] = replace(self._served[key], **changes)  # type: ignore[arg-type]

    def _token_ids(self, key: str) -> Tensor:
        """A kept document's tokens, with no use of it noted."""
        if key not in self._known_tokens:
            self._known_tokens[key] = self._store.token_ids(key)
        return self._known_tokens[key]

    def _close(self, key: str) -> None:
        """Let go of what a document has in memory."""
        document = self._open.pop(key, None)
        if document:
            self.pool.forget(document.tag)
        self._squeezed = {known: made for known, made in self._squeezed.items() if known[0] != key}
        self._merged = {known: made for known, made in self._merged.items() if known[0] != key}

    def _is_ours(self, manifest: Manifest) -> bool:
        """Tell whether it was made by this model and retriever, in KV pages as this server has them."""
        retriever = self._retriever.name if self._retriever else ""
        return manifest.retriever in ("", retriever) and (
            (manifest.model, manifest.page_size, manifest.kv_dtype)
            == (self._local.fingerprint, self._limits.page_size, self._dtype)
        )

    def _owner_on_disk(self, key: str) -> str | None:
        try:
            return self._store.manifest(key).owner
        except StoreError:
            return None

    def _find(self, key: str, owner: str) -> ServedDocument | None:
        served = self._served.get(key)
        if served is None or served.status == "ready":
            try:
                manifest = self._store.manifest(key)
            except StoreError:
                return None  # trimmed, or never there
            if not self._is_ours(manifest):
                return None
            total = manifest.num_tokens
            served = ServedDocument(key, manifest.owner, total, manifest.policy, "ready", total)
        return served if served.owner == owner else None


def _num_shared(left: Tensor, right: Tensor) -> int:
    """Count the tokens that two sequences begin alike with."""
    length = min(len(left), len(right))
    differs = torch.nonzero(left[:length] != right[:length])
    return int(differs[0]) if len(differs) else length
