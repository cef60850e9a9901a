"""Models of real attention shape with random weights, and documents of random KV pages: for speed, not for answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from catena.kv.cache.cache_store import KVStore, manifest_of
from catena.kv.cache.kv_document import Source
from catena.kv.engine import transformers_hooks
from catena.kv.model_spec import ModelSpec, spec_of

NAME = "random"
VOCABULARY = 1024
PAGE_SIZE = 64


def make_model(*, hidden: int = 1024, mlp: int = 3584, max_length: int = 1 << 18) -> Any:
    """Two layers with the heads of Llama-3.1-8B: 32 query heads, 8 key heads, 128 channels; float32.

    The real matrices are 4,096 wide with an MLP of 14,336; by default a quarter of that, so that attention to 16,384
    tokens can be waited for on a CPU.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    transformers_hooks.register()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=mlp,
        num_hidden_layers=2,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=max_length,
        rope_parameters={"rope_type": "default", "rope_theta": 5e5},
        bos_token_id=None,
        eos_token_id=None,
    )
    model = LlamaForCausalLM(config).eval().requires_grad_(False)
    model.set_attn_implementation(transformers_hooks.NAME)
    return model


def tokens(count: int, *, seed: int = 0) -> Tensor:
    return torch.randint(VOCABULARY, (count,), generator=torch.Generator().manual_seed(seed))


def write_random(root: Path, spec: ModelSpec, num_tokens: int) -> str:
    """Put a document of random keys and values into a store, as if it had been read; returns its key."""
    store, source = KVStore(root), Source(tokens(num_tokens))
    manifest = manifest_of(spec, NAME, source, page_size=PAGE_SIZE)
    if manifest.key not in store.documents():
        draft = store.begin(manifest, spec, source)
        random = torch.Generator().manual_seed(num_tokens)
        for layer in draft.document.layers:
            layer.normal_(generator=random)
        draft.document.filled = [num_tokens] * spec.num_layers
        draft.document.queries = [torch.zeros(spec.num_heads, 1, spec.head_dim)] * spec.num_layers
        draft.checkpoint()
        draft.publish(root)
    return manifest.key


def write_random_for(root: Path, num_tokens: int) -> str:
    return write_random(root, spec_of(make_model()), num_tokens)


def drop_from_memory(folder: Path) -> None:
    """Let the operating system forget a folder's files, so that the next reading is from disk."""
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
