"""The answer in a few words: out of the quote, by the kind that is asked for, or not at all."""

from __future__ import annotations

import pytest

from catena.agents.extractive.passage_reader import PassageAnswer
from catena.agents.extractive.question_form import kind_of_answer
from catena.agents.extractive.short_answers import agreed, named_alone, names, short_answer, stands_for


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who runs the mill?", "person"),
        ("Who did the miller marry?", "person acted on"),
        ("In which town is the mill?", "place"),
        ("What year was it built?", "time"),
        ("How long is the lease?", "duration"),
        ("How many stones has it?", "count"),
        ("Why was it sold?", "reason"),
        ("Is it for sale?", "yes-no"),
        ("What happened to the miller?", "deed"),
        ("What did the miller do when she came?", "deed"),
        ("What did he promise to the man who brought the stones?", "thing acted on"),
        ("What is the name of the author?", "person"),
        ("The mill", None),
    ],
)
def test_the_kind_of_answer(question: str, kind: str | None) -> None:
    assert kind_of_answer(question) == kind


@pytest.mark.parametrize(
    ("question", "quote", "short"),
    [
        (
            "Who's the treasurer?",
            "Dr. Ilse van der Meer, Treasurer and Vice President",
            "Dr. Ilse van der Meer",
        ),
        ("Who is the treasurer?", "The Treasurer shall report to the Board of Directors.", ""),
        ("When was the mill sold?", "The mill was sold on 3 May 1911 to a cousin.", "3 May 1911"),
        ("When was the mill sold in 1911?", "In 1911 the mill was sold.", ""),
        ("In which year did it burn?", "It burnt down in March 1902.", "1902"),
        ("How long is the lease?", "The lease runs for ninety-nine years.", "ninety-nine years"),
        ("How long does the lease run?", "The lease runs for twenty years.", "twenty years"),
        ("What share of the vote is needed?", "A share of 60% of the vote is needed.", "60%"),
        ("Is the mill open on Mondays?", "The mill is open on Mondays.", "Yes"),
        ("Is the mill open on Mondays?", "The mill is not open on Mondays.", "No"),
        ("Is the mill open on Mondays?", "The mill may be open on Mondays.", ""),
        ("Is the mill open on Mondays?", "The mill is open on Tuesdays.", ""),
        ("What does SBL stand for?", "It is sold by the Stone Bakers' League (SBL).", "Stone Bakers' League"),
    ],
)
def test_the_answer_in_a_few_words(question: str, quote: str, short: str) -> None:
    assert short_answer(question, quote) == short


def test_of_two_dates_the_one_beside_the_words_asked_counts() -> None:
    quote = "The mill was built in 1840, and rebuilt after the fire in 1902."
    assert short_answer("When was the mill built?", quote) == "1840"


@pytest.mark.parametrize(
    "text", ["Acme Holdings Ltd.", "Chief Executive Officer", "The Board", "Section Four"]
)
def test_firms_and_offices_are_no_persons(text: str) -> None:
    assert names(text) == []


def test_letters_must_stand_for_the_words() -> None:
    assert stands_for("ABC", "the quick brown fox (ABC)") == ""


def test_a_number_alone() -> None:
    assert named_alone("$12 million (2030): Total sales", "Total sales 12") == "$12 million (2030)"
    assert named_alone("9 men. There were 9 men.", "There were 9 men.") == "9 men"


@pytest.mark.parametrize(
    ("question", "short", "read", "margin", "said"),
    [
        ("Who built it?", "Ada Brook", "Ada Brook, a baker", 1.0, "Ada Brook"),
        ("Who built it?", "Ada Brook", "Per Lund", 1.0, ""),
        ("Who built it?", "Ada Brook", "Per Lund", 9.0, "Per Lund"),
        ("Who built it?", "", "Per Lund,", 9.0, "Per Lund"),
        ("Which method is it?", "", "new", 9.0, ""),
        ("Is it new?", "Yes", "new", 9.0, "Yes"),
    ],
)
def test_a_short_answer_is_what_the_passage_reader_means(
    question: str, short: str, read: str, margin: float, said: str
) -> None:
    assert agreed(question, short, PassageAnswer(margin, 0, len(read), read)) == said


def test_a_short_answer_stays_where_nothing_was_read() -> None:
    assert agreed("Who built it?", "Ada Brook", None) == "Ada Brook"
