"""Where in a passage an answer stands, if it stands there."""

from __future__ import annotations

import pytest

from catena.agents.extractive.passage_reader import read_passages

MUSEUM = (
    "The museum of Larkmoor opened in 1904. It was paid for by Anna Berg, a brewer's widow, and cost 40,000 crowns. "
    "The director of the museum is Per Lund."
)


def best(question: str, passage: str) -> tuple[str, float]:
    """The likeliest answer, and by how much it is likelier than none."""
    (reading,) = read_passages(question, [passage])
    found = reading.best(0, len(passage))
    assert found is not None
    return passage[found.start : found.end], found.margin


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who paid for the museum?", "Anna Berg"),
        ("When did the museum open?", "1904"),
        ("Who is the director of the museum?", "Per Lund"),
    ],
)
def test_the_answer_is_found(question: str, answer: str) -> None:
    text, margin = best(question, MUSEUM)
    assert text.startswith(answer)
    assert margin > 0


def test_what_is_not_there_is_less_likely_than_none() -> None:
    assert best("How many visitors does the museum have every year?", MUSEUM)[1] < 0
    assert best("Who paid for the museum?", "The harbour of Larkmoor freezes in winter.")[1] < 0


def test_an_answer_behind_what_one_window_holds_is_found() -> None:
    long = f"{MUSEUM} {'Nothing more is known of its first years. ' * 80}The curator of the museum is Olga Stein."
    assert best("Who is the curator of the museum?", long)[0].startswith("Olga Stein")


def test_passages_are_read_apart() -> None:
    alone = best("Who paid for the museum?", MUSEUM)
    both = read_passages("Who paid for the museum?", ["The harbour freezes.", MUSEUM])
    found = both[1].best(0, len(MUSEUM))
    assert found is not None
    assert found.margin == pytest.approx(alone[1], abs=1e-4)


def test_only_answers_that_begin_within_are_given() -> None:
    (reading,) = read_passages("Who paid for the museum?", [MUSEUM])
    first, last = MUSEUM.index("Per Lund"), len(MUSEUM)
    inside, outside = reading.best(first, last), reading.best(0, first)
    assert inside is not None and outside is not None
    assert inside.start >= first
    assert outside.margin > inside.margin
    assert reading.best(last, last + 9) is None


@pytest.mark.parametrize("passage", ["", " ", "\n\t"])
def test_nothing_is_found_in_nothing(passage: str) -> None:
    (reading,) = read_passages("Who?", [passage])
    assert reading.best(0, 9) is None


@pytest.mark.parametrize("unit", ["Who paid for the museum? ", ".", "-", "a", "博"])
def test_a_question_of_any_length_leaves_room_for_the_passage(unit: str) -> None:
    assert best("Who paid for the museum? " + unit * 2000, MUSEUM)[0]


def test_no_passages_no_readings() -> None:
    assert read_passages("Who?", []) == []
