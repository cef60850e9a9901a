"""The server of a model: started once, found by all, ended when idle, and honest about its end."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catena.errors import MissingExtra, ModelRefused, ModelUnreachable
from catena.local import server_start
from catena.local.local_llm import LocalLLM
from catena.local.server_record import MAX_LOG, Record, standing_of
from catena.local.server_start import ensure, stop
from catena.local.stored_models import Shelf
from catena.settings import load_settings
from tests.catena.local.conftest import MakeGGUF


def until(condition: object, seconds: float = 60.0) -> None:
    """Wait until a call says yes."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


@pytest.fixture
def tiny(shelf: Shelf, make_gguf: MakeGGUF, starts: Path) -> Shelf:
    shelf.add(make_gguf(), "tiny")
    return shelf


def test_many_that_ask_at_once_find_one_server(tiny: Shelf, starts: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: ensure(tiny, "tiny"), range(4)))
    assert len(found) == 1
    assert starts.read_text() == "4096\n"  # the window that it was trained for


def test_the_key_is_for_the_owner_alone(tiny: Shelf) -> None:
    record = ensure(tiny, "tiny")
    folder = standing_of(tiny.folder, "tiny").folder
    assert len(record.key) > 30
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert record.key not in standing_of(tiny.folder, "tiny").log.read_text()


def test_a_killed_server_leaves_a_stale_record(tiny: Shelf, starts: Path) -> None:
    standing, first = standing_of(tiny.folder, "tiny"), ensure(tiny, "tiny")
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not standing.lives)
    assert standing.read() == first
    assert standing.running() is None
    with pytest.raises(ModelUnreachable):  # the kernel ended its child, too
        asyncio.run(_at(first))
    assert ensure(tiny, "tiny").key != first.key
    assert starts.read_text().count("\n") == 2


def test_an_idle_server_ends(tiny: Shelf) -> None:
    ensure(tiny, "tiny", idle_seconds=0.5)
    standing = standing_of(tiny.folder, "tiny")
    until(lambda: not standing.lives)
    assert standing.read() is None


def test_a_server_is_stopped_with_its_child(tiny: Shelf) -> None:
    record = ensure(tiny, "tiny")
    assert stop(tiny.folder, "tiny")
    assert not stop(tiny.folder, "tiny")
    with pytest.raises(ModelUnreachable):
        asyncio.run(_at(record))


def test_a_model_that_does_not_load_says_why(tiny: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAD_SIZE", str(tiny.get("tiny").num_bytes))
    with pytest.raises(ModelRefused, match="tensor is missing") as caught:
        ensure(tiny, "tiny")
    assert "tiny.log" in caught.value.remedy
    assert not standing_of(tiny.folder, "tiny").lives


def test_a_window_grows_with_need(tiny: Shelf, make_gguf: MakeGGUF, starts: Path) -> None:
    tiny.add(make_gguf("long.gguf", llama__context_length=32768), "long")
    assert ensure(tiny, "long").window == 8192
    assert ensure(tiny, "long", window=16384).window == 16384
    assert ensure(tiny, "long", window=65536).window == 32768  # no more than it was trained for
    assert ensure(tiny, "long", window=65536).window == 32768
    assert starts.read_text() == "8192\n16384\n32768\n"


def test_a_model_that_is_too_large_names_one_that_fits(
    tiny: Shelf, make_gguf: MakeGGUF, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_start, "available_memory", lambda: 2 << 30)
    tiny.add(make_gguf("wide.gguf", llama__block_count=100_000, llama__embedding_length=4096), "wide")
    with pytest.raises(ModelRefused, match=r"needs .* GB of memory, and 2.1 GB are free") as caught:
        ensure(tiny, "wide")
    assert "catena model get qwen2.5-1.5b" in caught.value.remedy


def test_without_llama_the_extra_is_named(
    shelf: Shelf, make_gguf: MakeGGUF, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shelf.add(make_gguf(), "tiny")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("catena.local.llama_server.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r'pip install "catena-qa\[llm\]"'):
        ensure(shelf, "tiny")


def test_a_call_needs_nothing_but_the_name(tiny: Shelf) -> None:
    llm = LocalLLM("local/tiny", load_settings())
    done = asyncio.run(llm.complete([{"role": "user", "content": "?"}], max_tokens=20, role="worker"))
    assert (done.text, done.prompt_tokens, done.cost_usd) == ("It is red.", 9, 0.0)
    assert asyncio.run(llm.window()) == 4096


def test_an_answer_is_held_to_its_form(tiny: Shelf) -> None:
    llm = LocalLLM("local/tiny", load_settings())
    done = asyncio.run(llm.complete([{"role": "user", "content": "?"}], max_tokens=20, role="answer"))
    assert done.text == "It is blue."  # what the test's server says where it got the grammar


def test_an_opinion_comes_with_what_else_it_might_have_been(tiny: Shelf) -> None:
    llm = LocalLLM("local/tiny", load_settings())
    messages = [{"role": "user", "content": "?"}]
    done = asyncio.run(llm.complete(messages, max_tokens=4, role="opinion"))
    assert done.alternatives == {"Yes": -0.1, "No": -2.4}
    assert asyncio.run(llm.complete(messages, max_tokens=4, role="brief")).alternatives == {}


def test_a_server_that_dies_at_work_is_named_and_started_anew(tiny: Shelf) -> None:
    llm = LocalLLM("local/tiny", load_settings())
    with pytest.raises(ModelUnreachable, match="ended in the middle") as caught:
        asyncio.run(llm.complete([{"role": "user", "content": "die"}], max_tokens=20))
    assert "tiny.log" in caught.value.remedy
    done = asyncio.run(llm.complete([{"role": "user", "content": "again"}], max_tokens=20))
    assert done.text == "It is blue."


def test_a_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    standing = standing_of(tmp_path, "tiny")
    standing.open_log().write_bytes(b"x" * (MAX_LOG + 1))
    assert standing.open_log().stat().st_size == 0


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"pid": 1, "more": 2}'])
def test_a_damaged_record_is_none(tmp_path: Path, text: str) -> None:
    standing = standing_of(tmp_path, "tiny")
    standing.open_log()
    (standing.folder / "tiny.json").write_text(text)
    assert standing.read() is None


async def _at(record: Record) -> object:
    from catena.llm.litellm_client import LiteLLM

    llm = LiteLLM("local/tiny", record.api_base, key=record.key)
    return await llm.complete([{"role": "user", "content": "?"}], max_tokens=8)
