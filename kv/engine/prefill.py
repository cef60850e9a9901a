"""Read a document once: its tokens go through the model in chunks, their keys and values into KV pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from catena.kv.cache.cache_store import KVStore, Manifest
from catena.kv.cache.kv_document import DocumentKV, Source
from catena.kv.engine.question_session import Session
from catena.kv.engine.transformers_hooks import TailCache
from catena.kv.model_spec import spec_of
from catena.kv.policies.accumulated_attention import count_received
from catena.kv.policies.page_selection import PolicyInputs
from catena.kv.policies.policy import Policy, preset

CHUNK = 2048
OnQueries = Callable[[int, Tensor], None]
"""A layer and the queries (Hq, T, D) of a chunk, rotated to their positions in the document."""


def prefill(
    model: Any,
    document: DocumentKV,
    *,
    policy: Policy | None = None,
    chunk: int = CHUNK,
    aids: PolicyInputs | None = None,
    on_queries: OnQueries | None = None,
) -> None:
    """Fill `document` from where it stands; each chunk sees what the policy shows it of the chunks before.

    `full` is exact. A policy with few KV pages bounds time and memory, and reads beyond the trained length. Where the
    policy judges tokens by the attention they got, that is counted; `look-m` does so, and else reads as `full` does.
    """
    for _ in prefill_chunks(model, document, policy=policy, chunk=chunk, aids=aids, on_queries=on_queries):
        pass


def prefill_chunks(
    model: Any,
    document: DocumentKV,
    *,
    policy: Policy | None = None,
    chunk: int = CHUNK,
    aids: PolicyInputs | None = None,
    on_queries: OnQueries | None = None,
) -> Iterator[int]:
    """Do what `prefill` does, and yield the tokens done after every chunk."""
    policy = policy or preset("full")
    window = policy.counted_window(len(document.token_ids))
    if policy.score == "merged":  # merging comes after reading
        policy = preset("full")
    while document.num_tokens < len(document.token_ids):
        start = document.num_tokens
        session = Session(document, policy, aids or PolicyInputs())
        _prefill_chunk(model, session, document.token_ids[start : start + chunk], window, on_queries)
        yield document.num_tokens


def prefill_into(
    store: KVStore,
    model: Any,
    manifest: Manifest,
    source: Source,
    *,
    chunk: int = CHUNK,
    aids: PolicyInputs | None = None,
) -> Iterator[int]:
    """Read a document into the store, or go on with what is there of it; yield the tokens done after every chunk.

    After each yield what was read is on disk; at the end the document can be opened.
    """
    if manifest.key in store.documents():
        return
    draft = store.begin(manifest, spec_of(model), source)
    whole_pages = max(1, chunk // manifest.page_size) * manifest.page_size
    policy = preset(manifest.policy)
    for done in prefill_chunks(model, draft.document, policy=policy, chunk=whole_pages, aids=aids):
        draft.checkpoint()
        yield done
    draft.publish(store.root)


def _prefill_chunk(
    model: Any, session: Session, token_ids: Tensor, count_window: int, on_queries: OnQueries | None
) -> None:
    looks: dict[int, tuple[Tensor, Tensor]] = {}

    def note(layer: int, queries: Tensor, lse: Tensor) -> None:
        looks[layer] = queries, lse

    session.on_attention = note
    document = session.document
    tail = TailCache(document.spec.num_layers)
    positions = session.start + torch.arange(len(token_ids), device=model.device)
    with torch.inference_mode():
        model.get_decoder()(
            token_ids[None].to(model.device),
            position_ids=positions[None],
            past_key_values=tail,
            use_cache=True,
            sessions=[session],
        )
    moved = torch.full_like(positions, document.num_tokens - session.start)
    for layer, (q, lse) in looks.items():
        keys, values = tail.of(layer)
        if moved[0]:
            keys, q = (document.spec.rope.rotate(x, moved) for x in (keys, q))
        document.append(layer, keys, values, q)
        if count_window:
            count_received(document, layer, q.cpu(), lse.cpu(), count_window)
        if on_queries:
            on_queries(layer, q)
