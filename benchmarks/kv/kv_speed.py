"""Speed of reading once and asking again on a CPU, beside transformers' own `generate`.

python -m catena.benchmarks.kv.kv_speed [--stage reading|asking] [--tokens 8192 …] [--folder DIR]

Two layers with the heads of Llama-3.1-8B, float32, a quarter of its width (`shapes.py`). Documents that are asked are
random KV pages on disk. Each row is a process of its own, whose peak memory it tells.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Literal

import torch

from catena.benchmarks.kv import shapes
from catena.benchmarks.timing import machine
from catena.kv.cache.cache_store import KVStore
from catena.kv.cache.kv_document import DocumentKV, record_shape
from catena.kv.cache.page_pool import PagePool
from catena.kv.engine.generation import start, step
from catena.kv.engine.prefill import prefill_chunks
from catena.kv.engine.question_session import Session
from catena.kv.model_spec import spec_of
from catena.kv.policies.policy import Policy, preset
from catena.kv.server.serve import MAX_POOL_BYTES

TO_READ = 16384
PEER_READS = 8192
ASKED = (8192, 32768, 131072)
QUESTION = 32
"""Tokens."""
NUM_STEPS = 5
Caching = Literal["dynamic", "static"]


@dataclass(frozen=True, slots=True)
class Asking:
    """Seconds; `after_restart` is None where nothing is kept. `memory` is the process's peak in bytes, `num_loaded`
    what a question after a restart takes from disk.
    """

    first: float
    step: float
    memory: int
    after_restart: float | None = None
    num_loaded: int = 0


def read_alone(count: int) -> tuple[list[tuple[int, float]], int]:
    """Read `count` tokens: (tokens, seconds) after each chunk, and the peak memory."""
    model = shapes.make_model()
    document = DocumentKV.empty(spec_of(model), shapes.tokens(count), shapes.PAGE_SIZE)
    begin = time.perf_counter()
    done = [(tokens, time.perf_counter() - begin) for tokens in prefill_chunks(model, document)]
    return done, _memory()


def ask_ours(root: Path, key: str, policy: Policy) -> Asking:
    """Ask a document that was asked before, first when it is on disk only, then again."""
    model = shapes.make_model()
    spec, store = spec_of(model), KVStore(root)
    start(model, Session(store.open(key, spec, shapes.NAME), policy), shapes.tokens(QUESTION))
    shapes.drop_from_memory(root / key)
    begin = time.perf_counter()
    pool = PagePool(record_shape(spec, 1, shapes.PAGE_SIZE)[1:], spec.dtype, MAX_POOL_BYTES)
    document = store.open(key, spec, shapes.NAME, pool)
    session = Session(document, policy)
    start(model, session, shapes.tokens(QUESTION, seed=1))
    after_restart = time.perf_counter() - begin
    num_bytes = session.loads.num_bytes
    begin = time.perf_counter()
    row = start(model, Session(document, policy), shapes.tokens(QUESTION, seed=2))
    first = time.perf_counter() - begin
    steps = [_seconds(lambda: step(model, [row], row.logits.argmax()[None])) for _ in range(NUM_STEPS)]
    pool.close()
    return Asking(first, median(steps), _memory(), after_restart, num_bytes)


def ask_transformers(num_tokens: int, caching: Caching, *, is_read: bool) -> Asking:
    """The same question with `generate`; the document's keys and values are in its cache, or it is read first."""
    from transformers import StoppingCriteria, StoppingCriteriaList

    class Clock(StoppingCriteria):  # type: ignore[misc]
        ticks: list[float] = []

        def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
            self.ticks.append(time.perf_counter())
            return torch.zeros(len(input_ids), dtype=torch.bool)

    model = shapes.make_model()
    model.set_attn_implementation("sdpa")
    length = num_tokens + QUESTION + NUM_STEPS + 1
    cache = _cache(model, caching, length, num_tokens if is_read else 0)
    begin = time.perf_counter()
    model.generate(
        shapes.tokens(num_tokens + QUESTION)[None],
        past_key_values=cache,
        max_new_tokens=NUM_STEPS + 1,
        do_sample=False,
        stopping_criteria=StoppingCriteriaList([Clock()]),
    )
    ticks = Clock.ticks
    steps = [after - before for before, after in zip(ticks, ticks[1:], strict=False)]
    return Asking(ticks[0] - begin, median(steps), _memory())


def step_of_real_width() -> float:
    """Seconds a step of the two layers at Llama-3.1-8B's width, with no document: what no selection saves."""
    model = shapes.make_model(hidden=4096, mlp=14336)
    nothing = DocumentKV.empty(spec_of(model), torch.empty(0), 1)
    row = start(model, Session(nothing, preset("full")), shapes.tokens(QUESTION))
    return median(_seconds(lambda: step(model, [row], row.logits.argmax()[None])) for _ in range(NUM_STEPS))


def policies() -> dict[str, Policy]:
    """The rows: exact attention, and Quest's bounds without the two layers that it leaves dense, which were all."""
    quest = replace(preset("quest"), dense_layers=0)
    together = replace(quest, granularity="kv_head")
    return {
        "all KV pages": preset("full"),
        "quest, 6.25%": replace(together, budget=0.0625),
        "quest, 3%": replace(together, budget=0.03),
        "quest, 6.25%, each query head its own": replace(quest, budget=0.0625),
    }


def reading_table(run: Callable[..., Any]) -> Iterator[str]:
    """Seconds to read a document, and what longer ones would take."""
    done, memory = run(read_alone, TO_READ)
    yield "| reading once | tokens | seconds | tokens/s | peak memory |\n| --- | --- | --- | --- | --- |"
    for tokens, seconds in done:
        if tokens in (4096, 8192, 16384):
            told = _gib(memory) if tokens == TO_READ else ""
            yield f"| Catena | {tokens:,} | {seconds:.1f} | {tokens / seconds:,.0f} | {told} |"
    for caching in ("dynamic", "static"):
        found = run(ask_transformers, PEER_READS, caching, is_read=False)
        speed = PEER_READS / found.first
        yield (
            f"| transformers, {caching} cache | {PEER_READS:,} | {found.first:.1f} | {speed:,.0f} "
            f"| {_gib(found.memory)} |"
        )
    for tokens in (n for n in ASKED if n > TO_READ):
        yield f"| Catena, extrapolated from the above | {tokens:,} | {extrapolate(done, tokens):,.0f} | | |"


def extrapolate(done: Sequence[tuple[int, float]], tokens: int) -> float:
    """Seconds for more tokens than were read: a line for the matrices and a square for attention, least squares."""
    counts = torch.tensor([float(count) for count, _ in done], dtype=torch.float64)
    seconds = torch.tensor([taken for _, taken in done], dtype=torch.float64)
    found = torch.linalg.lstsq(torch.stack((counts, counts**2), 1), seconds[:, None]).solution[:, 0]
    return float(found @ torch.tensor([float(tokens), float(tokens) ** 2], dtype=torch.float64))


def asking_table(run: Callable[..., Any], root: Path, lengths: Sequence[int]) -> Iterator[str]:
    """Time to the first token of a second question and of each next one, ours and transformers'."""
    yield (
        "| document | seen | first token, document in memory | after a restart, from disk | next token "
        "| peak memory |\n| --- | --- | --- | --- | --- | --- |"
    )
    for tokens in lengths:
        key = run(shapes.write_random_for, root, tokens)
        for name, policy in policies().items():
            yield _asking_row(tokens, name, run(ask_ours, root, key, policy))
        KVStore(root).delete(key)
        for caching in ("dynamic", "static"):
            found = run(ask_transformers, tokens, caching, is_read=True)
            yield _asking_row(tokens, f"transformers, {caching} cache", found)
    yield f"\nA step of the two layers at the real width, with no document: {run(step_of_real_width):.2f} s."


def _asking_row(tokens: int, name: str, found: Asking) -> str:
    restart = "reads again"
    if found.after_restart is not None:
        restart = f"{found.after_restart:.2f} s, {found.num_loaded / 1e6:,.0f} MB"
    return (
        f"| {tokens:,} | {name} | {found.first:.2f} s | {restart} | {found.step * 1000:,.0f} ms "
        f"| {_gib(found.memory)} |"
    )


def _cache(model: Any, caching: Caching, length: int, num_tokens: int) -> Any:
    """A cache of transformers with random keys and values of `num_tokens`."""
    from transformers import DynamicCache, StaticCache

    config = model.config
    cache = (
        DynamicCache(config=config)
        if caching == "dynamic"
        else StaticCache(config=config, max_cache_len=length)
    )
    if num_tokens:
        for layer in range(config.num_hidden_layers):
            shape = (1, config.num_key_value_heads, num_tokens, config.head_dim)
            cache.update(torch.randn(shape), torch.randn(shape), layer)
    return cache


def _seconds(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _gib(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.1f} GiB"


def _alone(do: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Do it in a process of its own, forked from one that has imported everything and computed nothing."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["__main__", "transformers.models.llama.modeling_llama"])
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(do, *arguments, **options).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stage", choices=("reading", "asking"))
    parser.add_argument("--tokens", type=int, action="append", help="of a document that is asked; repeatable")
    parser.add_argument("--folder", type=Path, help="on the disk that is to be measured")
    options = parser.parse_args()
    print(f"{machine()}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads\n", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.stage != "asking":
            for line in reading_table(_alone):
                print(line, flush=True)
            print()
        if options.stage != "reading":
            for line in asking_table(_alone, Path(folder), options.tokens or ASKED):
                print(line, flush=True)


if __name__ == "__main__":
    main()
