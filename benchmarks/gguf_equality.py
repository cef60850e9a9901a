"""A GGUF file served in KV pages beside llama.cpp on the same file: greedy answers to ten prompts, token by token.

    python -m catena.benchmarks.gguf_equality FILE.gguf

llama.cpp multiplies quantised weights by activations in 8 bits, ours are both bfloat16, so the two differ a little
everywhere. Where two texts part, it is a tie if each program gives its own token a lead of no more than thrice what the
programs' judgement of the first two tokens differs by on average, over all places before. Needs the extras `local` and
`llm`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import httpx

from catena.benchmarks.timing import machine
from catena.errors import MissingExtra, ModelUnreachable
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.generation import start, step
from catena.kv.engine.model_loading import LocalModel, load_model
from catena.kv.engine.question_session import Session
from catena.kv.gguf.gguf_tokenizer import ends_of
from catena.kv.gguf.model_source import find_source
from catena.kv.policies.policy import preset
from catena.kv.server.chat_template import encode_chat
from catena.local.gguf_header import read_header
from catena.local.memory_fit import num_threads
from catena.local.stored_models import Shelf, shelf_of
from catena.settings import load_settings

PROMPTS = (
    "What is the capital of France?",
    "Write a short poem about a lighthouse.",
    "List three uses of a paper clip.",
    "Explain in two sentences why the sky is blue.",
    "Was ist der Unterschied zwischen Wetter und Klima?",
    "Translate to French: The cat sleeps on the chair.",
    "What is 17 times 23? Show your steps.",
    "The lamp was bought in Trieste in 1931 by Anna Weiss. Who bought the lamp, and when?",
    "Write a Python function that reverses a string.",
    "用一句话介绍长城。",
)
NUM_TOKENS = 64
NUM_SHOWN = 40
"""Likeliest tokens whose probability is looked at."""
MUCH = 3.0


@dataclass(frozen=True, slots=True)
class Written:
    """`odds`: of each step, log-probabilities by token id."""

    tokens: Sequence[int]
    odds: Sequence[dict[int, float]]


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two greedy texts part: `ours` and `theirs` are the leads, in nats, that each gives its own token there.

    `differing`: what their leads of the first token over the second differ by, place by place before.
    """

    prefix: int
    length: int
    differing: Sequence[float]
    ours: float = 0.0
    theirs: float = 0.0

    @property
    def is_same(self) -> bool:
        return self.prefix == self.length

    def is_tie(self, usual: float) -> bool:
        return not self.is_same and max(self.ours, self.theirs) <= MUCH * usual


def compare(ours: Written, theirs: Written) -> Parting:
    """Find the first difference of two texts, and how sure each was of its token."""
    pairs = list(zip(ours.tokens, theirs.tokens, strict=False))
    prefix = next((n for n, (one, other) in enumerate(pairs) if one != other), len(pairs))
    differing = [
        abs(
            _lead(ours.odds[n], *_first_two(theirs.odds[n]))
            - _lead(theirs.odds[n], *_first_two(theirs.odds[n]))
        )
        for n in range(prefix)
    ]
    length = max(len(ours.tokens), len(theirs.tokens))
    if prefix == len(pairs):
        return Parting(prefix, length, differing)
    one, other = pairs[prefix]
    leads = _lead(ours.odds[prefix], one, other), _lead(theirs.odds[prefix], other, one)
    return Parting(prefix, length, differing, *leads)


def _first_two(odds: dict[int, float]) -> tuple[int, int]:
    first, second = sorted(odds, key=odds.__getitem__, reverse=True)[:2]
    return first, second


def _lead(odds: dict[int, float], one: int, other: int) -> float:
    least = min(odds.values())
    return odds.get(one, least) - odds.get(other, least)


def write_ours(local: LocalModel, token_ids: Any, ends: Sequence[int], max_tokens: int) -> Written:
    """Greedy, over no document."""
    nothing = DocumentKV.empty(local.spec, token_ids[:0], 1)
    row = start(local.model, Session(nothing, preset("full")), token_ids)
    tokens: list[int] = []
    odds: list[dict[int, float]] = []
    while len(tokens) < max_tokens and not (tokens and tokens[-1] in ends):
        found = row.logits.float().log_softmax(-1)
        best = found.topk(NUM_SHOWN)
        odds.append(dict(zip(best.indices.tolist(), best.values.tolist(), strict=True)))
        chosen = found.argmax()
        tokens.append(int(chosen))
        step(local.model, [row], chosen[None])
    return Written(tokens, odds)


def write_theirs(address: str, token_ids: Sequence[int], max_tokens: int) -> Written:
    """The same by llama.cpp, of the same tokens."""
    asked = {
        "prompt": list(token_ids),
        "n_predict": max_tokens,
        "temperature": 0,
        "n_probs": NUM_SHOWN,
        "return_tokens": True,
        "cache_prompt": False,
    }
    answer = httpx.post(f"{address}/completion", json=asked, timeout=600, trust_env=False)
    if answer.status_code != 200:
        raise ModelUnreachable(f"llama.cpp said {answer.status_code}: {answer.text[:200]}")
    steps = answer.json()["completion_probabilities"]
    odds = [{one["id"]: one["logprob"] for one in every["top_logprobs"]} for every in steps]
    return Written([every["id"] for every in steps], odds)


def llama_server(path: Path, threads: int = 0) -> Any:
    """llama.cpp as a thread of this process, that computes by some more. Raises MissingExtra."""
    try:
        import xllamacpp  # the extra `llm`
    except ImportError as error:
        raise MissingExtra("xllamacpp", "llm") from error
    parameters: Any = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.port, parameters.n_ctx, parameters.n_parallel = 0, 4096, 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads or num_threads()
    parameters.ui, parameters.offline = False, True
    return xllamacpp.Server(parameters)


def imported(path: Path, shelf: Shelf) -> LocalModel:
    folder, name = find_source(str(path), shelf, lambda *_: None, lambda _: None)
    return load_model(folder, name=name)


def differing_texts(path: Path, texts: Sequence[str], shelf: Shelf) -> list[str]:
    """Those of some texts that llama.cpp cuts into other tokens."""
    tokenizer, server = imported(path, shelf).tokenizer, llama_server(path)

    def theirs(text: str) -> list[int]:
        asked = {"content": text, "add_special": False, "parse_special": True}
        answer = httpx.post(f"{server.listening_address}/tokenize", json=asked, timeout=600, trust_env=False)
        found: list[int] = answer.json()["tokens"]
        return found

    return [text for text in texts if theirs(text) != tokenizer.encode(text, add_special_tokens=False)]


def partings(
    path: Path, prompts: Sequence[str], shelf: Shelf, *, max_tokens: int = NUM_TOKENS
) -> Iterator[Parting]:
    """Ask both, prompt by prompt."""
    local, ends = imported(path, shelf), ends_of(read_header(path).keys)
    server = llama_server(path)
    for prompt in prompts:
        token_ids = encode_chat(local.tokenizer, [{"role": "user", "content": prompt}])
        theirs = write_theirs(server.listening_address, token_ids.tolist(), max_tokens)
        yield compare(write_ours(local, token_ids, ends, max_tokens), theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    print(
        f"{path.name}, {machine()}\n\n| prompt | same tokens | lead of ours, of theirs |\n| --- | --- | --- |"
    )
    found = []
    for prompt, one in zip(PROMPTS, partings(path, PROMPTS, shelf_of(load_settings())), strict=True):
        found.append(one)
        then = "the same to the end" if one.is_same else f"{one.ours:.2f}, {one.theirs:.2f}"
        print(f"| {prompt} | {one.prefix} of {one.length} | {then} |", flush=True)
    usual = mean([0.0, *(off for one in found for off in one.differing)])
    num_same, num_ties = sum(one.is_same for one in found), sum(one.is_tie(usual) for one in found)
    print(f"\nThe same to the end: {num_same} of {len(found)}; parted at a tie: {num_ties}.")
    print(f"Leads differ by {usual:.2f} on average where the texts are the same.")


if __name__ == "__main__":
    main()
