"""The rule by which a question names its document, and what is counted of the answers."""

from __future__ import annotations

import pytest

from catena.benchmarks.wide import Named, Question, gains, named, names, periods, rows
from catena.types import PageHit, PageRef


def document(name: str, first_page: str = "") -> Named:
    return Named(name, name.lower().replace("_", "").replace(" ", ""), first_page, periods(name))


SHELF = [
    document("BESTBUY_2019_10K"),
    document("BESTBUY_2023_10K"),
    document("2023 Q3 AAPL", "unitedstatesappleincform10q"),
    document("2023 Q2 AAPL", "unitedstatesappleincform10q"),
    document("Coffee Machine"),
]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the FY2019 total of inventories for Best Buy?", {"BESTBUY_2019_10K"}),
        ("What are Best Buy's margins?", set()),
        ("How did Best Buy do from FY2019 to FY2023?", {"BESTBUY_2019_10K", "BESTBUY_2023_10K"}),
        ("What did Apple spend in the second quarter of 2023?", {"2023 Q2 AAPL"}),
        ('What is the price of the "coffee machine"?', {"Coffee Machine"}),
        ("What is the price of the machine?", set()),
    ],
)
def test_a_question_names_documents_by_name_and_date(question: str, expected: set[str]) -> None:
    assert named(question, SHELF) == expected


def test_words_that_open_a_sentence_are_no_names() -> None:
    assert names("What Is General Mills's FY2020 ratio? Using The Balance.") == {"generalmills", "balance"}


def test_a_page_counts_in_the_right_document_alone() -> None:
    question = Question("?", "a.pdf", "a", frozenset({3}), names_it=True)
    other = Question("?", "b.pdf", "b", frozenset(), names_it=False)
    hits = [[PageHit(PageRef(one, 3), 1.0, "x", ()) for one in order] for order in ("ba", "b")]
    only_named, both = rows("x", [question, other], hits)
    assert only_named.split(" | ")[2:5] == ["1", "0.000 (0.00 to 0.00)", "1"]
    assert only_named.split(" | ")[5].startswith("1.000")
    assert both.split(" | ")[2] == "2" and both.split(" | ")[3].startswith("0.500")


def test_a_gain_is_counted_on_the_same_questions() -> None:
    asked = [Question("?", f"{one}.pdf", one, frozenset({3}), names_it=one == "a") for one in "abc"]
    hit = {one: [PageHit(PageRef(one, 3), 1.0, "x", ())] for one in "abc"}
    named, others = gains(asked, [hit["a"], hit["a"], hit["c"]], [hit["a"], hit["b"], hit["c"]])
    assert named.split(" | ")[1:3] == ["1", "+0.000 (+0.00 to +0.00)"]
    assert others.split(" | ")[1] == "2" and others.split(" | ")[2].startswith("+0.500")
