"""A language model over real HTTP: LiteLLM on this side, a stub server in its own process on the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from catena import AskOptions, Catena, OptionError
from catena.errors import ModelBusy, ModelError, ModelRefused, ModelSilent, ModelTimeout, ModelUnreachable
from catena.llm import Completion, num_tokens
from catena.models.opening import ModelRoom
from catena.models.remote import LiteLLM
from catena.settings import load_settings
from catena.testing import READ, Fault, StubModel
from catena.types import Limits

KEY = "sk-proj-3v3ryS3cretOne"
ASKED = [{"role": "user", "content": "Say something."}]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


class NoStore:
    def get_call(self, key: str, /) -> None:
        return None

    def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None:
        pass


def call(stub: StubModel, **settings: object) -> Completion:
    room = ModelRoom(load_settings(api_base=stub.url, **settings), NoStore())
    llm = room.open("openai/stub", [], Limits()).answering
    return asyncio.run(llm.complete(ASKED, max_tokens=50))


def test_a_model_writes_and_code_cites(manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        document = c.add(manual)
        answer = c.ask("How long does the battery last on one charge?", documents=[document])
        citation = answer.citations[answer.statements[0].citations[0]]
        part = citation.parts[0]
        assert c.page(document, part.ref.number).text[part.start : part.end] == citation.quote
    assert answer.status == "answered" and answer.model == "openai/stub"
    assert answer.statements[0].support == "supported" and "[" not in answer.text
    assert citation.status == "verified" and "forty hours" in citation.quote
    assert part.ref.number == 2 and part.boxes
    assert answer.usage.calls == 1 and answer.usage.prompt_tokens > 100 < answer.coverage.pages_total * 100


def test_what_the_passages_do_not_say_is_not_answered(manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        answer = c.ask("Which volcano erupted over Reykjavik in 1783?")
    assert (answer.status, answer.statements) == ("not_in_document", ())
    assert answer.usage.calls == 1


def test_a_false_statement_is_shown_and_marked(manual: Path) -> None:
    said = "Evidence: [3]\nAnswer: The warranty covers seven years [3]. Whales sing of Jupiter [1]."
    with StubModel([said]) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        answer = c.ask("How many years does the warranty cover?")
    assert [statement.support for statement in answer.statements] == ["contradicted", "unsupported"]
    assert "five years" in answer.citations[0].quote and answer.statements[1].citations == ()


def test_options_name_another_model_and_chain_is_refused(manual: Path) -> None:
    with StubModel() as stub, Catena(api_base=stub.url) as c:
        c.add(manual)
        options = AskOptions(model="openai/other")
        assert c.ask("How long does the battery last?", options=options).model == "openai/other"
        assert c.ask("How long does the battery last?").model.startswith("embedded")
        with pytest.raises(OptionError, match="chain") as raised:
            c.ask("Summarise it.", options=AskOptions(model="openai/other", strategy="chain"))
    assert raised.value.remedy


def test_another_model_that_answered_is_named(manual: Path) -> None:
    with StubModel([Fault("other")]) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        assert c.ask("How long does the battery last?").model == "openai/stub (answered by another-model)"


def test_a_failing_model_is_an_error_and_no_answer(manual: Path) -> None:
    with StubModel([Fault("key")]) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        with pytest.raises(ModelError) as raised:
            c.ask("How long does the battery last?")
        assert c.history() == []
    assert raised.value.remedy


def test_a_wrong_key_is_not_tried_again_nor_told() -> None:
    with StubModel([Fault("key")]) as stub:
        with pytest.raises(ModelRefused) as raised:
            call(stub)
        assert len(stub.requests()) == 1
    error: BaseException | None = raised.value
    assert "KEY" in raised.value.remedy
    while error is not None:
        assert KEY not in str(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("fault", [Fault("busy", 0.1), Fault("broken"), Fault("cut")])
def test_what_passes_is_tried_again(fault: Fault) -> None:
    with StubModel([fault, "Here I am."]) as stub:
        assert call(stub).text == "Here I am."
        assert len(stub.requests()) == 2


def test_a_busy_server_is_asked_again_when_it_says_and_not_for_ever() -> None:
    with StubModel([Fault("busy", 0.2)] * 9) as stub:
        begun = time.monotonic()
        with pytest.raises(ModelBusy):
            call(stub)
        assert len(stub.requests()) == 4
        assert 0.6 <= time.monotonic() - begun < 10


def test_silence_ends_at_the_deadline() -> None:
    with StubModel([Fault("hang", 60)]) as stub:
        asyncio.run(LiteLLM("openai/stub", stub.url).window())
        begun = time.monotonic()
        with pytest.raises(ModelTimeout, match="within 1 s"):
            call(stub, model_seconds=1.0)
        assert time.monotonic() - begun < 3


def test_a_reply_without_text_is_an_error() -> None:
    with StubModel([Fault("empty")]) as stub, pytest.raises(ModelSilent):
        call(stub)


def test_nobody_there_is_an_error_with_a_remedy() -> None:
    with StubModel() as stub:
        url = stub.url
    with pytest.raises(ModelUnreachable, match="127.0.0.1") as raised:
        asyncio.run(LiteLLM("openai/stub", url).complete(ASKED, max_tokens=9))
    assert "--api-base" in raised.value.remedy


@pytest.mark.parametrize(
    ("model", "window"), [("openai/gpt-4o", 128_000), ("gpt-4o", 128_000), ("openai/stub", 8192)]
)
def test_the_window_is_known_without_a_network(model: str, window: int) -> None:
    assert asyncio.run(LiteLLM(model).window()) == window


def test_the_prompt_fits_the_window_and_coverage_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATENA_CONTEXT_WINDOW", "1024")
    file = tmp_path / "long.md"
    facts = (
        f"# Part {n}\n\nThe beaver of village {n} built {n + 2} dams. " + "It rained. " * 60
        for n in range(12)
    )
    file.write_text("\n\n".join(facts))
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(file)
        answer = c.ask("How many dams did the beaver of village 7 build?")
        (request,) = stub.requests()
    text = "".join(message["content"] for message in request["messages"])
    assert num_tokens(text) + request["max_tokens"] <= 1024
    assert any("did not fit" in warning for warning in answer.warnings)


def test_the_command_line_takes_an_address(manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from catena.app import cli

    def ask(url: str, question: str = "How long does the battery last?") -> int:
        words = ["ask", question, "--doc", str(manual)]
        with pytest.raises(SystemExit) as ended, pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["catena", *words, "--model", "openai/stub", "--api-base", url])
            cli.main()
        return int(str(ended.value.code or 0))

    with StubModel([READ, Fault("key")]) as stub:
        assert (ask(stub.url), ask(stub.url, "How long is the warranty?")) == (0, 1)
    printed = capsys.readouterr()
    assert "forty hours" in printed.out and "openai/stub" in printed.out
    assert "error: openai/stub" in printed.err and KEY not in printed.err
