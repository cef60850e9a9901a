"""A language model over real HTTP: LiteLLM on this side, a stub server in its own process on the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena import AskOptions, Catena, OptionError
from catena.errors import ModelError
from catena.llm.protocol import num_tokens
from catena.options import Limits
from catena.testing import READ, Fault, StubModel

KEY = "sk-proj-3v3ryS3cretOne"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


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


def test_options_name_another_model(manual: Path) -> None:
    with StubModel() as stub, Catena(api_base=stub.url) as c:
        c.add(manual)
        options = AskOptions(model="openai/other")
        assert c.ask("How long does the battery last?", options=options).model == "openai/other"
        assert c.ask("How long does the battery last?").model.startswith("embedded")


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
        answer = c.ask(
            "How many dams did the beaver of village 7 build?", options=AskOptions(strategy="retrieve")
        )
        requests = stub.requests()
    for request in requests:
        text = "".join(message["content"] for message in request["messages"])
        assert num_tokens(text) + request["max_tokens"] <= 1024
    assert [role.role for role in answer.roles] == ["reader", "answer"]
    assert "9 dams" in answer.text and answer.coverage.pages_read < answer.coverage.pages_total


def test_the_command_line_takes_an_address(manual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from catena.app import cli

    def ask(url: str, question: str = "How long does the battery last?", *options: str) -> int:
        words = ["ask", question, "--doc", str(manual), *options]
        with pytest.raises(SystemExit) as ended, pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["catena", *words, "--model", "openai/stub", "--api-base", url])
            cli.main()
        return int(str(ended.value.code or 0))

    with StubModel([READ, Fault("key")]) as stub:
        assert (ask(stub.url), ask(stub.url, "How long is the warranty?")) == (0, 1)
        assert ask(stub.url, "Who makes the lantern?", "--max-calls", "0") == 4
    printed = capsys.readouterr()
    assert "forty hours" in printed.out and "openai/stub, 1 call, " in printed.out
    assert "Stopped: The cap of 0 model calls is reached." in printed.out
    assert "error: openai/stub" in printed.err and KEY not in printed.err


def test_the_same_question_again_costs_nothing_and_says_so(manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        first, second = (c.ask("How long does the battery last?") for _ in range(2))
        assert len(stub.requests()) == first.usage.calls == 1
    assert (second.usage.calls, second.usage.cached, second.usage.cost_usd) == (0, 1, 0)
    assert second.statements == first.statements and second.roles[0].usage.cached == 1


def test_calls_go_with_their_document(manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        for _ in range(2):
            document = c.add(manual)
            c.ask("How long does the battery last?")
            c.remove(document)
        assert len(stub.requests()) == 2


@pytest.mark.parametrize(
    "limits", [Limits(max_calls=0), Limits(max_tokens=50), Limits(max_cost_usd=1e-7), Limits(max_seconds=0)]
)
def test_a_cap_stops_before_the_call(manual: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATENA_PRICES", '{"openai/stub": [1, 2]}')
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        answer = c.ask("How long does the battery last?", options=AskOptions(limits=limits))
        assert stub.requests() == []
    assert answer.status == "stopped" and answer.stopped and "cap of" in answer.stopped


def test_a_cap_on_cost_without_a_price_is_refused(manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        with pytest.raises(OptionError, match="price of openai/stub"):
            c.ask("How long does it last?", options=AskOptions(limits=Limits(max_cost_usd=1)))


def test_cost_is_known_where_the_price_is(manual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATENA_PRICES", '{"openai/stub": [1, 2]}')
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        priced = c.ask("How long does the battery last?").usage
        unpriced = c.ask("How long is the warranty?", options=AskOptions(model="openai/other")).usage
    assert priced.cost_usd == pytest.approx((priced.prompt_tokens + 2 * priced.completion_tokens) / 1e6)
    assert unpriced.cost_usd is None and unpriced.calls == 1


def test_a_fallback_answers_and_the_answer_says_so(manual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATENA_FALLBACK_MODEL", "openai/other")
    with StubModel([Fault("key")]) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        answer = c.ask("How long does the battery last?")
        assert [request["model"] for request in stub.requests()] == ["stub", "other"]
    assert answer.model == "openai/other" and answer.status == "answered"
    assert any(
        warning.startswith("openai/other answered instead: openai/stub") for warning in answer.warnings
    )


def test_the_key_is_in_no_file_of_the_library(manual: Path, home: Path) -> None:
    script: list[str | Fault] = [READ, Fault("busy", 0.1), READ, Fault("key")]
    with StubModel(script) as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        for question in ("How long does the battery last?", "How long is the warranty?"):
            c.ask(question, options=AskOptions(thread_id="t"))
        with pytest.raises(ModelError):
            c.ask("Who makes the lantern?", options=AskOptions(thread_id="t"))
    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.name == "checkpoints.db" for file in files)
    assert [file for file in files if KEY.encode() in file.read_bytes()] == []
