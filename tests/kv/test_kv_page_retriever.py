"""What a model looks at, as pages of a real PDF, and the strategy `kv` from the question to the boxes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catena import AskOptions, Catena, OptionError
from catena.agents.context import Deps
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.graph import run
from catena.agents.kv_strategy import ServedModel
from catena.arena_cost import estimate_answers
from catena.arena_runs import AnswerOptions, answer_set
from catena.benchmarks.kv.recall_model import make_recall, words_of
from catena.benchmarks.kv.recall_server import load_recall, render, served
from catena.bookqa.items import write_items
from catena.bookqa.responses import read_responses
from catena.errors import ModelRefused
from catena.kv.client.kv_client import KVResult, KVServer
from catena.kv.client.served_ids import IDS, Key, ServedIds
from catena.kv.policies.kv_page_retriever import KVPageRetriever, Look, Prompt, Seen, SentText
from catena.llm.usage import Meter
from catena.retrieval.passages import split
from catena.testing import ScriptedLLM
from catena.types import Line, Page, PageRef, Passage
from tests.bookqa.sets import unanswerable

RECALL = make_recall(600, 20, seed=7)
WORDS_A_PAGE = 120


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    with served(load_recall(folder), folder / "kv") as address:
        yield f"{address}/v1"


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The planted document as a PDF of five pages."""
    path = tmp_path / "planted.pdf"
    render(RECALL.tokens, path, WORDS_A_PAGE)
    return path


def page_of(fact: int) -> int:
    return int(RECALL.positions[fact]) // WORDS_A_PAGE + 1


def retriever_of(
    catena: Catena, url: str, policy: str = "full", budget: float | None = None
) -> KVPageRetriever:
    look = Look(policy, budget)
    ids = ServedIds(catena.settings.home / IDS)
    return KVPageRetriever(catena.library, KVServer(url), ids, model="recall", look=look)


def test_the_page_with_the_fact_is_looked_at_most(home: Path, planted: Path, url: str) -> None:
    with Catena(home) as catena:
        document = catena.add(planted)
        kv = retriever_of(catena, url)
        for fact in range(8):
            found = kv.retrieve(words_of(RECALL.question(fact)), [document.id], 3)
            assert found[0].ref.number == page_of(fact) and found[0].retriever == "kv"
            near = " ".join(one.text for one in found[0].passages[:2])  # a KV page may lie in two passages
            assert words_of(RECALL.values[fact : fact + 1]) in near.split()


def test_an_answer_from_kv_pages_is_cited_and_boxed(home: Path, planted: Path, url: str) -> None:
    fact = next(n for n, value in enumerate(RECALL.values) if (RECALL.values == value).sum() == 1)
    with Catena(home) as catena:
        document = catena.add(planted)
        served = ServedModel("openai/recall", retriever_of(catena, url), Meter())
        reasoner = LLMReasoner(ScriptedLLM("nothing is asked of it"), catena.embedder)
        deps = Deps(catena.library, catena.retriever, catena.embedder, reasoner, served=served)
        asked = f"List all that follows: {words_of(RECALL.question(fact))}"
        answer = asyncio.run(run(deps, asked, [document.id], AskOptions("kv")))
    value = words_of(RECALL.values[fact : fact + 1])
    assert answer.text.split()[0] == value and answer.strategy == "kv"
    cited = answer.citations[answer.statements[0].citations[0]]
    assert value in cited.quote.split()
    assert cited.parts[0].ref.number == page_of(fact) and cited.parts[0].boxes


class Scripted(KVPageRetriever):
    """A model that says the same of every document, and how sure it is, in logits."""

    def __init__(self, text: str, opinion: float) -> None:
        self._told = KVResult(text, (), 90, 5, is_cut=False, alternatives={"Yes": opinion, "No": 0.0})

    def ask(self, question: str, document_id: str, k: int, prompt: Prompt = str, max_tokens: int = 1) -> Seen:
        assert "few words" in prompt(question) and max_tokens < 100
        return Seen(document_id, self._told, ())

    def chances(self, document_id: str, prompt: str, count: int) -> KVResult:
        assert "yes or no" in prompt
        return self._told


@pytest.mark.parametrize(("opinion", "status"), [(6.0, "answered"), (-6.0, "not_in_document")])
def test_a_fact_is_quoted_unless_model_and_reader_doubt_it(
    home: Path, tmp_path: Path, opinion: float, status: str
) -> None:
    (tmp_path / "a.txt").write_text("The lantern of the harbour burns for 52 hours. It was lit in 1931.")
    with Catena(home) as catena:
        document = catena.add(tmp_path / "a.txt")
        meter = Meter()
        served = ServedModel("openai/any", Scripted("52 hours", opinion), meter)
        reasoner = LLMReasoner(ScriptedLLM("nothing is asked of it"), catena.embedder)
        shelf, retriever = catena.library, catena.retriever
        deps = Deps(shelf, retriever, catena.embedder, reasoner, meter=meter, served=served)
        asked = "How long does the lantern burn?"
        answer = asyncio.run(run(deps, asked, [document.id], AskOptions("kv")))
    assert answer.status == status and answer.usage.calls == 2
    assert answer.short == ("52 hours" if status == "answered" else "")


def test_the_client_asks_a_served_model(home: Path, planted: Path, url: str) -> None:
    with Catena(home, model="openai/recall", api_base=url) as catena:
        catena.add(planted)
        asked = f"List all that follows: {words_of(RECALL.question(2))}"
        answer = catena.ask(asked, options=AskOptions("kv", kv_policy="full"))
    assert answer.text.split()[0] == words_of(RECALL.values[2:3])
    assert [role.role for role in answer.roles] == ["kv"] and answer.usage.calls == 1


def test_kv_is_a_system_that_answers_sets(home: Path, planted: Path, url: str, tmp_path: Path) -> None:
    with Catena(home, model="openai/recall", api_base=url) as catena:
        document = catena.add(planted)
        asked = [replace(unanswerable(), id=f"{fact}", book=document.id) for fact in range(3)]
        asked = [
            replace(one, question=f"List all that follows: {words_of(RECALL.question(int(one.id)))}")
            for one in asked
        ]
        write_items(tmp_path / "set.jsonl", asked)
        (found,) = answer_set(catena, tmp_path / "set.jsonl", ["kv"], tmp_path / "runs")
        assert estimate_answers(catena, tmp_path / "set.jsonl", ["kv"], tmp_path, AnswerOptions()) == {}
    replies = list(read_responses(found.path))
    assert (found.system, found.num, found.failures) == ("kv@openai/recall", 3, ())
    assert [one.text.split()[0] for one in replies] == words_of(RECALL.values[:3]).split()
    assert all(one.citations[0].status == "verified" for one in replies)


def test_a_document_is_sent_once_and_goes_with_ours(home: Path, planted: Path, url: str) -> None:
    server = KVServer(url)
    with Catena(home, model="openai/recall", api_base=url) as catena:
        document = catena.add(planted)
        kv = retriever_of(catena, url)
        kv.retrieve("ask key1", [document.id], 1)
        text = SentText(list(catena.library.passages(document.id))).digest
        key = Key(url, "recall", document.id, "full", text)
        served_id = ServedIds(home / IDS).get(key)
        assert served_id and server.state(served_id)
        catena.remove(document)
    assert server.state(served_id) is None and ServedIds(home / IDS).get(key) is None


def test_a_server_that_is_down_is_told_later(tmp_path: Path) -> None:
    ids = ServedIds(tmp_path / IDS)
    ids.put(Key("http://127.0.0.1:9/v1", "recall", "d" * 64, "full", "a"), "kept-there")
    assert ids.forget("d" * 64) == 1 and ids.settle(KVServer) == 0
    told: list[str] = []

    class Up(KVServer):
        def delete(self, served_id: str) -> None:
            told.append(served_id)

    assert ids.settle(Up) == 1 and told == ["kept-there"] and ids.settle(Up) == 0


def test_a_deletion_that_is_refused_is_still_owed(tmp_path: Path) -> None:
    ids = ServedIds(tmp_path / IDS)
    ids.put(Key("http://127.0.0.1:9/v1", "recall", "d" * 64, "full", "a"), "kept-there")
    ids.forget("d" * 64)

    class Locked(KVServer):
        def delete(self, served_id: str) -> None:
            raise ModelRefused("The key is wrong.", "Set it.")

    assert ids.settle(Locked) == 0 and (tmp_path / IDS).read_text().count("kept-there") == 2


def test_only_http_is_spoken() -> None:
    with pytest.raises(OptionError, match="no address"):
        KVServer("file:///etc")


def test_without_such_a_server_it_is_said_what_to_start(home: Path, planted: Path) -> None:
    with Catena(home) as catena:
        catena.add(planted)
        with pytest.raises(OptionError, match="KV-page server"):
            catena.ask("ask key1", options=AskOptions("kv"))


def test_a_text_that_changed_is_sent_again_and_the_old_one_goes(tmp_path: Path) -> None:
    ids = ServedIds(tmp_path / IDS)
    old = Key("http://127.0.0.1:9/v1", "recall", "d" * 64, "full", "a")
    ids.put(old, "old")
    ids.put(old._replace(policy="look-m"), "read otherwise")
    ids.put(old._replace(text="b"), "new")
    told: list[str] = []

    class Up(KVServer):
        def delete(self, served_id: str) -> None:
            told.append(served_id)

    assert ids.settle(Up) == 1 and told == ["old"]
    assert [ids.get(key) for key in (old, old._replace(text="b"))] == [None, "new"]


def test_attention_is_shared_out_by_characters_less_the_usual() -> None:
    passages = [Passage(PageRef("d", n), 2, 6, text, ordinal=n) for n, text in ((1, "aaaa"), (2, "bbbb"))]
    asked = [(0, 4, 0.25), (3, 7, 0.5), (5, 9, 0.25)]
    found = SentText(passages).hits(asked, [(0, 4, 0.125)], 5)
    assert [(hit.ref.number, round(hit.score, 3)) for hit in found] == [(2, 0.5), (1, 0.25)]
    assert all(hit.passages for hit in found)


def test_running_heads_are_not_sent_and_rows_are_known() -> None:
    ref = PageRef("d", 1)
    lines = (Line(0, 4, "header"), Line(5, 9, "text"), Line(10, 13, "row"))
    page = Page(ref, "HEAD\nbody\n1 2", "1", lines=lines)
    passages = [passage for _, found in split([page], "title") for passage in found]
    sent = SentText(passages)
    assert sent.text == "body\n1 2" and [sent.text[slice(*row)] for row in sent.rows([page])] == ["1 2"]


def test_what_needs_counting_is_read_with_its_own_policy(home: Path, planted: Path, url: str) -> None:
    with Catena(home) as catena:
        document = catena.add(planted)
        kv = retriever_of(catena, url, "look-m", 1.0)
        found = kv.retrieve(words_of(RECALL.question(3)), [document.id], 1)
    assert found[0].ref.number == page_of(3)
