"""Conversations, streams and demonstrations through the SDK and the command line, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from catena import AskOptions, Catena, OptionError
from catena.testing import READ, Fault, StubModel

ASKED = "How long does the battery of the lantern last on one charge?"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")


def test_a_follow_up_is_understood_and_asks_the_same_documents(tmp_path: Path, manual: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("The warranty of the kettle covers nine years.")
    options = AskOptions(thread_id="lanterns")
    with Catena() as c:
        document = c.add(manual)
        c.add(other)
        c.ask("How long does the battery of the lantern last?", documents=[document], options=options)
        answer = c.ask("And how many years does its warranty cover?", options=options)
        assert [one.document_id for one in answer.coverage.documents] == [document.id]
        assert c.history(thread_id="lanterns") == c.history()
    assert "five years" in answer.text and answer.question == "And how many years does its warranty cover?"
    assert "lantern" in answer.read_as


def test_a_model_says_what_a_follow_up_means(manual: Path) -> None:
    script = [READ, "How many years does the warranty cover?", READ]
    options = AskOptions(thread_id="t", strategy="retrieve")
    with StubModel(script) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        c.ask(ASKED, options=options)
        answer = c.ask("And its warranty?", options=options)
    assert answer.read_as == "How many years does the warranty cover?" and "five years" in answer.text
    assert [role.role for role in answer.roles] == ["follow-up", "answer"]


def test_a_stream_tells_all_and_ends_with_the_answer(manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        events = list(c.stream(ASKED, options=AskOptions(strategy="retrieve")))
        kinds = list(dict.fromkeys(event.kind for event in events))
        written = "".join(event.message for event in events if event.kind == "token")
        assert c.history()[0].text == events[-1].message
    assert kinds == ["route", "hits", "read", "token", "statement", "done", "answer"]
    assert "forty hours" in written and "Evidence" not in written
    assert events[-1].data["schema"] == 2


def test_the_stream_is_one_async_generator(manual: Path) -> None:
    async def listen() -> list[str]:
        return [event.kind async for event in c.stream("Who makes the lantern?")]

    with Catena() as c:
        c.add(manual)
        assert asyncio.run(listen())[-1] == "answer"


def test_leaving_a_stream_hangs_up(manual: Path) -> None:
    with StubModel([Fault("hang", 60)]) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        for event in c.stream(ASKED, options=AskOptions(strategy="retrieve")):
            while event.kind == "read" and not stub.requests():
                time.sleep(0.05)
            if event.kind == "read":
                break
        begun = time.monotonic()
        while not stub.num_hung_up() and time.monotonic() - begun < 30:
            time.sleep(0.05)
        assert stub.num_hung_up()


def test_demonstrations_are_made_once_and_go_with_the_document(tmp_path: Path) -> None:
    rooms = "\n\n".join(
        f"# Part {n}\n\nThe keeper of tower {n} owns {n + 2} boats and paints them in spring. "
        f"In winter the keeper of tower {n} writes long letters to the harbour. " + "Nobody knows why. " * 25
        for n in range(9)
    )
    file = tmp_path / "towers.md"
    file.write_text(rooms)
    script = ["Question: What do the keepers paint?\nAnswer: The keeper paints boats in spring."] * 3
    options = AskOptions(strategy="retrieve", demos=3)
    with StubModel(script) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        document = c.add(file)
        first = c.ask("How many boats does the keeper of tower 7 own?", options=options)
        again = c.ask("And how many boats does the keeper of tower 7 own now?", options=options)
        kept = f"demos {document.id} {document.parser_version} openai/stub"
        assert c.library.history.get_call(kept)
        c.remove(document)
        assert c.library.history.get_call(kept) is None
    assert {role.role: role.usage.calls for role in first.roles} == {"demo": 3, "answer": 1}
    assert {role.role for role in again.roles} == {"answer"}


def cli(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    from catena.app import cli

    with pytest.raises(SystemExit) as ended, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["catena", *map(str, words)])
        cli.main()
    printed = capsys.readouterr()
    return int(str(ended.value.code or 0)), printed.out, printed.err


def test_events_as_lines_of_json(manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = cli(
        capsys, "ask", "How long does the battery last?", "--doc", manual, "--stream", "--json"
    )
    lines: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and lines[0]["event"] == "route" and lines[-1]["event"] == "answer"
    assert "forty hours" in lines[-1]["data"]["text"]


def test_a_live_view_leaves_the_answer(manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = cli(capsys, "ask", "How long does the battery last?", "--doc", manual, "--stream")
    assert code == 0 and "forty hours" in out and "p. 2" in out


def test_follow_goes_on_with_the_last_conversation(manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(capsys, "ask", "Who makes it?", "--doc", manual, "--follow")[0] == 1
    cli(capsys, "ask", "How long does the battery of the lantern last?", "--doc", manual)
    _, out, _ = cli(capsys, "ask", "And how many years does its warranty cover?", "--follow", "--json")
    assert "five years" in out and "lantern" in json.loads(out)["read_as"]


@pytest.mark.parametrize("wrong", [{"demos": 2}, {"check": "nobody"}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        AskOptions(**wrong)
