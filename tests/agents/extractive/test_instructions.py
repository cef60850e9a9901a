"""What manuals answer with: definitions, commands and steps, what stands under the heading asked for."""

from __future__ import annotations

import pytest

from catena.agents.candidates import candidates
from catena.agents.document_view import DocumentView
from catena.agents.extractive.instructions import (
    asked_name,
    asks_for_steps,
    asks_the_same,
    defines,
    is_command,
    is_instruction,
    is_under_term,
    looked_up,
)
from catena.agents.extractive.sentence_ranking import (
    Asked,
    behind_the_question,
    is_question,
    same_question,
    says_nothing_new,
)
from catena.types import PageHit, PageRef
from tests.agents.shelf import DOC, MemoryShelf, make_page

MANUAL = MemoryShelf(
    [
        make_page(1, [("heading", "Terms"), ("text", "burr"), ("text", "A rough edge left by the mill.")]),
        make_page(2, [("text", "Take off every burr before the first burr hardens.")]),
        make_page(
            3, [("text", "3.2 How do I clean the mill?"), ("text", "Wipe it dry."), ("text", "It is loud.")]
        ),
    ]
)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What is a burr?", "burr"),
        ("what does “burr” mean?", "burr"),
        ("Define burr", "burr"),
        ("What is meant by the term hot standby?", "hot standby"),
        ("What is the weight of the mill when it is full of corn and water?", ""),
        ("Who sold it?", ""),
    ],
)
def test_what_is_to_be_explained(question: str, name: str) -> None:
    assert asked_name(question) == name


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("A burr is a rough edge.", True),
        ("“Burr” means what the mill leaves.", True),
        ("This edge is called a burr.", True),
        ("burr: a rough edge", True),
        ("Every burr must be taken off.", False),
    ],
)
def test_definitions(text: str, is_told: bool) -> None:
    assert defines("burr", text) == is_told


def test_an_entry_stands_under_its_term() -> None:
    assert is_under_term("burr", "A rough edge.", "burr ¶")
    assert not is_under_term("burr", "A rough edge.", "burrs")
    assert not is_under_term("burr", "Spur", "burr")


@pytest.mark.parametrize(
    ("line", "is_typed"),
    [
        ("$ mill --dry corn", True),
        ("millctl start --level=3 /dev/corn", True),
        ("mill <corn>", True),
        ("mills are loud", False),
        ("The option --dry is old.", False),
        ("see page 3/4.", False),
    ],
)
def test_commands_by_their_shape(line: str, is_typed: bool) -> None:
    assert is_command(line) == is_typed


def test_instructions() -> None:
    assert is_instruction("Remove the lid.") and is_instruction("You can remove the lid with a key.")
    assert not is_instruction("The lid was red.")
    assert asks_for_steps("How do I open the lid?") and not asks_for_steps("How did the lid break?")


def test_a_heading_may_ask_the_same() -> None:
    assert asks_the_same("7.2 How do I open the lid?", ["open", "lid"]) == 1.0
    assert asks_the_same("The lid", ["price"]) == 0.0
    assert says_nothing_new(Asked.of("How do I open the lid?"), "7.2 How do I open the lid?")


def test_what_follows_a_line_that_asks_the_same_is_near() -> None:
    view = DocumentView(MANUAL, [DOC])
    found = candidates(view.segment([(DOC, 2)]), view)
    near = behind_the_question(Asked.of("How can I clean the mill?"), found, {})
    assert near[0] == 0 and near[1] > near[2] > 0
    assert set(behind_the_question(Asked.of("Who was the miller?"), found, {})) == {0.0}


FAQ = MemoryShelf(
    [
        make_page(
            1,
            [
                ("heading", "Can I grind for several farms with one mill?"),
                ("text", "Yes, that works."),
                ("text", "It takes longer."),
                ("heading", "Where is the mill?"),
                ("text", "By the river."),
            ],
        )
    ]
)


def test_what_stands_behind_the_question_in_other_words_is_read_first() -> None:
    view = DocumentView(FAQ, [DOC])
    found = candidates(view.segment([(DOC, 0), (DOC, 1)]), view)
    texts = [one.text for one in found]
    heading = texts.index("Can I grind for several farms with one mill?")
    alike = {heading: 0.9, texts.index("Where is the mill?"): 0.0}
    near = behind_the_question(Asked.of("May multiple customers share a device?"), found, alike)
    assert near[texts.index("Yes, that works.")] > near[texts.index("It takes longer.")] > 0
    assert near[texts.index("By the river.")] == 0


@pytest.mark.parametrize(
    ("line", "cosine", "is_same"),
    [
        ("Can I grind for several farms?", 0.9, True),
        ("Can I grind for several farms?", 0.6, False),
        ("Who grinds for several farms?", 0.95, False),
        ("How many farms can I grind for?", 0.95, False),
    ],
)
def test_the_same_question_in_other_words(line: str, cosine: float, is_same: bool) -> None:
    assert (same_question("May I grind for many farms?", line, cosine) > 0) == is_same


def test_a_line_that_asks_is_no_answer_and_speech_is() -> None:
    assert is_question("If it is broken, read How can I tell if it is broken?")
    assert not is_question("“Who is there?”") and not is_question("It is broken.")


def test_a_term_is_looked_up_where_it_is_defined() -> None:
    view = DocumentView(MANUAL, [DOC])
    found = [PageHit(PageRef(DOC, 2), 0.7, "words", tuple(view.passages(DOC, [1])))]
    assert [hit.ref.number for hit in looked_up("What's a burr?", view, found)] == [1]
    assert looked_up("What is a sluice?", view, found) == []
    assert looked_up("Who was the miller?", view, found) == []
    assert looked_up("What's a burr?", view, []) == []
