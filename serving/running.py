"""Bring a model, a store and the server together, and serve until stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import uvicorn

from catena.retrieval.kv.trained import PageRetriever
from catena.serving.access import check_address
from catena.serving.engine import Engine
from catena.serving.loading import LocalModel
from catena.serving.scaling import fp8
from catena.serving.server import ServerLimits, create_app
from catena.serving.shelf import DocumentShelf, ShelfLimits
from catena.serving.store import KVStore

PAGE_SIZE = 64
"""Tokens of a KV page."""
MAX_DOCUMENT_TOKENS = 1 << 20
MAX_POOL_BYTES = 2 << 30
"""Of KV pages that were read from disk."""


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
) -> Engine:
    """An engine whose thread runs; `is_fp8` keeps new KV pages in 8 bits.

    Raises StoreError for a retriever of another model, OptionError where this torch has no 8-bit floats.
    """
    trained = PageRetriever.load(retriever, local.fingerprint) if retriever else None
    limits = ShelfLimits(page_size, max_document_tokens, max_pool_bytes, max_store_bytes)
    dtype = fp8() if is_fp8 else None
    return Engine(local, DocumentShelf(local, KVStore(store), limits, retriever=trained, dtype=dtype))


def serve(
    engine: Engine, *, host: str, port: int, keys: Sequence[str] = (), limits: ServerLimits | None = None
) -> None:
    """Serve until the process is asked to stop. Raises OptionError for an open address without keys."""
    check_address(host, keys)
    app = create_app(engine, keys=keys, limits=limits)
    try:
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
    finally:
        engine.close()
