"""A plan bounds what a question really takes, and is near it; over real HTTP to the stub server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.agents.run_plan import calls_in_a_row, pace
from catena.benchmarks.planted_books import make
from catena.client import Catena
from catena.llm_factory import LLMFactory
from catena.options import AskOptions
from catena.settings import Settings, load_settings
from catena.testing import StubModel
from tests.agents.models import Kept
from tests.agents.shelf import WordEmbedder

MODEL, SMALL = "openai/large", "openai/small"
WHO, LIST = "Who was heard by many in the north?", "List all persons whose belongings went missing."
FIRST, BOTH, SHORT = slice(0, 1), slice(0, 2), slice(2, 3)
CASES = {
    "retrieve": (WHO, FIRST, AskOptions("retrieve")),
    "searches": (LIST, FIRST, AskOptions("retrieve", small_model=SMALL, rewrite=True)),
    "demonstrations": (WHO, FIRST, AskOptions("retrieve", small_model=SMALL, demos=3)),
    "verdicts": (WHO, SHORT, AskOptions("retrieve", check="model")),
    "two books": ("Compare both books.", BOTH, AskOptions("retrieve", rewrite=True, demos=5)),
    "whole": (WHO, SHORT, AskOptions("full", demos=3)),
    "chain": (LIST, FIRST, AskOptions("chain", small_model=SMALL)),
    "paths": (WHO, FIRST, AskOptions("chain", paths=5, check="model")),
    "chain of two books": ("Summarise both books.", BOTH, AskOptions(paths=2)),
    "follow-up": ("And what of them?", FIRST, AskOptions(thread_id="thread")),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    texts = [make(1, 1).text, make(1, 2).text, "The whale sang in the north. Many heard her from the shore."]
    with Catena(settings=load_settings(home=folder, background=False)) as catena:
        for number, text in enumerate(texts):
            file = folder / f"book{number}.txt"
            file.write_text(text)
            catena.add(file)
    return folder


def opened(home: Path, url: str) -> Catena:
    """A client that keeps no call of before."""
    prices = {MODEL: (1.0, 2.0), SMALL: (0.1, 0.2)}
    settings: Settings = load_settings(
        home=home, api_base=url, model=MODEL, prices=prices, background=False, context_window=3000
    )
    catena = Catena(settings=settings, embedder=WordEmbedder())
    catena.questions._models = LLMFactory(settings, Kept())
    return catena


@pytest.fixture
def greedy(home: Path) -> Iterator[Catena]:
    with StubModel(rules="tests.agents.greedy:reply") as stub, opened(home, stub.url) as catena:
        yield catena


@pytest.fixture
def reader(home: Path) -> Iterator[Catena]:
    with StubModel(rules="catena.benchmarks.bookreader:reply") as stub, opened(home, stub.url) as catena:
        yield catena


@pytest.mark.parametrize("case", CASES)
def test_no_role_exceeds_what_was_planned_even_if_models_say_all_they_may(greedy: Catena, case: str) -> None:
    question, chosen, options = CASES[case]
    documents = greedy.documents()[chosen]
    if options.thread_id:
        greedy.ask(WHO, documents=documents, options=options)
    plan = greedy.plan(question, documents=documents, options=options)
    answer = greedy.ask(question, documents=documents, options=options)
    most = {(role.role, role.model): role.most for role in plan.roles}
    assert answer.roles
    for role in answer.roles:
        used, bound = role.usage, most[role.role, role.model]
        assert (used.calls + used.cached, used.prompt_tokens) <= (bound.calls, bound.prompt_tokens), role
        assert used.prompt_tokens <= bound.prompt_tokens, role
        assert used.completion_tokens <= bound.completion_tokens, role
        assert (used.cost_usd or 0) <= (bound.cost_usd or 0), role


@pytest.mark.parametrize("case", ["retrieve", "chain", "chain of two books"])
def test_what_is_expected_is_near_what_a_reader_takes(reader: Catena, case: str) -> None:
    question, chosen, options = CASES[case]
    documents = reader.documents()[chosen]
    plan = reader.plan(question, documents=documents, options=options)
    used = reader.ask(question, documents=documents, options=options).usage
    assert used.calls == plan.expected.calls
    assert used.prompt_tokens == pytest.approx(plan.expected.prompt_tokens, rel=0.25)
    assert (used.cost_usd or 0) == pytest.approx(plan.expected.cost_usd or 0, rel=0.5)


def test_seconds_are_told_once_the_model_has_answered(reader: Catena) -> None:
    question, chosen, _ = CASES["whole"]
    plan = reader.plan(question, documents=reader.documents()[chosen], options=AskOptions("full"))
    answer = reader.ask(question, documents=reader.documents()[chosen], options=AskOptions("full"))
    assert (pace([], plan), pace([answer], plan)) == (None, answer.seconds)


def test_workers_of_paths_read_at_the_same_time() -> None:
    assert calls_in_a_row({"worker": 10, "manager": 5, "judge": 1}) == 4


def test_the_embedded_reader_plans_no_call(home: Path) -> None:
    with Catena(settings=load_settings(home=home, background=False)) as catena:
        plan = catena.plan(WHO, documents=catena.documents()[2:])
    assert (plan.expected.calls, plan.most.calls, plan.roles) == (0, 0, ())
