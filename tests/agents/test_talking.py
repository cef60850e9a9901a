"""Searches, verdicts, several documents, one more look, follow-ups: what a model is asked besides the answer."""

from __future__ import annotations

import asyncio
import re

import pytest

from catena.agents.citations.support_check import settle
from catena.agents.context import Deps
from catena.agents.event_stream import AnswerText
from catena.agents.extractive.follow_up import leans
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.generative.query_expansion import read_queries
from catena.agents.generative.question_rewriting import Turn, read_question, self_contained
from catena.agents.generative.support_judge import read_verdict
from catena.agents.graph import run
from catena.events import Event
from catena.options import AskOptions
from catena.retrieval.page_ranking import fuse
from catena.types import Answer, PageHit, PageRef
from tests.agents.models import ByRole
from tests.agents.shelf import DOC, MemoryShelf, WordEmbedder, WordRetriever, make_page

OTHER = "e" * 64
LINES = ["The fox lives in a burrow by the river.", "The vixen is called Reynard.", "Otters swim at night."]
PAGES = [
    *(make_page(n, [("text", line)]) for n, line in enumerate(LINES, 1)),
    make_page(1, [("text", "The fox lives in a palace by the sea.")], OTHER),
]
HILL = r"\[(\d+)\]\n.*\n\| The fox of hill 6 lives"
FOUND = "Evidence: [1]\nAnswer: The fox lives in a burrow by the river [1]."


def ask(
    llm: ByRole, question: str, options: AskOptions, documents: tuple[str, ...] = (DOC,), num_pages: int = 2
) -> Answer:
    shelf, embedder = MemoryShelf(PAGES), WordEmbedder()
    deps = Deps(shelf, WordRetriever(shelf), embedder, LLMReasoner(llm, embedder), num_pages=num_pages)
    return asyncio.run(run(deps, question, documents, options))


def test_other_searches_find_other_pages() -> None:
    llm = ByRole({"rewrite": "1. vixen called\n2. otters swim", "answer": FOUND})
    ask(llm, "Where does the fox live?", AskOptions(strategy="retrieve", rewrite=True), num_pages=3)
    assert [role for role, _ in llm.asked] == ["rewrite", "answer"]
    assert all(line in llm.asked[1][1] for line in LINES)


def test_what_is_missing_is_searched_for_once() -> None:
    replies = iter(["Evidence: []\nAnswer: NOT IN THE DOCUMENT\nMissing: vixen name called"] * 3)
    llm = ByRole({"answer": lambda prompt: next(replies)})
    answer = ask(llm, "What is the female fox's name?", AskOptions(strategy="retrieve"), num_pages=1)
    assert answer.status == "not_in_document" and len(llm.asked) == 2
    assert "Reynard" not in llm.asked[0][1] and "Reynard" in llm.asked[1][1] and "burrow" in llm.asked[1][1]


def test_the_answer_after_one_more_search_is_told_in_place_of_the_first() -> None:
    replies = iter(["Evidence: [1]\nAnswer: A fox [1].\nMissing: vixen name called", FOUND])
    shelf, embedder, events = MemoryShelf(PAGES), WordEmbedder(), list[Event]()
    llm = ByRole({"answer": lambda prompt: next(replies)})
    reasoner = LLMReasoner(llm, embedder, on_text=AnswerText(events.append))
    deps = Deps(shelf, WordRetriever(shelf), embedder, reasoner, num_pages=1)
    asyncio.run(run(deps, "What of the female fox?", [DOC], AskOptions(strategy="retrieve")))
    told = [event.data["text"] for event in events]
    assert told.count(None) == 1 and "fox [1]" in "".join(told[: told.index(None)])
    assert "".join(told[told.index(None) + 1 :]) == FOUND.partition("Answer: ")[2]


def test_each_document_is_read_and_named() -> None:
    llm = ByRole(
        {
            "document": lambda prompt: (
                FOUND if "burrow" in prompt else "Evidence: [1]\nAnswer: In a palace [1]."
            ),
            "synthesis": "Evidence: [1, 2]\nAnswer: In A book it lives in a burrow [1], in A book it is a palace [2].",
        }
    )
    answer = ask(llm, "Compare where the fox lives.", AskOptions(strategy="retrieve"), (DOC, OTHER))
    assert [role for role, _ in llm.asked] == ["document", "document", "synthesis"]
    assert not any("burrow" in prompt and "palace" in prompt for prompt in llm.prompts("document"))
    assert {citation.document_id for citation in answer.citations} == {DOC, OTHER}


def test_passages_that_do_not_fit_are_sifted_at_the_same_time() -> None:
    pages = [
        make_page(n, [("text", f"The fox of hill {n} lives there. " + "It rained. " * 60)])
        for n in range(1, 9)
    ]
    shelf, embedder = MemoryShelf(pages), WordEmbedder()
    llm = ByRole(
        {
            "reader": lambda prompt: f"Evidence: {re.findall(HILL, prompt)}",
            "answer": "Evidence: [1]\nAnswer: The fox of hill 6 lives there [1].",
        },
        window=1400,
    )
    deps = Deps(shelf, WordRetriever(shelf), embedder, LLMReasoner(llm, embedder))
    answer = asyncio.run(
        run(deps, "Where does the fox of hill 6 live?", [DOC], AskOptions(strategy="retrieve"))
    )
    assert len(llm.prompts("reader")) > 1 and answer.coverage.pages_read < 8
    assert "hill 6 " in llm.prompts("answer")[0] and answer.statements[0].support == "supported"


@pytest.mark.parametrize(
    ("verdict", "mark"), [("Supported.", "supported"), ("contradicted", "contradicted"), ("?", "partial")]
)
def test_a_model_may_have_a_say(verdict: str, mark: str) -> None:
    said = "Evidence: [1]\nAnswer: The fox has its home near the river [1]."
    llm = ByRole({"answer": said, "check": verdict})
    answer = ask(llm, "Where does the fox live?", AskOptions(strategy="retrieve", check="model"))
    assert [one.support for one in answer.statements] == [mark]
    assert any("no verdict on 1 of 1" in warning for warning in answer.warnings) == (verdict == "?")
    assert "| The fox lives in a burrow" in llm.prompts("check")[0]


def test_code_has_the_last_word_on_numbers() -> None:
    assert settle("contradicted", "supported") == "contradicted"
    assert settle("supported", "partial") == "partial" and settle("partial", None) == "partial"


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        ("supported", "supported"),
        ("**Not supported**", "unsupported"),
        ("<think>supported?</think> The quotes only partially support it.", "partial"),
        ("The statement is contradicted by the first quote.", "contradicted"),
        ("I do not know.", None),
    ],
)
def test_verdicts_as_models_write_them(reply: str, mark: str | None) -> None:
    assert read_verdict(reply) == mark


def test_searches_as_models_write_them() -> None:
    reply = 'Here are some:\n1. "fox burrow"\n- fox burrow\n\nQuery 2: river home\nWhere does the fox live?\nden\nlair'
    assert read_queries(reply, "Where does the fox live?") == ["fox burrow", "river home", "den"]


def test_pages_that_several_searches_find_come_first() -> None:
    one, two, three = (PageHit(PageRef(DOC, n), 1.0, "words") for n in (1, 2, 3))
    assert [hit.ref.number for hit in fuse([[one, two], [three, two]])] == [2, 1, 3]


TURNS = [Turn("How long does the battery of the lantern last?", "It lasts forty hours.")]


@pytest.mark.parametrize(
    ("question", "is_leaning"),
    [("And its warranty?", True), ("What about 2019?", True), ("Why?", True),
     ("How long does the warranty of the red lantern last?", False)],
)  # fmt: skip
def test_follow_ups_are_known(question: str, is_leaning: bool) -> None:
    assert leans(question) == is_leaning


def test_a_follow_up_is_made_self_contained() -> None:
    llm = ByRole({"follow-up": "Self-contained question: How long does the warranty of the lantern last?"})
    asked = asyncio.run(self_contained("And its warranty?", TURNS, llm))
    assert asked == "How long does the warranty of the lantern last?"
    assert "| Answer: It lasts forty hours." in llm.asked[0][1]
    assert asyncio.run(self_contained("Who was the first queen of England?", TURNS, llm)).endswith("England?")
    assert len(llm.asked) == 1


def test_without_a_model_the_words_before_are_put_behind_where_no_rule_knows_better() -> None:
    assert asyncio.run(self_contained("Why?", TURNS, None)) == "Why? (long battery lantern last)"
    assert asyncio.run(self_contained("And for its lamp?", TURNS, None)) != "And for its lamp?"


def test_an_answer_is_no_question() -> None:
    assert read_question("Sure!\n**Where does the fox live?**") == "Where does the fox live?"
    assert read_question("word " * 100) == ""
