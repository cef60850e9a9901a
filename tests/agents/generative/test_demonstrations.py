"""Demonstrations: where they stand, what they name, what they must not give away, and how often they are made."""

from __future__ import annotations

import asyncio
import re

import pytest

from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.generative.demonstrations import is_good, read_pair
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.graph import run
from catena.options import AskOptions
from catena.types import Passage, Strategy
from tests.agents.models import ByRole, Kept
from tests.agents.shelf import DOC, MemoryShelf, WordEmbedder, WordRetriever, make_page

ANIMALS = [
    "fox",
    "otter",
    "badger",
    "weasel",
    "mole",
    "heron",
    "toad",
    "rat",
    "hedgehog",
    "squirrel",
    "rabbit",
    "owl",
]


def sentences(n: int, animal: str) -> str:
    return (
        f"The {animal} lives in house number {n + 20} by the river and keeps a garden there. "
        f"Every summer the {animal} invites all neighbours to a long dinner under the old trees."
    )


SHELF = MemoryShelf([make_page(n, [("text", sentences(n, animal))]) for n, animal in enumerate(ANIMALS, 1)])


def make(prompt: str) -> str:
    animal = re.search(r"The (\w+) lives in house number (\d+)", prompt)
    assert animal
    return f"Question: Where does the {animal[1]} live?\nAnswer: In house number {animal[2]}."


def ask(llm: ByRole, store: Kept, demos: int, animal: str = "fox", strategy: Strategy = "retrieve") -> str:
    """Ask about one animal; return the prompt of the answer."""
    embedder = WordEmbedder()
    reasoner = LLMReasoner(llm, embedder, store=store)
    deps = Deps(SHELF, WordRetriever(SHELF), embedder, reasoner, num_pages=2)
    options = AskOptions(strategy=strategy, demos=demos)
    asyncio.run(run(deps, f"In which house does the {animal} live?", [DOC], options))
    return llm.prompts("answer")[-1]


def model() -> ByRole:
    return ByRole({"demo": make, "answer": "Evidence: [1]\nAnswer: In house number 21 [1]."})


@pytest.mark.parametrize("num", [0, 3, 5])
def test_they_stand_between_passages_and_question_and_name_their_passage(num: int) -> None:
    prompt = ask(model(), Kept(), num)
    shown = dict(re.findall(r"^\[(\d+)\]\n\| .*\n\| The (\w+) lives", prompt, re.M))
    found = re.findall(r"^Question: .* the (\w+) live\?\nEvidence: \[(\d+)\]\nAnswer: (.*)$", prompt, re.M)
    assert len(found) == num
    for animal, number, answer in found:
        assert shown[number] == animal and answer.endswith(f"[{number}].")
    last_passage = prompt.rindex("\n| ")
    assert all(last_passage < match.start() for match in re.finditer(r"^Question:", prompt, re.M))
    assert prompt.splitlines()[-1].startswith("Question: In which house")


@pytest.mark.parametrize("strategy", ["retrieve", "full"])
def test_no_question_is_given_its_own_evidence(strategy: Strategy) -> None:
    store = Kept()
    for animal in ANIMALS:
        prompt = ask(model(), store, 3, animal, strategy)
        demonstrated = re.findall(r"^Question: .* the (\w+) live\?$", prompt, re.M)
        assert len(demonstrated) == 3 + 1 and demonstrated[:-1].count(animal) == 0


def test_they_are_made_once_per_document_and_kept() -> None:
    llm, store = model(), Kept()
    for animal in ANIMALS:
        ask(llm, store, 3, animal)
    assert 3 <= len(llm.prompts("demo")) == len(set(llm.prompts("demo"))) < len(ANIMALS)
    before = len(llm.prompts("demo"))
    ask(llm, store, 3)
    assert len(llm.prompts("demo")) == before and len(store) == 1


def test_documents_that_are_read_at_the_same_time_make_each_pair_once() -> None:
    ids = (DOC, "e" * 64, "f" * 64)
    shelf = MemoryShelf(
        [
            make_page(n, [("text", sentences(10 * at + n, animal))], document_id)
            for at, document_id in enumerate(ids)
            for n, animal in enumerate(ANIMALS, 1)
        ]
    )
    found = "Evidence: [1]\nAnswer: In house number 21 [1]."
    llm, embedder = ByRole({"demo": make, "document": found, "synthesis": found}), WordEmbedder()
    deps = Deps(shelf, WordRetriever(shelf), embedder, LLMReasoner(llm, embedder, store=Kept()), num_pages=2)
    asyncio.run(run(deps, "Compare where the fox lives.", ids, AskOptions(strategy="retrieve", demos=3)))
    assert len(llm.prompts("document")) == 3
    assert len(llm.prompts("demo")) == len(set(llm.prompts("demo"))) >= 3


def test_a_model_that_makes_no_pair_gives_no_demonstration() -> None:
    llm = ByRole({"demo": "I cannot.", "answer": "Evidence: [1]\nAnswer: In house number 21 [1]."})
    assert "Evidence:" not in ask(llm, Kept(), 3)
    assert 3 <= len(llm.prompts("demo")) <= 12


@pytest.mark.parametrize(
    ("reply", "pair"),
    [
        ("**Question:** Who came?\n**Answer:** Ada [3].", ("Who came?", "Ada 3.")),
        ("Question: Who came?\nAnswer: Bob.", None),
        ("Question: Say who came.\nAnswer: Ada.", None),
        ("Who came? Ada.", None),
    ],
)
def test_only_what_the_passage_holds_is_a_pair(reply: str, pair: tuple[str, str] | None) -> None:
    assert read_pair(reply, "Ada came at 3.") == pair


def test_tables_and_lists_of_contents_are_not_demonstrated() -> None:
    contents = make_page(1, [("text", "1. Foxes . . . . . . 12. 2. Otters . . . . . . . . 14.")])
    table = make_page(2, [("row", "Net sales 12 14 16"), ("row", "Cost of sales 11 12 13")])
    view = DocumentView(MemoryShelf([contents, table]), [DOC])
    assert not any(
        is_good(Passage(page.ref, 0, len(page.text), page.text), view) for page in (contents, table)
    )
