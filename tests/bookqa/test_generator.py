"""The items of a book, by a model and by rules."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from catena.bookqa import book_sets, rule_questions
from catena.bookqa.book import read_book
from catena.bookqa.generator import ItemGenerator, Json, Order
from catena.bookqa.item_slots import Slot
from catena.bookqa.items import Item
from catena.bookqa.report import Spread
from catena.bookqa.result_store import Journal
from catena.bookqa.subjects import Subjects
from catena.errors import ModelTimeout, OptionError
from catena.llm.protocol import LLM
from catena.retrieval.embedder import MiniLM
from tests.agents.generative.test_chain import Reader
from tests.agents.shelf import DOC, MemoryShelf, make_page
from tests.bookqa.novel import novel, writer

EMBEDDER = MiniLM()


def make(path: Path, order: Order, llm: LLM | None, concurrency: int = 4) -> tuple[list[Item], Json]:
    with Journal(path) as journal:
        maker = ItemGenerator(novel(), order, EMBEDDER, llm)
        summary = asyncio.run(maker.make(journal, concurrency=concurrency))
        journal.put("book/novel", summary)
        return list(book_sets.items(journal)), summary


def test_a_model_writes_every_kind_with_quotes_that_stand_in_the_book(tmp_path: Path) -> None:
    book = novel()
    items, _ = make(tmp_path / "set.db", Order(24, model="test/reader"), writer())
    assert len(items) >= 20 and len({item.kind for item in items}) == 8
    for item in items:
        for citation in item.citations:
            (part,) = citation.parts
            assert book.page(part.ref).text[part.start : part.end] == citation.quote
        assert item.is_answerable == (item.kind != "unanswerable")


def test_the_same_seed_makes_the_same_set_in_any_order_of_work(tmp_path: Path) -> None:
    order = Order(16, model="test/reader")
    one, _ = make(tmp_path / "1.db", order, writer(), concurrency=1)
    many, _ = make(tmp_path / "9.db", order, writer(), concurrency=9)
    other, _ = make(tmp_path / "2.db", Order(16, model="test/reader", seed=2), writer())
    assert one == many and one != other


def test_rules_make_gaps_and_orders_without_a_model(tmp_path: Path) -> None:
    items, _ = make(tmp_path / "set.db", Order(10, rule_questions.KINDS), None)
    assert len(items) >= 9
    for item in items:
        assert item.provenance.model == "none"
        if item.kind == "local":
            assert item.answer in item.citations[0].quote
            assert rule_questions.GAP in item.question or item.question.startswith("Who ")
        else:
            assert item.places == tuple(sorted(item.places)) and item.answer in ("(a)", "(b)")


def test_a_gap_is_not_given_away_by_a_longer_name_or_another_question(tmp_path: Path) -> None:
    items, _ = make(tmp_path / "set.db", Order(40, rule_questions.KINDS), None)
    gaps = {item.citations[0].quote for item in items if item.kind == "local"}
    assert gaps and not any(
        one.quote in gaps for item in items if item.kind == "order" for one in item.citations
    )
    told = [item.question for item in items if item.kind == "local" and "Which name" in item.question]
    assert told and not any(re.search(rf"{rule_questions.GAP} [A-Z]", question) for question in told)


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("In 2018, 87% of those who voted for the other party saw the plan unfavourably.", "87"),
        ("In 2018, 87% of those who voted for the other party saw it unfavourably.", ""),
        ("The company shipped 1,250 units to the dealers of the northern district.", "1,250"),
        ("About 28 per cent of the voters of that district stayed away in the rain.", "28"),
        ("The seat was won in 2018 by the candidate of the smaller liberal party.", ""),
        ("The impact of applying ASC 606 as compared with earlier guidance was not material.", ""),
        ("Source: 87% of those who voted in the district survey, annual total of adults.", ""),
    ],
)
def test_the_numbers_of_reports_are_left_out(text: str, left_out: str) -> None:
    pages = [make_page(1, [("text", text)])]
    book = read_book(MemoryShelf(pages), pages, DOC)
    draft = rule_questions.Rules(book, Subjects(book)).write(Slot("", 0, 0, "local", (0,), 1), 0)
    assert (draft.answer if draft else "") == left_out


def test_a_question_that_fails_is_tried_again(tmp_path: Path) -> None:
    def fail(system: str, user: str) -> str:
        raise ModelTimeout("Too late.")

    order = Order(4, ("local",), model="test/reader")
    with Journal(tmp_path / "set.db") as journal:
        maker = ItemGenerator(novel(), order, EMBEDDER, Reader(fail))
        with pytest.raises(Exception, match="4 of 4 questions"):
            asyncio.run(maker.make(journal, concurrency=2))
        assert len(journal.failures()) == 4
    items, _ = make(tmp_path / "set.db", order, writer())
    assert len(items) == 4


def test_kinds_that_need_a_model_say_what_to_set() -> None:
    with pytest.raises(OptionError, match="--kinds order,local"):
        Order()


def test_chi_square_is_that_of_the_textbook() -> None:
    spread = Spread.of([16, 18, 16, 14, 12, 12])
    assert (round(spread.chi_square, 2), spread.degrees) == (2.0, 5)
    assert spread.p == pytest.approx(0.849, abs=0.01)
    assert Spread.of([90, 10]).p < 1e-6
