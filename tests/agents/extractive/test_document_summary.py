"""Questions about a document as a whole: what it says of itself, and no related work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catena import Catena
from catena.agents.candidates import is_apparatus
from catena.agents.extractive.document_summary import aspect_of, names_people
from catena.agents.extractive.instructions import asked_name, defines
from catena.agents.extractive.sentence_ranking import Asked
from catena.settings import load_settings

PAPER = """# Counting Otters at Night

Ann Lee1 and Li Wei2

## Abstract

Otters are hard to count because they are active at night. In this paper, we present a method that counts otters
from the sounds of their steps. It needs one microphone for each mile of river.

## 2 Related work

Smith counted beavers about dams. The document on beavers is a document of beavers and about beavers.

## 3 Results

Our experiments show that nine of ten otters are counted.

## 4 Conclusion and future work

We have shown that otters can be heard. In the future, we plan to count badgers.

## References

Roe, J. 2019. What is this document about? In Proceedings of the Otter Society, pages 3-9.
"""


FILING = """# Annual report on Form 10-K

Indicate by check mark whether the registrant is a shell company (as defined in Rule 12b-2 of the Act).

## Item 1 - Business

Otter Holdings are the world's leading provider of river sounds with nine million listeners.

## Seasonality

Otters are loudest in May, so that most of our sales are made in the second quarter of each year.
"""


@pytest.fixture(scope="module")
def catena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catena]:
    folder = tmp_path_factory.mktemp("overview")
    (folder / "otters.md").write_text(PAPER, "utf-8")
    with Catena(settings=load_settings(home=folder / "home", background=False)) as catena:
        catena.add(folder / "otters.md")
        yield catena


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("What is this document about?", "we present a method that counts otters"),
        ("Summarize the paper.", "we present a method that counts otters"),
        ("What are the results?", "nine of ten otters are counted"),
        ("What is the conclusion?", "otters can be heard"),
        ("What future work do the authors propose?", "we plan to count badgers"),
        ("Who are the authors?", "Ann Lee1 and Li Wei2"),
    ],
)
def test_a_paper_answers_for_itself(catena: Catena, question: str, says: str) -> None:
    answer = catena.ask(question)
    assert says in answer.text and "Roe" not in answer.text and "beavers" not in answer.text
    assert all(statement.support == "quoted" for statement in answer.statements)


def test_a_filing_says_what_its_company_does_and_quotes_no_form(tmp_path: Path) -> None:
    (tmp_path / "filing.md").write_text(FILING, "utf-8")
    with Catena(settings=load_settings(home=tmp_path / "home", background=False)) as catena:
        answer = catena.ask("What is this document about?", documents=[catena.add(tmp_path / "filing.md")])
    assert "leading provider of river sounds" in answer.text and "check mark" not in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "What are the results of the vote?",
        "Summarise the risks of otters.",
        "Who wrote the letter to Nancy?",
        "What is a contribution?",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_searched_for(question: str) -> None:
    assert aspect_of(question) is None


def test_a_document_that_says_nothing_of_itself_shows_its_headings(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text(
        "# House rules\n\n## Quiet hours\n\nFrom ten.\n\n## Guest parking\n\nNo.\n", "utf-8"
    )
    with Catena(settings=load_settings(home=tmp_path / "home", background=False)) as catena:
        catena.add(tmp_path / "rules.md")
        answer = catena.ask("What is this document about?")
    assert [one.text for one in answer.statements] == ["House rules", "Quiet hours", "Guest parking"]
    assert any("headings" in warning for warning in answer.warnings)


def test_of_what_was_not_found_it_is_not_said_that_the_document_lacks_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Otters eat fish. They are active at night, when nobody counts them.")
    with Catena(settings=load_settings(home=tmp_path / "home", background=False)) as made:
        made.add(tmp_path / "a.txt")
        answer = made.ask("Who is the author of this document?")
    assert (answer.status, answer.confidence) == ("not_in_document", "closest")
    assert answer.text == "No passage was found that answers this."


@pytest.mark.parametrize(
    ("line", "is_names"),
    [
        ("By Herman Melville", True),
        ("Liangming Pan1,2 Xinyuan Lu3 Min-Yen Kan3", True),
        ("Attention Is All You Need", False),
        ("University of California, Santa Barbara and others", False),
    ],
)
def test_names_under_a_title_are_told_from_titles(line: str, is_names: bool) -> None:
    assert names_people(line) is is_names


@pytest.mark.parametrize(
    ("text", "heading", "expected"),
    [
        ("6.4 Descaling . . . . . . . . . 67", "", True),
        ("J. Roe. 2019. Otters. In Proceedings of OS, pages 3-9.", "", True),
        ("Anything at all.", "References", True),
        ("[Cited on pages 2 and 3.]", "", True),
        ("As Roe et al. (2019) have shown, otters swim.", "2 Related work", False),
    ],
)
def test_contents_and_references_are_no_text(text: str, heading: str, expected: bool) -> None:
    assert is_apparatus(text, heading) is expected


def test_a_definition_is_told_from_a_mention() -> None:
    assert defines(asked_name("Who is Queequeg?"), "Queequeg was a native of Rokovoko.")
    assert not defines(asked_name("Who is Queequeg?"), "And just so I now did with Queequeg.")


def test_the_number_of_a_thing_finds_it() -> None:
    asked = Asked.of("What does error 186 mean?")
    assert asked.designated == {"186"}
    assert asked.is_of({"186", "boiler"}, lambda _: 5.0)
    assert not asked.is_of({"186", "boiler"}, lambda _: 0.5)  # a number on every page names nothing
    assert not Asked.of("What share of 186 people slept?").designated


def test_a_misspelt_word_is_understood(catena: Catena) -> None:
    answer = catena.ask("For how much of a river is one microphnoe needed?")
    assert answer.read_as == "For how much of a river is one microphone needed?"
    assert "one microphone for each mile" in answer.text


def test_a_name_that_is_not_there_is_why_nothing_answers(catena: Catena) -> None:
    answer = catena.ask("Which prize did the museum of Vladivostok award?")
    assert answer.status == "not_in_document"
    assert any(line.startswith("Never mentioned: “Vladivostok”") for line in answer.warnings)


@pytest.mark.parametrize(
    "question",
    [
        "What's this document about?",
        "What is this about?",
        "tl;dr",
        "What's the gist?",
        "Could you explain this agreement, please?",
        "What does the contract say?",
        "What is this letter about?",
        "Sum it up",
        "What's in this booklet?",
    ],
)
def test_the_whole_is_asked_for_in_many_words(question: str) -> None:
    aspect = aspect_of(question)
    assert aspect is not None and aspect.is_general


@pytest.mark.parametrize(
    "question", ["What does the contract say about dogs?", "Describe the otter", "What is the act?"]
)
def test_a_subject_of_its_own_is_not_the_whole(question: str) -> None:
    assert aspect_of(question) is None
