"""Whose turn it is, who left, and what is parked."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from catena import AskOptions, Catena
from catena.app.server.problems import Parked
from catena.app.server.question_desk import Asked, DeskLimits, QuestionDesk
from catena.benchmarks.browsing import free_port
from catena.errors import OptionError, RunBusy
from catena.testing import StubModel
from tests.app.server.serving import KEY, library, served
from tests.attacks.wire import written

QUESTION = "How long does the battery of the lantern last?"
SLOW = AskOptions("chain", model="openai/stub")


def wait_until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-seen-by-nobody")


def test_questions_take_turns_and_none_is_lost(tmp_path: Path) -> None:
    async def work(client: Catena) -> None:
        desk = QuestionDesk(client, DeskLimits(max_at_once=2, max_waiting=10))
        asked = [Asked(one) for one in (QUESTION, "When does the bakery open?") * 4]
        answers = await asyncio.gather(*(desk.ask(one) for one in asked))
        assert [answer.question for answer in answers] == [one.question for one in asked]
        assert all("forty hours" in one.text for one in answers[::2])
        assert all("six" in one.text for one in answers[1::2])

    with library(tmp_path) as client:
        asyncio.run(work(client))


def test_who_comes_when_too_many_wait_is_told(tmp_path: Path) -> None:
    async def work(client: Catena) -> None:
        desk = QuestionDesk(client, DeskLimits(max_at_once=1, max_waiting=0))
        with pytest.raises(RunBusy, match="wait already"):
            await desk.ask(Asked(QUESTION))

    with library(tmp_path) as client:
        asyncio.run(work(client))


def test_what_takes_too_long_is_parked_and_can_be_resumed(tmp_path: Path, key: None) -> None:
    async def work(client: Catena, asked: Asked) -> None:
        desk = QuestionDesk(client, DeskLimits(max_seconds=1.5))
        with pytest.raises(Parked, match=f"POST /v1/runs/{asked.run_id}/resume"):
            await desk.ask(asked)

    with library(tmp_path) as client, StubModel(latency=600) as stub:
        slow = Catena(settings=client.settings.model_copy(update={"api_base": stub.url}))
        asked = Asked(QUESTION, options=SLOW)
        with slow:
            asyncio.run(work(slow, asked))
            assert [one.run_id for one in slow.questions.unfinished()] == [asked.run_id]
            slow.questions.resume_here(asked.run_id)
            assert slow.runs.run(asked.run_id).state == "running"


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/ask/events"])
def test_a_client_that_leaves_cancels_its_question(tmp_path: Path, key: None, path: str) -> None:
    body = json.dumps(
        {"question": QUESTION, "options": {"strategy": "chain", "model": "openai/stub"}}
    ).encode()
    with library(tmp_path) as client, StubModel(latency=600) as stub:
        slow = Catena(settings=client.settings.model_copy(update={"api_base": stub.url}))
        with slow, served(slow) as url:
            host = url.removeprefix("http://")
            headers = (f"Host: {host}", f"Authorization: Bearer {KEY}", "Content-Type: application/json")
            asked = written(f"POST {path} HTTP/1.1", *headers, f"Content-Length: {len(body)}", body=body)
            with socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) as connection:
                connection.sendall(asked)
                wait_until(stub.requests)
                assert not stub.num_hung_up()
            wait_until(stub.num_hung_up)


@pytest.mark.parametrize("asked_to", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_parks_what_is_asked(tmp_path: Path, key: None, asked_to: int) -> None:
    library(tmp_path).close()
    port = free_port()
    with StubModel(latency=600) as stub:
        command = [sys.executable, "-c", "from catena.app.cli import main; main()", "serve", "--no-key"]
        command += ["--port", str(port), "--home", str(tmp_path / "home"), "--api-base", stub.url]
        with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, text=True) as server:
            try:
                url = f"http://127.0.0.1:{port}"
                assert server.stderr and server.stderr.readline()
                body = {"question": QUESTION, "options": {"strategy": "chain", "model": "openai/stub"}}
                with httpx.stream("POST", f"{url}/v1/ask/events", json=body, timeout=120) as reply:
                    lines = reply.iter_lines()
                    run_id = re.findall(r"[0-9a-f]{32}", next(line for line in lines if "run_id" in line))[0]
                    wait_until(stub.requests)
                    server.send_signal(asked_to)
                    rest = list(lines)
                assert "event: problem" in rest and any(run_id in line for line in rest)
                assert server.wait(120) == 0
            finally:
                server.kill()
    with Catena(tmp_path / "home") as client:
        assert [one.run_id for one in client.questions.unfinished()] == [run_id]


def test_beyond_this_machine_a_key_is_asked(tmp_path: Path) -> None:
    from catena.app.cli.server_commands import serve

    with pytest.raises(OptionError, match="no key is asked"):
        serve(host="0.0.0.0", no_key=True, home=tmp_path)
    assert os.environ.get("CATENA_API_KEY") is None
