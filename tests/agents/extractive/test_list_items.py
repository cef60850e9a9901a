"""Lists come along with the sentence that announces them."""

from __future__ import annotations

import pytest

from catena.agents.extractive.sentence_selection import with_items
from catena.options import AskOptions
from catena.types import Evidence, Line, LineKind, Page, PageRef, Span

REF = PageRef("d" * 64, 1)


def read(text: str) -> tuple[Page, Evidence]:
    """A page of one paragraph, and its first sentence as what was chosen."""
    end = text.index(".") + 1
    page = Page(REF, text, "1", lines=(Line(0, len(text), "text"),))
    return page, Evidence((Span(REF, 0, end),), text[:end], 1.0)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (
            "It has two limits. First, it is slow. It takes days. Secondly, it is loud. The end.",
            ["First, it is slow.", "Secondly, it is loud."],
        ),
        ("It has two limits. They are known. First, it is slow.", []),
        (
            "There are two steps. 1. Open it. 2. Close it. 3. Go home.",
            ["1. Open it.", "2. Close it.", "3. Go home."],
        ),
    ],
)
def test_the_items_of_an_announced_list_follow(text: str, items: list[str]) -> None:
    page, first = read(text)
    found, _ = with_items("What are its limits?", [first], lambda _: page, AskOptions())
    assert [one.text for one in found] == [first.text, *items]
    assert all(page.text[one.spans[0].start : one.spans[0].end] == one.text for one in found)


def test_a_list_stays_within_the_words_allowed() -> None:
    page, first = read("It has two limits. First, it is very slow indeed. Secondly, it is loud.")
    found, num_left = with_items("What are its limits?", [first], lambda _: page, AskOptions(max_words=6))
    assert (len(found), num_left) == (2, 1)


def test_what_a_colon_announces_follows_paragraph_by_paragraph() -> None:
    lines = [
        "It has notable limits:",
        "Speed. It is slow. It takes days.",
        "It is loud, too. Very.",
        "Next steps",
    ]
    kinds: list[LineKind] = ["text", "text", "text", "heading"]
    text = "\n".join(lines)
    starts = [text.index(line) for line in lines]
    marked = tuple(
        Line(at, at + len(line), kind) for at, line, kind in zip(starts, lines, kinds, strict=True)
    )
    page = Page(REF, text, "1", lines=marked)
    first = Evidence((Span(REF, 0, len(lines[0])),), lines[0], 1.0)
    found, _ = with_items("What are its limits?", [first], lambda _: page, AskOptions())
    assert [one.text for one in found] == [lines[0], "Speed. It is slow.", "It is loud, too."]


@pytest.mark.parametrize(("question", "num"), [("How do I open it?", 3), ("What is the key?", 1)])
def test_a_step_brings_the_next_ones_where_steps_are_asked_for(question: str, num: int) -> None:
    page, _ = read("• Turn the key. • Push the door. • Walk in. Then rest.")
    first = Evidence((Span(REF, 0, 15),), "• Turn the key.", 1.0)
    assert len(with_items(question, [first], lambda _: page, AskOptions())[0]) == num


def test_a_list_goes_on_overleaf() -> None:
    texts = [
        "You need these tools: (a) a saw; (b) a file.",
        "(c) a plane. (d) glue.",
        "Chapter two. (e) no tool.",
    ]
    starts = [text.index("(") if number == 0 else 0 for number, text in enumerate(texts)]
    pages = {}
    for number, text in enumerate(texts, 1):
        ref, start = PageRef("d" * 64, number), starts[number - 1]
        cuts = [0, start, *(text.index(mark) for mark in ("(b)", "(d)", "(e)") if mark in text), len(text)]
        spans = [one for one in zip(cuts, cuts[1:], strict=False) if one[0] < one[1]]
        pages[ref] = Page(ref, text, "1", lines=tuple(Line(*one, "text") for one in spans))
    first = Evidence((Span(REF, 0, starts[0] - 1),), texts[0][: starts[0] - 1], 1.0)
    found, num_left = with_items("Which tools are needed?", [first], pages.get, AskOptions())
    assert [one.text for one in found[1:]] == ["(a) a saw;", "(b) a file.", "(c) a plane.", "(d) glue."]
    assert [one.spans[0].ref.number for one in found] == [1, 1, 1, 2, 2]
    assert num_left == 0
