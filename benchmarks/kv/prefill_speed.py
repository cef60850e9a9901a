"""Reading once, beside transformers' own prefill and llama.cpp, on one thread, in seconds of the processor.

    python -m catena.benchmarks.kv.prefill_speed FILE.gguf [--tokens 2000]

Seconds that the process computed, not those of the clock: other programs on the machine count for little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import torch
from transformers import AutoModelForCausalLM

from catena.benchmarks.gguf_equality import llama_server
from catena.benchmarks.timing import machine
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.model_loading import load_model
from catena.kv.engine.prefill import prefill
from catena.kv.gguf.model_source import find_source
from catena.kv.server.serve import PAGE_SIZE
from catena.local.stored_models import shelf_of
from catena.settings import load_settings

RUNS = 3
WARM = 64
"""Tokens that are read before: what is made at the first use."""


def tokens(count: int, vocabulary: int, seed: int) -> torch.Tensor:
    return torch.randint(0, vocabulary, (count,), generator=torch.Generator().manual_seed(seed))


def seconds(read: Callable[[torch.Tensor], object], count: int, vocabulary: int) -> float:
    """The least seconds of the processor of some runs, each on tokens of its own."""
    read(tokens(WARM, vocabulary, 0))
    found = []
    for run in range(RUNS):
        token_ids = tokens(count, vocabulary, run + 1)
        begin = time.process_time()
        read(token_ids)
        found.append(time.process_time() - begin)
    return min(found)


def readers(path: Path, folder: str) -> Iterator[tuple[str, Callable[[torch.Tensor], object]]]:
    """Each way to read, by name; one model is in memory at a time."""
    for dtype in (torch.bfloat16, torch.float32):
        local = load_model(folder, dtype=dtype)
        yield f"Catena, {dtype}", partial(_ours, local)
        del local
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa").eval()
        yield f"transformers, {dtype}", partial(_theirs, model)
        del model
    server = llama_server(path, threads=1)
    yield "llama.cpp, the file as it is", partial(_llama, server.listening_address)


def _ours(local: Any, token_ids: torch.Tensor) -> None:
    prefill(local.model, DocumentKV.empty(local.spec, token_ids, PAGE_SIZE))


def _theirs(model: Any, token_ids: torch.Tensor) -> None:
    with torch.inference_mode():
        model.get_decoder()(token_ids[None], use_cache=True)


def _llama(address: str, token_ids: torch.Tensor) -> None:
    asked = {"prompt": token_ids.tolist(), "n_predict": 1, "cache_prompt": False}
    answer = httpx.post(f"{address}/completion", json=asked, timeout=3600, trust_env=False)
    answer.raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--tokens", type=int, default=2000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731 - no progress is shown
    folder, _ = find_source(str(options.file), shelf_of(load_settings()), nothing, nothing)
    vocabulary = int(load_model(folder).model.config.vocab_size)
    print(f"{options.file.name}, {options.tokens:,} tokens, one thread; {machine()}\n")
    print("| reading once | seconds of the processor | tokens a second |\n| --- | --- | --- |")
    for name, read in readers(options.file, folder):
        took = seconds(read, options.tokens, vocabulary)
        rate = options.tokens / took
        print(f"| {name.replace('torch.', '')} | {took:.1f} | {rate:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
