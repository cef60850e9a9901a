"""Train a retriever of KV pages on any text: its goal is the model's own attention, so nobody labels anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.prefill import prefill
from catena.kv.model_spec import ModelSpec, spec_of
from catena.kv.policies.trained_retriever import PageRetriever

NUM_QUERIES = 64
"""Tokens of a text that are asked where they look."""
LEARNING_RATE = 2e-3
OnStep = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class _Look:
    """Attention of M tokens in one layer: un-rotated queries (Hkv, M, D) and the share of KV pages (Hkv, M, P)."""

    queries: Tensor
    shares: Tensor
    weights: Tensor
    is_open: Tensor


def train_retriever(
    model: Any,
    texts: Iterable[Tensor],
    *,
    page_size: int,
    num_last: int | None = None,
    fingerprint: str = "",
    seed: int = 0,
    on_step: OnStep | None = None,
) -> PageRetriever:
    """One step for each text of token ids (T): the retriever's softmax over KV pages nears the model's attention.

    Tokens of the text itself are asked where they look; with `num_last` only its last ones, its questions say. The
    loss is the cross-entropy with the attention mass of each KV page, first and own KV page left out, weighed by how
    much of its attention a token spends on the others.
    """
    spec = spec_of(model)
    torch.manual_seed(seed)
    retriever = PageRetriever(spec.num_layers, spec.head_dim, fingerprint)
    optimizer = torch.optim.AdamW(retriever.parameters(), lr=LEARNING_RATE)
    random = torch.Generator().manual_seed(seed)
    for number, token_ids in enumerate(texts, 1):
        loss = _loss(model, spec, retriever, token_ids, page_size, num_last, random)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if on_step:
            on_step(number, float(loss.detach()))
    return retriever.eval()


def cut_texts(tokenizer: Any, texts: Iterable[str], num_tokens: int) -> list[Tensor]:
    """Token ids in pieces of `num_tokens`; what is left at a text's end is dropped."""
    pieces: list[Tensor] = []
    for text in texts:
        token_ids = torch.tensor(tokenizer.encode(text, add_special_tokens=False), dtype=torch.int64)
        pieces += [piece for piece in torch.split(token_ids, num_tokens) if len(piece) == num_tokens]
    return pieces


def _loss(
    model: Any,
    spec: ModelSpec,
    retriever: PageRetriever,
    token_ids: Tensor,
    page_size: int,
    num_last: int | None,
    random: torch.Generator,
) -> Tensor:
    document = DocumentKV.empty(spec, token_ids, page_size)
    queries: dict[int, Tensor] = {}
    prefill(model, document, chunk=len(token_ids), on_queries=queries.__setitem__)
    first = len(token_ids) - num_last if num_last else 2 * page_size
    positions = torch.randint(first, len(token_ids), (NUM_QUERIES,), generator=random)
    losses, weights = [], []
    for layer in range(spec.num_layers):
        look = _look(document, layer, queries[layer], positions)
        digest = retriever.digest(layer, *document.paged_keys(layer, is_rotated=False))
        scores = retriever(layer, look.queries, digest).masked_fill(~look.is_open, -torch.inf)
        logs = scores.log_softmax(-1).masked_fill(~look.is_open, 0)
        losses.append(-(look.shares * logs).sum(-1) * look.weights)
        weights.append(look.weights)
    return torch.stack(losses).sum() / torch.stack(weights).sum()


def _look(document: DocumentKV, layer: int, queries: Tensor, positions: Tensor) -> _Look:
    spec = document.spec
    q = queries[:, positions].view(spec.num_kv_heads, spec.group, len(positions), -1)
    keys = document.whole(layer)[0]
    logits = torch.einsum("hgmd,hnd->hgmn", q, keys) * spec.head_dim**-0.5
    is_later = torch.arange(keys.shape[1]) > positions[:, None]
    mass = logits.masked_fill(is_later, -torch.inf).softmax(-1).mean(1)
    short = -mass.shape[-1] % document.page_size
    by_page = torch.nn.functional.pad(mass, (0, short)).view(*mass.shape[:2], -1, document.page_size).sum(-1)
    pages = torch.arange(by_page.shape[-1])
    is_open = (pages > 0) & (pages < positions[:, None] // document.page_size)
    shares = by_page * is_open
    weights = shares.sum(-1)
    unrotated = spec.rope.rotate(q, -positions).mean(1)
    return _Look(unrotated, shares / weights.clamp(min=1e-9)[..., None], weights, is_open)
