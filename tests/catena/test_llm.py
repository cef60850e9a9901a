"""A language model over real HTTP: LiteLLM on this side, a stub server in its own process on the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena import AskOptions, Catena, OptionError
from catena.errors import ModelError
from catena.llm import num_tokens
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
