"""Sets in other forms: where the answer stands, what is chosen, what is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from catena.bookqa.export import GOLD, Outcomes, records
from catena.bookqa.games import Game
from catena.bookqa.rule_judge import chosen, marks
from catena.types import Page, PageRef, Passage
from tests.bookqa.sets import QUOTE, citation, item, refusal, response

EARLY, LATE = "Ann met the fox at the mill.", "Bob sold the mill to the fox."
ORDER = replace(
    item(answer="(b)", citations=(citation(EARLY, 0), citation(LATE, 40))),
    kind="order",
    question=f"Which of these two sentences stands earlier in the book: (a) “{LATE[:-1]}” or (b) “{EARLY[:-1]}”?",
)


class Shelf:
    """One page, on which the answer stands once before the evidence and once in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def page(self, ref: PageRef, /) -> Page:
        return Page(ref, self.text, "1")

    def pages(self, document_id: str, /) -> Iterable[Page]:
        return [self.page(PageRef(document_id, 1))]

    def passages(self, document_id: str, /) -> Iterable[Passage]:
        return []


def test_squad_points_into_the_evidence() -> None:
    text = f"It slept under the old oak. {QUOTE}"
    one = item(citations=(citation(start=text.index(QUOTE)),))
    (record,) = records([one], "squad", Shelf(text))
    (start,) = record["answers"]["answer_start"]
    assert start > text.index(QUOTE) and text[start:].startswith("under the old oak")


def test_squad_takes_a_whole_word() -> None:
    text = "Anna saw Ann."
    one = item(answer="Ann", citations=(citation(text, 0),))
    (record,) = records([one], "squad", Shelf(text))
    assert record["answers"] == {"text": ["Ann"], "answer_start": [9]}


def test_squad_answers_an_order_with_the_earlier_sentence() -> None:
    text = f"{EARLY} {' ' * (39 - len(EARLY))}{LATE}"
    (record,) = records([ORDER], "squad", Shelf(text))
    assert record["answers"] == {"text": [EARLY[:-1]], "answer_start": [0]}


def test_a_chat_does_not_show_its_answer() -> None:
    (record,) = records([item()], "messages", Shelf(""))
    user, assistant = (one["content"] for one in record["messages"])
    assert "oak" not in user
    assert assistant == f"under the old oak\n\n> {QUOTE} (p. 1)"


def preference(first: str, second: str, verdict: str = "first") -> list[dict[str, object]]:
    responses = {"a": {"1": response("a", first)}, "b": {"1": response("b", second)}}
    games = [Game("1", "a", "b", verdict)]  # type: ignore[arg-type]
    return list(records([item()], "dpo", Shelf(""), Outcomes(responses, games)))


def test_what_is_chosen_is_right() -> None:
    (record,) = preference(QUOTE, "By the river.")
    assert (record["chosen"][0]["content"], record["chosen_system"]) == (QUOTE, "a")  # type: ignore[index]
    (record,) = preference("At the mill.", "By the river.")
    assert (record["chosen"][0]["content"], record["chosen_system"]) == ("under the old oak", GOLD)  # type: ignore[index]


def test_a_right_answer_is_never_rejected_for_a_wrong_one() -> None:
    assert preference("By the river.", QUOTE) == []


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("(b)", "b"),
        ("It is (B).", "b"),
        (f"{EARLY} That was first.", "b"),
        (LATE, "a"),
        (f"{EARLY} {LATE}", ""),
        ("", ""),
    ],
)
def test_a_choice_is_read_by_its_letter_or_its_sentence(reply: str, letter: str) -> None:
    assert chosen(ORDER, reply) == letter


def test_the_rules_know_who_chose_right() -> None:
    assert marks(ORDER, response("a", EARLY)).is_right
    assert not marks(ORDER, response("a", LATE)).is_right
    assert not marks(ORDER, refusal("a")).is_right
