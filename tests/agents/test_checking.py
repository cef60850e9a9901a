from __future__ import annotations

import pytest

from catena.agents.checking import support

QUOTE = "In 2018 the company paid $1.5 billion for 3 ships to Mr. Brown."


@pytest.mark.parametrize(
    ("statement", "mark"),
    [
        ("the company paid $1.5 billion  for 3 ships", "supported"),
        ("In 2018 the company paid Mr. Brown $1.5 billion.", "supported"),
        ("The company paid $1,500 million for three ships.", "partial"),
        ("In 2018 the company paid $1.7 billion for 3 ships.", "contradicted"),
        ("In 2018 the company never paid $1.5 billion for 3 ships.", "contradicted"),
        ("In 2018 the company paid Mr. Smith for 3 ships.", "partial"),
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
