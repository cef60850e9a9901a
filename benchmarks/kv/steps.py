"""A whole model of real shape with random weights: decode steps, and the time to the first token of another question.

Keys and values are random too: what a step costs does not depend on what they say. Nothing here measures answers.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from catena.benchmarks.kv.clock import Clock, Table, drop_from_cache
from catena.kv.cache import tensor_files
from catena.kv.cache.device_pages import DevicePages
from catena.kv.cache.digests import bound
from catena.kv.cache.kv_document import DocumentKV, Index, Source, record_shape
from catena.kv.engine import transformers_hooks
from catena.kv.engine.decoder import Decoder
from catena.kv.engine.decoder_buffers import Buffers
from catena.kv.model_spec import ModelSpec, spec_of
from catena.kv.policies.policy import Policy, preset

QUESTION, ANSWER = 32, 64
"""Tokens."""
POLICIES = (preset("full"), replace(preset("mean"), name="bound", score="bound", budget=0.0625))


@dataclass(frozen=True, slots=True)
class Shape:
    """A model as its config says; the rest is Llama."""

    name: str
    num_layers: int
    hidden: int
    intermediate: int
    num_heads: int
    num_kv_heads: int
    vocabulary: int
    page_size: int = 64
    dtype: torch.dtype = torch.bfloat16

    def make(self, device: torch.device) -> Any:
        """The model with random weights."""
        from transformers import AutoModelForCausalLM, LlamaConfig

        config = LlamaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.hidden,
            intermediate_size=self.intermediate,
            num_hidden_layers=self.num_layers,
            num_attention_heads=self.num_heads,
            num_key_value_heads=self.num_kv_heads,
            max_position_embeddings=1 << 18,
        )
        transformers_hooks.register()
        with device:
            model = AutoModelForCausalLM.from_config(config, dtype=self.dtype)
        model.eval().requires_grad_(False).set_attn_implementation(transformers_hooks.NAME)
        return model


LLAMA = Shape("Llama-3.1-8B", 32, 4096, 14336, 32, 8, 128256)
QWEN = Shape("Qwen2.5-7B", 28, 3584, 18944, 28, 4, 152064)


class Indices:
    """Digests of KV pages, made on the device along with the keys: a bench does not wait a minute for the CPU."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int], Index] = {}

    def get(self, name: str, layer: int) -> Index | None:
        return self._made.get((name, layer))

    def put(self, name: str, layer: int, index: Index) -> None:
        self._made[name, layer] = index


def random_document(
    spec: ModelSpec, num_tokens: int, page_size: int, device: torch.device, *, folder: Path | None = None
) -> DocumentKV:
    """Random keys and values in pinned host memory, or in mapped files that are in no cache."""
    shape = record_shape(spec, num_tokens, page_size)
    is_token = (torch.arange(shape[0] * page_size, device=device) < num_tokens).view(-1, page_size)
    layers, kept = [], Indices()
    for number in range(spec.num_layers):
        made = torch.randn(shape, device=device).to(spec.dtype)
        digest = bound(made[:, 0].transpose(0, 1).float(), is_token)
        kept.put("bound", number, {"digest": digest.cpu()})
        if folder is None:
            layers.append(made.cpu().pin_memory() if device.type == "cuda" else made)
            continue
        path = folder / f"layer_{number:03}.safetensors"
        tensor_files.create(path, shape, spec.dtype).copy_(made)
        drop_from_cache(path)
        layers.append(tensor_files.open_existing(path, shape, spec.dtype))
    source = Source(torch.zeros(num_tokens, dtype=torch.int64))
    return DocumentKV(spec, page_size, source, layers, indices=kept, filled=[num_tokens] * spec.num_layers)


@dataclass(frozen=True, slots=True)
class Setting:
    """Rows on one document, or each on its own."""

    num_tokens: int
    num_rows: int = 1
    is_shared: bool = True

    def __str__(self) -> str:
        documents = (
            "" if self.num_rows == 1 else " on one document" if self.is_shared else " on as many documents"
        )
        return f"{self.num_tokens:,} tokens, {self.num_rows} row{documents}"


def decode_steps(shape: Shape, settings: Sequence[Setting], clock: Clock) -> Table:
    """Milliseconds a step of all rows, launches included."""
    rows: list[tuple[str, ...]] = []
    with _made(shape, clock) as model:
        for setting in settings:
            found: list[tuple[str, float]] = []
            if setting.num_rows == 1:
                found.append(
                    ("transformers, SDPA, static cache", _plain_step(model, setting.num_tokens, clock))
                )
            documents = _documents(spec_of(model), setting, shape.page_size, clock.device)
            for policy in POLICIES:
                for uses_graph in (False, True) if clock.is_gpu else (False,):
                    seconds = _own_step(model, documents, policy, clock, uses_graph=uses_graph)
                    found.append((f"{policy.name}, {'CUDA graph' if uses_graph else 'eager'}", seconds))
            best = min(seconds for name, seconds in found if not name.startswith("bound"))
            rows += [
                (shape.name, str(setting), name, f"{seconds * 1e3:,.2f}", f"{best / seconds:.2f}")
                for name, seconds in found
            ]
    return Table("A decode step", ("model", "rows", "how", "ms", "× best with all KV pages"), rows)


def first_tokens(shape: Shape, lengths: Sequence[int], chunk: int, clock: Clock) -> Table:
    """Seconds from a question to its first token, by where the document's KV pages are."""
    rows: list[tuple[str, ...]] = []
    with _made(shape, clock) as model, TemporaryDirectory() as folder:
        for length in lengths:
            again = clock.each(lambda length=length: _prefill(model, length, chunk), 1)  # type: ignore[misc]
            found = [("read again (transformers, SDPA)", again)]
            found += _from_memory(model, length, shape.page_size, clock)
            found.append(_from_disk(model, length, shape.page_size, Path(folder) / str(length), clock))
            gc.collect()
            rows += [
                (shape.name, f"{length:,}", where, f"{seconds:.3f}", f"{again / seconds:,.1f}")
                for where, seconds in found
            ]
    columns = ("model", "tokens", "KV pages", "seconds", "× faster than reading again")
    return Table(f"To the first token of another question of {QUESTION} tokens", columns, rows)


def _from_memory(model: Any, length: int, page_size: int, clock: Clock) -> list[tuple[str, float]]:
    """From host memory for the first question, and where the document is on the device already."""
    document = random_document(spec_of(model), length, page_size, clock.device)
    from_host = clock.each(lambda: _asked(model, document), 1, 1 if clock.is_gpu else 0)
    decoder = _decoder(model, [document], POLICIES[1])
    question = torch.zeros(QUESTION, dtype=torch.int64)

    def ask() -> Tensor:
        decoder.begin(0, document)
        return decoder.extend(0, question).argmax()

    return [("from host memory, all KV pages", from_host), ("on the device", clock.each(ask, 3, 1))]


def _from_disk(model: Any, length: int, page_size: int, folder: Path, clock: Clock) -> tuple[str, float]:
    folder.mkdir()
    document = random_document(spec_of(model), length, page_size, clock.device, folder=folder)
    return "from disk, all KV pages", clock.each(lambda: _asked(model, document), 1)


def _asked(model: Any, document: DocumentKV) -> Tensor:
    decoder = _decoder(model, [document], POLICIES[1])
    decoder.begin(0, document)
    return decoder.extend(0, torch.zeros(QUESTION, dtype=torch.int64)).argmax()


def _own_step(
    model: Any, documents: Sequence[DocumentKV], policy: Policy, clock: Clock, *, uses_graph: bool
) -> float:
    decoder = _decoder(model, documents, policy, uses_graph=uses_graph)
    for row, document in enumerate(documents):
        decoder.begin(row, document)
        decoder.extend(row, torch.zeros(QUESTION, dtype=torch.int64))
    tokens = torch.zeros(len(documents), dtype=torch.int64)
    count = ANSWER - 4 if clock.is_gpu else 1
    return clock.each(lambda: decoder.step(tokens), count, 3)


def _decoder(
    model: Any, documents: Sequence[DocumentKV], policy: Policy, *, uses_graph: bool = True
) -> Decoder:
    first, distinct = documents[0], {id(document) for document in documents}
    pages, max_tail = first.num_pages(0), QUESTION + ANSWER
    tails = len(documents) * -(-max_tail // first.page_size)
    num_pages = len(distinct) * pages + tails
    memory = DevicePages(first.spec, first.page_size, num_pages, model.device)
    buffers = Buffers(memory, policy, num_rows=len(documents), max_pages=pages, max_tail=max_tail)
    return Decoder(model, buffers, uses_graph=uses_graph)


def _documents(spec: ModelSpec, setting: Setting, page_size: int, device: torch.device) -> list[DocumentKV]:
    count = 1 if setting.is_shared else setting.num_rows
    made = [random_document(spec, setting.num_tokens, page_size, device) for _ in range(count)]
    return made * setting.num_rows if setting.is_shared else made


def _plain_step(model: Any, num_tokens: int, clock: Clock) -> float:
    """A step of transformers' own decoding, in a cache that is as long as it will get."""
    from transformers import StaticCache

    spec = spec_of(model)
    cache = StaticCache(config=model.config, max_cache_len=num_tokens + ANSWER)
    shape = (1, spec.num_kv_heads, num_tokens, spec.head_dim)
    for layer in range(spec.num_layers):
        keys = torch.randn(shape, device=model.device).to(spec.dtype)
        cache.update(keys, keys, layer)
    token = torch.zeros(1, 1, dtype=torch.int64, device=model.device)
    place = torch.tensor([[num_tokens]], device=model.device)
    with _as_shipped(model), torch.inference_mode():
        step = lambda: model(token, position_ids=place, past_key_values=cache, logits_to_keep=1)  # noqa: E731
        return clock.each(step, 20 if clock.is_gpu else 1, 3 if clock.is_gpu else 0)


def _prefill(model: Any, num_tokens: int, chunk: int) -> Tensor:
    """Read a document as transformers does, in chunks, and give its first token."""
    from transformers import DynamicCache

    cache, tokens = DynamicCache(), torch.zeros(1, num_tokens, dtype=torch.int64, device=model.device)
    with _as_shipped(model), torch.inference_mode():
        for part in torch.split(tokens, chunk, 1):
            out = model(part, past_key_values=cache, logits_to_keep=1)
        first: Tensor = out.logits[0, -1].argmax()
        return first


@contextmanager
def _as_shipped(model: Any) -> Iterator[None]:
    model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(transformers_hooks.NAME)


@contextmanager
def _made(shape: Shape, clock: Clock) -> Iterator[Any]:
    """A model for as long as it is needed."""
    yield shape.make(clock.device)
    gc.collect()
    if clock.is_gpu:
        torch.cuda.empty_cache()
