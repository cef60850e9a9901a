"""Which engine serves a local model: llama.cpp its GGUF file, or the server of KV pages its copy in bfloat16.

Where the processor multiplies bfloat16 the copy is read ten times as fast, and takes three times the memory
(docs/real-models.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from catena.errors import MissingExtra
from catena.local.imported_models import ImportedModels
from catena.local.memory_fit import (
    LEAST_WINDOW,
    OVERHEAD,
    choose_window,
    has_graphics_card,
    needed,
    total_memory,
)
from catena.local.processor import multiplies_bfloat16
from catena.local.server_record import EngineKind
from catena.local.stored_models import LocalModel, Shelf

PACKAGES = ("torch", "transformers", "gguf")
"""Of the extra `local`."""
MODULES: dict[EngineKind, str] = {
    "llama.cpp": "catena.local.llama_server",
    "kv": "catena.kv.server.local_server",
}
COPY = 3
"""Times that a copy is as large as the file: 16 bits a weight, of some five."""
KV_OVERHEAD = OVERHEAD + (1 << 30)
"""Bytes of a process with PyTorch, and of what is computed in one step of 2,048 tokens."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How a model is served: `num_bytes` of its weights in memory, `window` tokens; 0: it does not fit."""

    engine: EngineKind
    num_bytes: int
    window: int


def wants_copy() -> bool:
    """Tell whether models are read faster here from a copy in bfloat16, and what computes with it is installed."""
    return (
        multiplies_bfloat16() and not has_graphics_card() and all(find_spec(package) for package in PACKAGES)
    )


def check_packages() -> None:
    """Raises MissingExtra where what serves a folder of safetensors, or a copy, is not installed."""
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MissingExtra(package, "local")


def may_copy(model: LocalModel) -> bool:
    """Tell whether a copy pays, and could be held: it is three times as large as a file of five bits a weight."""
    return (
        wants_copy()
        and needed(COPY * model.num_bytes, model.facts.kv_bytes, LEAST_WINDOW) + KV_OVERHEAD <= total_memory()
    )


def choose_engine(shelf: Shelf, model: LocalModel, wanted: int, available: int) -> Serving:
    """The copy, where there is one and it fits with a window of `wanted` tokens into `available` bytes; or the file.

    A folder of safetensors is its own copy, on any processor: without bfloat16 it takes twice the memory.
    """
    if model.is_folder:
        held = model.num_bytes * (1 if multiplies_bfloat16() else 2) + KV_OVERHEAD - OVERHEAD
        return Serving("kv", held, choose_window(held, model.facts.kv_bytes, wanted, available))
    copy = ImportedModels(shelf.folder).get(model.sha256)
    if copy and wants_copy():
        held = copy.num_bytes + KV_OVERHEAD - OVERHEAD
        if choose_window(held, model.facts.kv_bytes, wanted, available) == wanted:
            return Serving("kv", held, wanted)
    window = choose_window(model.num_bytes, model.facts.kv_bytes, wanted, available)
    return Serving("llama.cpp", model.num_bytes, window)
