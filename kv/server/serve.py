"""Bring a model, a store and the server together, and serve until stopped."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from catena.kv.cache.cache_store import KVStore
from catena.kv.cache.device_pages import DevicePages
from catena.kv.cache.fp8 import fp8_dtype
from catena.kv.engine.document_registry import DocumentRegistry, RegistryLimits
from catena.kv.engine.engine import MAX_ROWS, Engine
from catena.kv.engine.model_loading import LocalModel
from catena.kv.engine.static_decoder import StaticRows
from catena.kv.policies.trained_retriever import PageRetriever
from catena.kv.server.http_server import ServerLimits, create_app
from catena.request_origins import OwnAddress, is_loopback

PAGE_SIZE = 64
"""Tokens of a KV page."""
MAX_DOCUMENT_TOKENS = 1 << 20
MAX_POOL_BYTES = 2 << 30
"""Of KV pages that were read from disk."""
MAX_TAIL = 2048
"""Tokens of a question and its answer in steps of equal shape; longer ones are written in steps as they come."""


def make_engine(
    local: LocalModel,
    store: Path,
    *,
    page_size: int = PAGE_SIZE,
    max_document_tokens: int = MAX_DOCUMENT_TOKENS,
    max_store_bytes: int | None = None,
    max_pool_bytes: int = MAX_POOL_BYTES,
    retriever: Path | None = None,
    is_fp8: bool = False,
    max_device_bytes: int = 0,
) -> Engine:
    """An engine whose thread runs; `is_fp8` keeps new KV pages in 8 bits.

    `max_device_bytes` are for KV pages in the memory of the model's device: half for documents that are asked in steps
    of equal shape, half for KV pages that were chosen of others. 0 leaves all in the host's memory.

    Raises StoreError for a retriever of another model, OptionError where this torch has no 8-bit floats.
    """
    trained = PageRetriever.load(retriever, local.fingerprint) if retriever else None
    if trained:
        trained.to(local.model.device)
    half = max_device_bytes // 2
    limits = RegistryLimits(page_size, max_document_tokens, max_pool_bytes, max_store_bytes, half)
    dtype = fp8_dtype() if is_fp8 else None
    registry = DocumentRegistry(local, KVStore(store), limits, retriever=trained, dtype=dtype)
    static = None
    if half:
        memory = DevicePages(
            local.spec, page_size, half // (page_size * local.spec.bytes_per_token), local.model.device
        )
        static = StaticRows(local.model, memory, num_rows=MAX_ROWS, max_tail=MAX_TAIL, retriever=trained)
    return Engine(local, registry, static=static)


def serve(
    engine: Engine,
    at: socket.socket,
    *,
    keys: Sequence[str] = (),
    start_key: str = "",
    limits: ServerLimits | None = None,
) -> None:
    """Serve at a socket that listens, until the process is asked to stop."""
    # Where others reach it each request brings a key: what they call this machine cannot be known.
    own = OwnAddress(is_any=not is_loopback(at.getsockname()[0]))
    app = create_app(engine, keys=keys, start_key=start_key, own=own, limits=limits)
    try:
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[at])
    finally:
        engine.close()
