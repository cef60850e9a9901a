"""LiteLLM, loaded once, quiet and offline; and what its bundled table knows of a model.

It takes seconds to import, so it is loaded by the first call and never without a model. The table is read without it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from catena.llm.protocol import Price

DEFAULT_WINDOW = 8192
"""Tokens, for models that the table does not know: what small local models are run with."""
LOCAL = ("ollama/", "ollama_chat/", "hosted_vllm/", "lm_studio/", "llamafile/", "local/")
"""Servers of one's own, which bill nothing."""
_LONG = (100_000, 128_000, 200_000, 256_000, 272_000, 512_000)

LATE = ("openai.resources", "httpcore", "anyio._backends._asyncio")
"""Modules that a first call would import, in the event loop, for seconds."""

_loading = threading.Lock()


def load() -> Any:
    """Import LiteLLM, outside of an event loop; its tables are the bundled ones."""
    with _loading:
        return _load()


async def loaded() -> Any:
    """Import LiteLLM beside the event loop, the first time."""
    return _load() if _load.cache_info().currsize else await asyncio.to_thread(load)


@cache
def _load() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings(), _uncollected():
        warnings.simplefilter("ignore")
        import litellm

        for name in LATE:
            import_module(name)
        asyncio.run(litellm.acompletion("openai/x", [{"role": "user", "content": "x"}], mock_response="x"))
    # Of types that LiteLLM builds when they are first needed.
    warnings.filterwarnings("ignore", r"Items? '.*' on TypedDict class", UserWarning)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = True  # some models take no temperature
    litellm.disable_aiohttp_transport = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return litellm


@contextmanager
def _uncollected() -> Iterator[None]:
    """Import makes no garbage, and looking for it takes a sixth of the import."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def window(model: str) -> int:
    """The tokens of prompt and reply together."""
    facts = _facts(model)
    return int(facts.get("max_input_tokens") or facts.get("max_tokens") or DEFAULT_WINDOW)


def price(model: str) -> Price | None:
    """Return a model's price in the bundled table; None where it does not know."""
    facts = _facts(model)
    read, written = facts.get("input_cost_per_token"), facts.get("output_cost_per_token")
    if read is None or written is None:
        return Price(0.0, 0.0) if model.startswith(LOCAL) and not model.endswith("-cloud") else None
    for tokens in _LONG:
        long_read = facts.get(f"input_cost_per_token_above_{tokens // 1000}k_tokens")
        if long_read is not None:
            long_written = facts.get(f"output_cost_per_token_above_{tokens // 1000}k_tokens", written)
            return Price(float(read), float(written), tokens, float(long_read), float(long_written))
    return Price(float(read), float(written))


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    """Table that LiteLLM reads into `model_cost` when it is kept from asking the network."""
    package = find_spec("litellm")
    assert package and package.submodule_search_locations, "a dependency"
    path = Path(package.submodule_search_locations[0]) / "model_prices_and_context_window_backup.json"
    table: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return table


def _facts(model: str) -> Mapping[str, Any]:
    """A model's row of the table; nothing for one that it does not know."""
    table = _table()
    provider, _, short = model.partition("/")
    if model in table or not short:
        return table.get(model, {})
    entry = table.get(short, {})
    return entry if entry.get("litellm_provider") == provider else {}
