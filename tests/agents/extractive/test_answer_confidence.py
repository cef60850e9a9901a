"""How sure the embedded reader is, from what it saw."""

from __future__ import annotations

import pytest

from catena.agents.document_view import DocumentView
from catena.agents.extractive import expected_answer
from catena.agents.extractive.answer_confidence import Model, Models, how_sure, in_words, shipped
from catena.agents.extractive.answer_features import Seen, measure
from catena.agents.reasoner import Draft, DraftStatement
from catena.types import Evidence, PageRef, Span
from tests.agents.shelf import DOC, MemoryShelf, WordEmbedder, make_page

PAGE = make_page(
    1,
    [
        ("heading", "Larkmoor Mill, report of the year 2031"),
        ("text", "The mill sold 4,200 tonnes of flour for 12 million euro."),
        ("text", "Ada Brook is its chief executive and lives in the village."),
        ("text", "Its roof was mended in May because rain had come through."),
    ],
)
VIEW = DocumentView(MemoryShelf([PAGE]), [DOC])
SURE = Models(Model(0.0, {"covered": 4.0, "stranger": -9.0}, 0.6), Model(-2.0, {"kind found": 4.0}, 0.8))


def seen(question: str, line: int, short: str = "") -> Seen:
    at = PAGE.lines[line]
    quote = Evidence((Span(PAGE.ref, at.start, at.end),), PAGE.text[at.start : at.end], 1.0)
    draft = Draft((DraftStatement(quote.text, (quote,), "quoted"),), short=short)
    return Seen(question, draft, (quote,), {PageRef(DOC, 1): 1.0})


def signs(question: str, line: int, short: str = "") -> dict[str, float]:
    return dict(measure(seen(question, line, short), VIEW, WordEmbedder()))


@pytest.mark.parametrize(
    ("question", "line", "found"),
    [
        ("Who is the chief executive?", 2, 1.0),
        ("Who mended the roof?", 3, 0.0),
        ("Why was the roof mended?", 3, 1.0),
        ("When was the roof mended?", 3, 1.0),
        ("How many tonnes of flour were sold?", 1, 1.0),
        ("What percentage of flour was sold?", 1, 0.0),
        ("How much did the flour cost?", 2, 0.0),
    ],
)
def test_the_kind_of_answer_is_looked_for_in_the_quote(question: str, line: int, found: float) -> None:
    assert signs(question, line)["kind found"] == found


def test_a_name_the_document_never_uses_counts_against_it() -> None:
    assert signs("What did the mill sell to Gondal?", 1)["stranger"] == 1.0
    assert signs("What did the mill sell to Ada?", 1)["stranger"] == 0.0


def test_another_unit_than_the_one_asked_for_counts_against_it() -> None:
    assert signs("How many gallons of flour were sold?", 1)["unit lacking"] == 1.0
    assert signs("How many tonnes of flour were sold?", 1)["unit lacking"] == 0.0


def test_a_thing_that_is_nowhere_is_unmet_and_one_by_another_name_is_not() -> None:
    assert signs("What is the price of the bicycle?", 1)["unmet thing"] == 1.0
    assert signs("What is the price of the mill?", 1)["unmet thing"] == 0.0


def test_every_sign_is_a_small_number() -> None:
    assert all(-1.5 <= value <= 1.5 for value in signs("Who is the chief executive in 2031?", 2).values())


@pytest.mark.parametrize(
    ("question", "line", "short", "word"),
    [
        ("Who is the chief executive of the mill?", 2, "", "likely"),
        ("Who mended the roof of the mill?", 3, "", "possible"),
        ("Who is the chief executive of Gondal?", 2, "", "closest"),
        ("Is Ada the chief executive?", 2, "", "possible"),
        ("Is Ada the chief executive?", 2, "yes", "likely"),
        ("Which chief executive sold the most flour?", 2, "", "possible"),
    ],
)
def test_how_sure(question: str, line: int, short: str, word: str) -> None:
    assert in_words(signs(question, line, short), SURE) == word


def test_what_ships_has_a_weight_for_signs_that_are_measured() -> None:
    measured = signs("Who is the chief executive?", 2)
    models = shipped()
    assert {*models.there.weights, *models.right.weights} <= measured.keys()
    assert how_sure(seen("Who is the chief executive?", 2), VIEW, WordEmbedder()) in (
        "likely",
        "possible",
        "closest",
    )


@pytest.mark.parametrize(
    ("question", "kind", "attribute"),
    [
        ("What is the salary of the chief executive?", "money", "salary"),
        ("How many tonnes of flour were sold?", "count", "tonnes"),
        ("Who is the CEO of Larkmoor?", "person", "CEO"),
        ("Is smoking allowed?", "yes or no", "smoking allowed"),
        ("How do I clean the oven door?", "way", ""),
        ("What activation function do they use?", "thing", "activation function"),
    ],
)
def test_what_is_wanted(question: str, kind: str, attribute: str) -> None:
    assert expected_answer.kind_wanted(question) == kind
    if attribute:
        assert expected_answer.attribute(question) == attribute


def test_a_question_for_a_figure_is_not_answered_by_a_quote_without_one() -> None:
    found = signs("How many tonnes of flour did the mill sell?", 1)
    assert in_words(found, SURE) != "closest"
    assert in_words({**found, "kind found": 0.0}, SURE) == "closest"
