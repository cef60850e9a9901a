from __future__ import annotations

import pytest

from catena.agents.citations.support_check import support

QUOTE = "In 2018 the company paid $1.5 billion for 3 ships to Mr. Brown."


@pytest.mark.parametrize(
    ("statement", "mark"),
    [
        ("the company paid $1.5 billion  for 3 ships", "supported"),
        ("In 2018 the company paid Mr. Brown $1.5 billion.", "supported"),
        ("The company paid $1,500 million for three ships.", "supported"),
        ("In 2018 the company paid $1.7 billion for 3 ships.", "contradicted"),
        ("In 2018 the company never paid $1.5 billion for 3 ships.", "contradicted"),
        ("In 2018 the company paid $1.5 million for 3 ships.", "contradicted"),
        ("In 2018 the company paid 1.5% for 3 ships.", "contradicted"),
        ("In 2018 the company paid $1.5 billion for 3 ships to Mr. Smith.", "contradicted"),
        ("In 2018 the company paid $3 billion for 1.5 ships.", "contradicted"),
        ("In 2018 the company paid Mr. Smith for 3 ships.", "partial"),
        ("In 2018 the company paid $1.5 billion, and its harbour burned down in May.", "partial"),
        ("The warranty covers seven years.", "unsupported"),
        ("Sales of apples rose in Europe.", "unsupported"),
        ("It has 400 employees.", "unsupported"),
    ],
)
def test_support(statement: str, mark: str) -> None:
    assert support(statement, [QUOTE]) == mark


def test_nothing_supports_a_statement_without_quotes() -> None:
    assert support("Anything.", []) == "unsupported"


def test_a_scale_must_stand_in_a_quote() -> None:
    row = "Purchases of property (1,577) (1,373)"
    assert (
        support("$1,577 million (2018): Purchases of property", [row, "(Millions) 2018 2017"]) == "supported"
    )
    assert support("$1,577 million: Purchases of property", [row]) == "partial"


def test_numbers_written_out_are_compared_too() -> None:
    quote = ["The warranty covers five years."]
    assert support("The warranty covers seven years.", quote) == "contradicted"
    assert support("The warranty covers 5 years.", quote) == "supported"


@pytest.mark.parametrize(
    ("statement", "quote", "mark"),
    [
        ("It was due on 31 March 2019.", "It was due on March 31, 2019.", "supported"),
        ("It was due on April 31, 2019.", "It was due on March 31, 2019.", "contradicted"),
        ("Sales fell to 1.6 billion.", "Sales fell to 1,577 million.", "supported"),
        ("Sales fell to about 1,600 ships.", "Sales fell to 1,577 ships.", "supported"),
        ("The battery lasts forty days.", "The battery lasts forty hours.", "contradicted"),
        ("Sales increased in Europe.", "Sales decreased in Europe.", "contradicted"),
        ("Ada paid Mr. Smith for Mr. Brown.", "Ada paid Mr. Brown for Mr. Smith.", "contradicted"),
        ("It paid taxes in Spain.", "It paid taxes in Spain, but did not deliver the ships.", "supported"),
        ("Sales rose and costs did not fall.", "Costs did not fall, and sales rose.", "supported"),
    ],
)
def test_one_word_makes_the_difference(statement: str, quote: str, mark: str) -> None:
    assert support(statement, [quote]) == mark


def test_what_stands_around_proves_names_and_years_alone() -> None:
    quote = ["He bought a yellow motor car for 400 pounds."]
    said = "In 1908 the animal called Toad bought a yellow motor car for 400 pounds."
    assert support(said, quote) != "supported"
    assert (
        support(said.replace(" the animal called", ""), quote, "Toad went to London in 1908.") == "supported"
    )
    assert support("He bought a motor car for 500 pounds.", quote, "500 pounds") == "contradicted"


@pytest.mark.parametrize(
    ("statement", "quote", "mark"),
    [
        ("The left bank is higher than the right.", "The right bank is lower than the left.", "unchecked"),
        ("Profit did not fall; it rose by 4%.", "Profit rose by 4% in 2020.", "unchecked"),
        ("Ada is older than Bob.", "Bob is younger than Ada.", "unchecked"),
        ("Acme sold the mill to Borg.", "Borg bought the mill from Acme.", "unchecked"),
        ("The shop is not closed on Sundays.", "The shop is open on Sundays.", "unchecked"),
        ("He never came home before noon.", "He always came home after noon.", "unchecked"),
        ("No fewer than 40 people died.", "At least 40 people died.", "supported"),
        ("It lasts no longer than 12 months.", "It lasts at most 12 months.", "supported"),
        ("The shop is closed on Sundays.", "The shop is open on Sundays.", "contradicted"),
        ("Sales did not increase in 2020.", "Sales increased in 2020.", "contradicted"),
        ("Sales increased in 2020.", "Sales did not increase in 2020.", "contradicted"),
    ],
)
def test_a_denial_in_other_words_is_left_open(statement: str, quote: str, mark: str) -> None:
    assert support(statement, [quote]) == mark


def test_every_clause_must_be_held() -> None:
    quote = "The council rebuilt the bridge over the river in May at the cost of the county."
    said = "The council rebuilt the bridge over the river in May, and larks breed in meadows."
    assert support(said, [quote]) == "partial"
