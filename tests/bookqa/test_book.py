"""A book in memory: where its sentences stand, who is in it, and what is fit to be asked about."""

from __future__ import annotations

from catena.bookqa.book import read_book
from catena.bookqa.item_slots import lay_out
from catena.bookqa.subjects import Subjects, find_entities
from tests.agents.shelf import DOC, MemoryShelf, make_page
from tests.bookqa.novel import novel


def test_sentences_stand_in_their_passages_and_in_order() -> None:
    book = novel()
    for ordinal, numbers in enumerate(book.of_passage):
        assert [book.sentences[number].passage for number in numbers] == [ordinal] * len(numbers)
    shares = [one.at for one in book.sentences]
    assert shares == sorted(shares) and 0 == shares[0] < shares[-1] < 1


def test_people_have_one_name_all_forms_and_their_sex() -> None:
    people = {one.name: one for one in find_entities(novel()) if one.kind == "person"}
    assert set(people) == {"Oliver Hartwell", "Nancy Penrose", "Silas Thorne", "Martha Bellamy"} or (
        set(people) >= {"Oliver Hartwell", "Nancy Penrose", "Silas Thorne"}
    )
    assert {"Oliver", "Mr. Hartwell", "Oliver Hartwell"} <= set(people["Oliver Hartwell"].aliases)
    assert (people["Oliver Hartwell"].sex, people["Nancy Penrose"].sex) == ("he", "she")


def test_a_chain_holds_the_sentences_that_name_and_those_that_say_he() -> None:
    book = novel()
    oliver = next(one for one in find_entities(book) if one.name == "Oliver Hartwell")
    for mention in oliver.mentions:
        text = book.sentences[mention.sentence].text
        assert text.startswith("He ") if mention.is_pronoun else ("Oliver" in text or "Hartwell" in text)
    assert any(mention.is_pronoun for mention in oliver.mentions)


def test_husband_and_wife_are_two() -> None:
    told = "Mr. Bumble came in. Mrs. Bumble went out. He said Mr. Bumble was late. She asked Mrs. Bumble to wait. "
    pages = [make_page(number, [("text", told)]) for number in range(1, 4)]
    book = read_book(MemoryShelf(pages), pages, DOC)
    assert {(one.name, one.sex) for one in find_entities(book)} == {
        ("Mr. Bumble", "he"),
        ("Mrs. Bumble", "she"),
    }


def test_what_is_shown_speaks_of_the_subject_in_the_tenths_asked_for() -> None:
    book = novel()
    subjects = Subjects(book)
    for slot in lay_out(book.id, 24, ("arc", "facts", "local"), 1):
        chosen = subjects.choose(slot, 0)
        assert chosen is not None
        subject, passages = chosen
        starts = [book.sentences[book.of_passage[one.ordinal].start].at for one in passages]
        assert {int(10 * at) for at in starts} == set(slot.tenths)
        if subject.words:
            assert all(
                one.ordinal in subject.passages[int(10 * at)]
                for one, at in zip(passages, starts, strict=True)
            )
