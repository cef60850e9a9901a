from __future__ import annotations

import pytest

from catena.agents.extractive.story import People, Person, read_names

SILAS, JOHN = Person("Silas Thorne", "he", 20), Person("John Ash", "he", 9)
NANCY = Person("Nancy", "she", 15)
PEOPLE = People(
    [
        (SILAS, ("Silas", "Mr. Thorne", "Silas Thorne", "Thorne")),
        (NANCY, ("Nancy", "Miss Nancy")),
        (JOHN, ("John", "John Ash")),
    ]
)


def meant(text: str) -> list[tuple[str, str]]:
    return [(one.word, one.person.name) for one in read_names(text, PEOPLE) if one.is_pronoun]


def named(text: str) -> list[str]:
    return [one.person.name for one in PEOPLE.named_in(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Mr. Thorne met Miss Nancy.", ["Silas Thorne", "Nancy"]),
        ("Mr Thorne's dog bit Nancy's hand.", ["Silas Thorne", "Nancy"]),
        ("Silas Thorne slept.", ["Silas Thorne"]),
        ("Nancyville lies by the Thornefield.", []),
    ],
)
def test_a_person_is_known_by_every_form_of_the_name(text: str, names: list[str]) -> None:
    assert named(text) == names


@pytest.mark.parametrize(
    ("text", "pronouns"),
    [
        ("Silas met Nancy. He sang.", [("He", "Silas Thorne")]),
        ("Silas met Nancy. She sang to him.", [("She", "Nancy"), ("him", "Silas Thorne")]),
        ("Silas met John. He sang.", [("He", "Silas Thorne")]),
        ("Silas sang. He met John. He slept.", [("He", "Silas Thorne"), ("He", "Silas Thorne")]),
        ("Silas sang. John slept. He woke.", [("He", "John Ash")]),
        ("He sang.", []),
        ("Nancy, when she had sung, slept.", [("she", "Nancy")]),
    ],
)
def test_a_pronoun_is_whoever_of_that_sex_was_told_of_first_in_the_sentence_before(
    text: str, pronouns: list[tuple[str, str]]
) -> None:
    assert meant(text) == pronouns


@pytest.mark.parametrize(
    ("text", "pronouns"),
    [
        ("“I shall go,” said Nancy. “Where?” asked John.", [("I", "Nancy")]),
        ("Nancy said, “I shall go.”", [("I", "Nancy")]),
        ('"I shall go," replied Mr. Thorne.', [("I", "Silas Thorne")]),
        ("'I shan't go,' said John.", [("I", "John Ash")]),
        ("“I shall go.” The rain fell.", []),
        ("I was born by the sea.", []),
    ],
)
def test_what_is_said_is_the_speakers_own(text: str, pronouns: list[tuple[str, str]]) -> None:
    assert meant(text) == pronouns


def test_who_is_spoken_to_is_no_one_whom_the_story_goes_on_about() -> None:
    assert ("He", "Silas Thorne") in meant("Silas rose. “Come, John,” said Nancy. He sang.")


def test_who_nobody_names_is_no_one() -> None:
    assert read_names("He sang of her.", People([])) == []
