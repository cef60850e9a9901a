"""What a written statement is cited by."""

from __future__ import annotations

from catena.agents.candidates import Candidate
from catena.agents.citations.attribution import Attributor, Numbered
from catena.types import Evidence, LineKind, PageRef, Span
from tests.agents.shelf import WordEmbedder


def ground(*lines: tuple[LineKind, str, str]) -> Attributor:
    """Lines of one passage, each a kind, a heading and a text."""
    shown = [
        Numbered(
            1,
            Candidate(
                Evidence((Span(PageRef("d", 1), n * 100, n * 100 + len(text)),), text), kind, heading, ""
            ),
        )
        for n, (kind, heading, text) in enumerate(lines)
    ]
    return Attributor(shown, WordEmbedder())


def test_a_figure_is_cited_by_the_rows_that_the_statement_names() -> None:
    found = ground(
        ("row", "Consolidated balance sheets", "Inventories 640 583"),
        ("row", "Consolidated balance sheets", "Total current assets 1,001 705"),
        ("row", "Consolidated balance sheets", "Total current liabilities 577 402"),
        (
            "text",
            "Ratios",
            "The working capital of the company is a figure that the board looks at each year.",
        ),
    ).find(
        "Acme's working capital ratio fell, as total current liabilities outgrew its total current assets."
    )
    texts = {one.text for one in found}
    assert {"Total current assets 1,001 705", "Total current liabilities 577 402"} <= texts


def test_a_row_is_told_from_another_by_its_heading() -> None:
    found = ground(("row", "Europe", "Net sales 12 14"), ("row", "Asia", "Net sales 12 14"))
    assert found.find("Net sales of Asia were 14.")[0].spans[0].start == 100


def test_of_two_sentences_with_the_same_words_the_short_one_is_cited() -> None:
    short, rest = (
        "The fox ran away.",
        ", as all in the house and in the garden had seen before the sun went down on it.",
    )
    (found,) = ground(("text", "", f"The fox ran away{rest}"), ("text", "", short)).find(
        "The fox ran away quickly."
    )
    assert found.text == short
