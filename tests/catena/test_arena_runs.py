"""From a set to answers, a ranking and standard files, with a library and no model; and with a model on a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catena import Catena
from catena.agents.candidates import candidates
from catena.agents.citations.citation import cite
from catena.agents.document_view import DocumentView
from catena.arena_cost import estimate_answers, estimate_games
from catena.arena_runs import (
    AnswerOptions,
    ArenaOptions,
    answer_set,
    export_set,
    judge_runs,
    read_runs,
    voted_games,
)
from catena.arena_systems import CostCap, open_reader
from catena.benchmarks.datasets import lciteeval
from catena.bookqa.arena_page import agreement_lines
from catena.bookqa.data_card import leaks
from catena.bookqa.export import FORMATS, Format
from catena.bookqa.items import Item, item_id, write_items
from catena.errors import ModelSilent, OptionError, Stopped
from catena.library.votes import Vote
from catena.settings import load_settings
from catena.testing import Fault, StubModel
from catena.types import Document, Segment
from tests.bookqa.sets import item, unanswerable

STORY = """The fox hid the golden key under the old oak. Then the fox went to the river and met a heron named Grey.

In the mill there lived a miller with three daughters. The eldest daughter was called Rose, and she baked bread every
morning. The youngest daughter found a silver bell in the cellar of the mill.

When the silver bell rang, the fox came out of the wood and asked to have its key back from the youngest daughter.
"""
ASKED = {
    "Where did the fox hide the golden key?": "under the old oak",
    "What did the youngest daughter find in the cellar?": "a silver bell",
}
PLAIN = ("embedded", "bm25", "longest")
MODEL = "openai/stub"


@pytest.fixture(scope="module")
def catena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catena]:
    folder = tmp_path_factory.mktemp("library")
    settings = load_settings(home=folder).model_copy(update={"background": False})
    with Catena(settings=settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def book(catena: Catena, tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = tmp_path_factory.mktemp("books") / "fox.txt"
    path.write_text(STORY)
    return catena.add(path)


@pytest.fixture(scope="module")
def items(catena: Catena, book: Document) -> list[Item]:
    view = DocumentView(catena.library, [book.id])
    sentences = candidates(Segment(tuple(view.passages(book.id))), view)
    found = []
    for question, answer in ASKED.items():
        gold = next(one for one in sentences if answer in one.text)
        key = item_id(book.id, "local", question)
        of_book = replace(item(key, answer, (cite(gold.evidence, view),)), book=book.id, question=question)
        found.append(of_book)
    return [
        *found,
        replace(unanswerable(), book=book.id, question="Who paid the miller's debts to the king?"),
    ]


def priced(catena: Catena, stub: StubModel) -> Catena:
    """Another client of the library, whose models cost."""
    prices = {name: (10.0, 10.0) for name in (MODEL, f"{MODEL}-2")}
    return Catena(settings=catena.settings.model_copy(update={"api_base": stub.url, "prices": prices}))


@pytest.fixture
def set_file(items: list[Item], tmp_path: Path) -> Path:
    write_items(tmp_path / "set.jsonl", items)
    return tmp_path / "set.jsonl"


@pytest.fixture(scope="module")
def judged(catena: Catena, items: list[Item], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of answers that the offline judge has judged."""
    folder = tmp_path_factory.mktemp("judged")
    write_items(folder / "given.jsonl", items)
    answer_set(catena, folder / "given.jsonl", PLAIN, folder / "runs")
    judge_runs(catena, folder / "runs", ["rules"])
    return folder / "runs"


def records(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_systems_answer_with_citations_and_leave_no_history(
    catena: Catena, set_file: Path, tmp_path: Path
) -> None:
    found = answer_set(catena, set_file, PLAIN, tmp_path / "runs")
    assert [(one.system, one.num, one.failures) for one in found] == [(name, 3, ()) for name in PLAIN]
    items, responses = read_runs(tmp_path / "runs")
    first = responses["embedded"][items[0].id]
    assert "old oak" in first.text and first.citations[0].status == "verified"
    assert all(one.citations for one in responses["bm25"].values() if not one.is_refusal)
    assert catena.history() == [] and catena.questions.unfinished() == []


def test_what_is_answered_is_not_asked_again(catena: Catena, set_file: Path, tmp_path: Path) -> None:
    ended: list[str] = []
    for _ in range(2):
        answer_set(catena, set_file, ["bm25"], tmp_path / "runs", on_end=lambda key, _: ended.append(key))
    assert len(ended) == 3


def test_a_folder_of_answers_is_to_one_set(catena: Catena, set_file: Path, tmp_path: Path) -> None:
    answer_set(catena, set_file, ["bm25"], tmp_path / "runs")
    set_file.write_text(set_file.read_text().splitlines()[0] + "\n")
    with pytest.raises(OptionError, match="another set"):
        answer_set(catena, set_file, ["bm25"], tmp_path / "runs")


def test_a_book_that_is_gone_fails_its_items_and_no_others(
    catena: Catena, items: list[Item], tmp_path: Path
) -> None:
    write_items(tmp_path / "set.jsonl", [replace(items[0], id="gone", book="0" * 64), items[1]])
    (found,) = answer_set(catena, tmp_path / "set.jsonl", ["bm25"], tmp_path / "runs")
    assert (found.num, [one.key for one in found.failures]) == (1, ["gone"])


@pytest.mark.parametrize("name", ["chain", "none", "dowsing", "dowsing@openai/x"])
def test_a_system_that_cannot_be_is_refused(catena: Catena, name: str) -> None:
    with pytest.raises(OptionError):
        open_reader(catena, name, None, CostCap(None, 1))


def test_a_purse_never_gives_more_than_it_holds() -> None:
    cost_cap = CostCap(1.0, 4)
    taken = [cost_cap.take() for _ in range(4)]
    assert sum(one or 0.0 for one in taken) == pytest.approx(1.0)
    cost_cap.give_back(taken[0], 0.2)
    assert cost_cap.take() == pytest.approx(0.05)
    assert CostCap(None, 4).take() is None


def test_a_question_that_fails_is_paid_from_the_purse(
    catena: Catena, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    cost_cap, stub = CostCap(1.0, 1), StubModel(["- The fox lives there [1]", Fault("empty")])
    with stub, priced(catena, stub) as asked, pytest.raises(ModelSilent):
        asyncio.run(open_reader(asked, "chain", MODEL, cost_cap).read(items[0]))
    assert 0.9 < (cost_cap.take() or 0.0) < 1.0


def test_the_offline_judge_ranks_readers_and_people_agree(
    catena: Catena, items: list[Item], judged: Path
) -> None:
    (ranking,) = judge_runs(catena, judged, ["rules"])
    assert ranking.standings[-1].system == "longest" and ranking.num_games == 9
    votes = [Vote(items[0].question, "auto, the embedded reader", "chain, openai/x", None, (items[0].book,))]
    (game,) = voted_games(items, [*votes, Vote("Another?", "a", "b", "a", (items[0].book,))])
    assert (game.item, game.first, game.second, game.verdict) == (
        items[0].id,
        "embedded",
        "chain@openai/x",
        "tie",
    )


def test_a_judge_is_compared_with_what_people_voted_in_the_page(
    catena: Catena, items: list[Item], set_file: Path, tmp_path: Path
) -> None:
    answer_set(catena, set_file, ["embedded", "embedded-chain"], tmp_path / "runs")
    shown = "auto, the embedded reader", "chain, the embedded reader"
    catena.library.votes.save(Vote(items[0].question, *shown, None, (items[0].book,)))
    (ranking,) = judge_runs(catena, tmp_path / "runs", ["rules"])
    (found,) = ranking.agreements
    assert (found.left, found.right, found.num) == ("rules", "people", 1)
    assert found.same == ranking.standings[0].ties / ranking.num_games == 1.0
    assert agreement_lines([ranking]) == [
        "rules and people: the same verdict on 100% of 1 games, opposed on 0%, kappa not defined"
    ]


def test_a_model_answers_and_judges_over_http(
    catena: Catena, set_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with StubModel(["Under the old oak.\nBetter: tie"] * 20) as stub:
        settings = catena.settings.model_copy(update={"api_base": stub.url, "prices": {}})
        with Catena(settings=settings) as asked:
            options = AnswerOptions("openai/stub", concurrency=2)
            found = answer_set(asked, set_file, ["none", "bm25"], tmp_path / "runs", options)
            (ranking,) = judge_runs(asked, tmp_path / "runs", ["openai/stub"])
    assert [one.system for one in found] == ["none@openai/stub", "bm25"]
    assert (found[0].usage.calls, ranking.usage.calls) == (3, 6)
    assert ranking.num_games == 3 and {one.ties for one in ranking.standings} == {3}


def test_what_answers_and_judgements_will_take_is_said_before(
    set_file: Path, catena: Catena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    options, systems, runs = AnswerOptions(MODEL, 2), ["none", "retrieve", "bm25"], tmp_path / "runs"
    with StubModel(["Under the old oak [1].\nBetter: 1"] * 40) as stub, priced(catena, stub) as asked:
        told = estimate_answers(asked, set_file, systems, runs, options)
        took = {one.system: one.usage for one in answer_set(asked, set_file, systems, runs, options)}
        assert estimate_answers(asked, set_file, systems, runs, options) == {}
        (judging,) = estimate_games(asked, runs, ["rules", MODEL]).values()
        (ranking,) = judge_runs(asked, runs, [MODEL])
    assert {name: one.calls for name, one in told.items()} == {
        name: usage.calls for name, usage in took.items() if usage.calls
    }
    assert judging.calls == ranking.usage.calls
    assert judging.prompt_tokens == pytest.approx(ranking.usage.prompt_tokens, rel=0.5)
    assert judging.cost_usd


def test_a_cap_holds_over_runs_systems_and_judges(
    catena: Catena, set_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with StubModel(["Better: 1"] * 40) as stub, priced(catena, stub) as asked:
        (answered, *_) = answer_set(asked, set_file, ["none", "bm25"], tmp_path, AnswerOptions(MODEL))
        spent = answered.usage.cost_usd
        with pytest.raises(Stopped):
            answer_set(asked, set_file, ["chain"], tmp_path, AnswerOptions(MODEL, max_cost_usd=spent))
        (ranking,) = judge_runs(asked, tmp_path, [MODEL])
        options = ArenaOptions(max_cost_usd=ranking.usage.cost_usd)
        with pytest.raises(Stopped):
            judge_runs(asked, tmp_path, [MODEL, f"{MODEL}-2"], options)
        assert len(stub.requests()) == answered.usage.calls + ranking.usage.calls


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_with_a_card(
    catena: Catena, set_file: Path, items: list[Item], judged: Path, tmp_path: Path, format: Format
) -> None:
    num = export_set(catena, set_file, format, tmp_path / "out", runs=judged, licence="CC0-1.0")
    found = records(tmp_path / "out")
    assert num == len(found) > 0
    assert format == "dpo" or num == len(items)
    assert len({tuple(one) for one in found}) == 1, "every record has the same fields"
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"# 3 questions about 1 books ({format})" in card and "CC0-1.0" in card and "Leak check" in card


def test_squad_answers_stand_in_their_context(catena: Catena, set_file: Path, tmp_path: Path) -> None:
    export_set(catena, set_file, "squad", tmp_path / "out")
    found = records(tmp_path / "out")
    for one in found:
        for text, at in zip(one["answers"]["text"], one["answers"]["answer_start"], strict=True):
            assert one["context"][at : at + len(text)] == text
    assert [(len(one["answers"]["text"]), one["is_impossible"]) for one in found] == [
        (1, False),
        (1, False),
        (0, True),
    ]


def test_our_own_loader_reads_lciteeval_and_finds_the_evidence(
    catena: Catena, set_file: Path, tmp_path: Path
) -> None:
    export_set(catena, set_file, "lciteeval", tmp_path / "out")
    (first, *others) = lciteeval.load(tmp_path / "out")
    assert first.question == next(iter(ASKED)) and len(others) == 2
    (record, *_) = records(tmp_path / "out")
    assert "golden key under the old oak" in record["docs"][record["evidence"][0] - 1]


def test_preferences_need_an_arena(catena: Catena, set_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="arena"):
        export_set(catena, set_file, "dpo", tmp_path / "out")


@pytest.mark.parametrize("format", FORMATS)
def test_hugging_face_loads_it(
    catena: Catena, set_file: Path, judged: Path, tmp_path: Path, format: Format
) -> None:
    datasets = pytest.importorskip("datasets")
    num = export_set(catena, set_file, format, tmp_path / "out", runs=judged)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"), split="train")
    assert len(loaded) == num


def test_leaks_are_counted(items: list[Item]) -> None:
    told = replace(items[0], id="told", question="Was the key under the old oak?")
    found = leaks([*items, told, replace(told, id="again")])
    assert (found.given_away, found.repeated, found.shared_evidence) == (2, 1, 3)
