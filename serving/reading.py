"""Read a document once: its tokens go through the model in chunks, their keys and values into KV pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from catena.retrieval.kv.policy import Policy, preset
from catena.serving.document import DocumentKV
from catena.serving.hooks import Tail
from catena.serving.session import Session
from catena.serving.spec import spec_of
from catena.serving.store import KVStore, Manifest

CHUNK = 2048
OnTokens = Callable[[int, int], None]
"""Tokens done, tokens in all."""
OnQueries = Callable[[int, Tensor], None]
"""A layer and the queries (Hq, T, D) of a chunk, rotated to their places in the document."""


def read(
    model: Any,
    document: DocumentKV,
    *,
    policy: Policy | None = None,
    chunk: int = CHUNK,
    on_tokens: OnTokens | None = None,
    on_queries: OnQueries | None = None,
) -> None:
    """Fill `document` from where it stands; each chunk sees what the policy shows it of the chunks before.

    `full` is exact. A policy with few KV pages bounds time and memory, and reads beyond the trained length.
    """
    policy = policy or preset("full")
    total = len(document.token_ids)
    while document.num_tokens < total:
        start = document.num_tokens
        _read_chunk(model, document, document.token_ids[start : start + chunk], policy, on_queries)
        if on_tokens:
            on_tokens(document.num_tokens, total)


def read_into(
    store: KVStore,
    model: Any,
    manifest: Manifest,
    token_ids: Tensor,
    *,
    chunk: int = CHUNK,
    on_tokens: OnTokens | None = None,
) -> DocumentKV:
    """Read a document into the store, or go on with it, or find it there; return it as the store opens it."""
    spec = spec_of(model)
    if manifest.key not in store.kept():
        draft = store.begin(manifest, spec, token_ids)

        def keep(done: int, total: int) -> None:
            draft.keep()
            if on_tokens:
                on_tokens(done, total)

        whole_pages = max(1, chunk // manifest.page_size) * manifest.page_size
        read(model, draft.document, policy=preset(manifest.policy), chunk=whole_pages, on_tokens=keep)
        draft.publish(store.root)
    return store.open(manifest.key, spec, manifest.model)


def _read_chunk(
    model: Any, document: DocumentKV, token_ids: Tensor, policy: Policy, on_queries: OnQueries | None
) -> None:
    queries: dict[int, Tensor] = {}
    session = Session(document, policy, on_queries=queries.__setitem__)
    tail = Tail(document.spec.num_layers)
    places = session.start + torch.arange(len(token_ids))
    with torch.inference_mode():
        model.get_decoder()(
            token_ids[None],
            position_ids=places[None],
            past_key_values=tail,
            use_cache=True,
            sessions=[session],
        )
    moved = torch.full_like(places, document.num_tokens - session.start)
    for layer, asked in queries.items():
        keys, values = tail.of(layer)
        if moved[0]:
            keys, asked = (document.spec.rope.turn(x, moved) for x in (keys, asked))
        document.append(layer, keys, values, asked)
        if on_queries:
            on_queries(layer, asked)
