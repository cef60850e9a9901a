"""What changed between two versions: each sentence once, in words, in time that goes with their length."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace

import pytest

from catena.document_changes import Change, Sentence, body_sentences, changes
from catena.types import Line, Page, PageRef

OLD = ["The tower is 120 metres high.", "A keeper lived here.", "It was built in 1932.", "It has 612 steps."]


def told(before: list[str], after: list[str]) -> list[str]:
    found = changes(*([Sentence(1, one) for one in version] for version in (before, after)))
    return [f"{one.kind}: {(one.after or one.before or Sentence(1, '')).text}" for one in found]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (OLD, []),
        ([], [f"gone: {one}" for one in OLD]),
        (OLD[1:], [f"gone: {OLD[0]}"]),
        ([*OLD, "New."], ["added: New."]),
        (["The tower is 150 metres high.", *OLD[1:]], ["changed: The tower is 150 metres high."]),
        ([*OLD[1:], OLD[0]], [f"moved: {OLD[0]}"]),
        ([OLD[0], *OLD], [f"added: {OLD[0]}"]),
        (
            ["Wholly other words stand here.", *OLD[1:]],
            [f"gone: {OLD[0]}", "added: Wholly other words stand here."],
        ),
    ],
)
def test_each_sentence_is_told_once(after: list[str], expected: list[str]) -> None:
    assert told(OLD, after) == expected


def test_a_change_names_the_words_that_are_others_now() -> None:
    one = Change("changed", Sentence(1, OLD[0]), Sentence(2, "The tower is now 150 metres high."))
    assert one.words == [("120", "now 150")]
    assert one.to_json()["after"] == {"page": 2, "text": "The tower is now 150 metres high."}
    assert Change("gone", Sentence(1, "A."), None).words == []


@pytest.mark.parametrize("seed", range(40))
def test_what_is_told_makes_the_new_version_of_the_old(seed: int) -> None:
    draw = random.Random(seed)
    old = [f"Sentence {draw.randrange(300)} of {draw.randrange(3)}." for _ in range(draw.randrange(600))]
    new = [draw.choice((one, "Other words.", f"{one} More.")) for one in old if draw.random() > 0.2]
    if draw.random() > 0.5:
        draw.shuffle(new)
    left = Counter(old)
    for one in changes([Sentence(1, text) for text in old], [Sentence(1, text) for text in new]):
        left.subtract([one.before.text] if one.before else [])
        left.update([one.after.text] if one.after else [])
    assert +left == Counter(new) and not -left


def test_a_sentence_over_a_page_break_is_one_wherever_the_page_ends() -> None:
    def version(*texts: str) -> list[Sentence]:
        pages = [Page(PageRef("a", number), text, "") for number, text in enumerate(texts, 1)]
        return body_sentences(pages)

    assert version("One. Two goes", "on here. Three.") == version("One. Two goes on here.", "Three.")[:2] + [
        Sentence(2, "Three.")
    ]


def test_running_heads_are_not_compared() -> None:
    page = Page(PageRef("a", 1), "Draft\nIt stays.", "", lines=(Line(0, 5, "header"), Line(6, 15, "text")))
    assert body_sentences([page]) == body_sentences([replace(page, text="Final\nIt stays.")])


@pytest.mark.parametrize("text", ["The same.", "{} of it."])
def test_long_documents_take_no_square_of_time(text: str) -> None:
    old = [Sentence(1, text.format(number)) for number in range(30_000)]
    begun = time.perf_counter()
    changes(old, [*reversed(old), *old])
    assert time.perf_counter() - begun < 10
