"""`--model local/NAME` served from its copy in bfloat16: found, asked, told apart from llama.cpp, ended when idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catena.errors import OptionError
from catena.kv.gguf.model_source import make_copy
from catena.llm.protocol import chat
from catena.local import engine_choice
from catena.local.local_llm import LocalLLM
from catena.local.server_record import standing_of
from catena.local.server_start import ensure, stop
from catena.local.stored_models import Shelf
from catena.settings import load_settings
from tests.kv.gguf.tiny_gguf import model_of, write_gguf

NAME = "local/tiny"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A model with its copy, on a machine that reads it faster."""
    monkeypatch.setattr(engine_choice, "wants_copy", lambda: True)
    monkeypatch.setenv("CATENA_MODELS_FOLDER", str(tmp_path / "models"))
    made = Shelf(tmp_path / "models")
    model = made.add(write_gguf(tmp_path / "a.gguf", model_of("qwen2")), "tiny")
    make_copy(model, made, lambda *_: None, lambda _: None)
    yield made
    stop(made.folder, "tiny")


def test_a_model_is_asked_through_its_copy(shelf: Shelf) -> None:
    llm = LocalLLM(NAME, load_settings())
    asked = chat("Be brief.", "Which colour has the lantern of the harbour?")
    plain, opinion = (
        asyncio.run(llm.complete(asked, max_tokens=3, role=role)) for role in ("brief", "opinion")
    )
    record = standing_of(shelf.folder, "tiny").running()
    assert record is not None and record.engine == "kv" and record.window <= shelf.get("tiny").facts.trained
    assert plain.completion_tokens == 3 and plain.prompt_tokens > 5
    assert opinion.alternatives and not plain.alternatives


def test_an_idle_server_ends(shelf: Shelf) -> None:
    ensure(shelf, "tiny", idle_seconds=0.5)
    standing, end = standing_of(shelf.folder, "tiny"), time.monotonic() + 120
    while standing.lives:
        assert time.monotonic() < end, "it goes on"
        time.sleep(0.05)
    assert standing.read() is None


def test_a_folder_of_safetensors_is_served_on_any_processor(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_choice, "wants_copy", lambda: False)
    folder = make_copy(shelf.get("tiny"), shelf, lambda *_: None, lambda _: None)
    added = shelf.add(folder, "folder")
    assert added.facts == replace(shelf.get("tiny").facts, licence="", title=added.facts.title)
    try:
        done = asyncio.run(
            LocalLLM("local/folder", load_settings()).complete(chat("Be brief.", "Which?"), max_tokens=2)
        )
    finally:
        stop(shelf.folder, "folder")
    assert done.completion_tokens == 2


@pytest.mark.parametrize("config", ["", "{}", '{"num_attention_heads": 0}', "[1]"])
def test_a_folder_that_is_no_model_is_refused(shelf: Shelf, tmp_path: Path, config: str) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text(config)
    (tmp_path / "odd" / "model.safetensors").write_bytes(b"")
    with pytest.raises(OptionError, match="damaged, or of no language model"):
        shelf.add(tmp_path / "odd")
    assert [one.name for one in shelf.models()] == ["tiny"]
