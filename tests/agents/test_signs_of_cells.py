"""Signs, currencies and scales of cells: nothing lost, nothing invented."""

from __future__ import annotations

import pytest

from catena.agents.citations.support_check import support
from catena.agents.document_view import DocumentView
from catena.agents.extractive.numeric_answer import is_proved, name_number, with_header
from catena.agents.extractive.table_cells import pick_cell
from catena.agents.extractive.table_rows import read_row, stated_currency
from catena.agents.reasoner import DraftStatement
from catena.types import Evidence, Page, PageRef, Section, Span
from tests.agents.shelf import DOC, MemoryShelf, make_page

EURO = make_page(
    1,
    [
        ("text", "Results in million euro"),
        ("row", "2042@300 2041@400"),
        ("row", "Order change -@294 15@304 3@404"),
        ("row", "Lease result 45-@300 7@400"),
        ("row", "Hedging effect $@285 (7)@300 $@385 6@400"),
        ("row", "Storage margin (2.5)%@300 1.1%@400"),
        ("row", "Currency effect −30@300 12@400"),
        ("row", "Nil item -@300 8@400"),
        ("row", "Bonus paid 14@300 13@400"),
        ("row", "Share index 104@300 101@400"),
    ],
)


def said(page: Page, line: int, question: str) -> str | None:
    row = read_row(page, page.lines[line].start, page.lines[line].end)
    assert row is not None
    found = pick_cell(question, row, page.text[: page.lines[line].start])
    return found.text if found else None


@pytest.mark.parametrize(
    ("line", "question", "text"),
    [
        (2, "What was the order change in 2042?", "-€15 million (2042)"),
        (2, "What was the order change in 2041?", "€3 million (2041)"),
        (3, "What was the lease result in 2042?", "-€45 million (2042)"),
        (4, "What was the hedging effect in 2042?", "-$7 million (2042)"),
        (5, "What was the storage margin in 2042?", "-2.5% (2042)"),
        (6, "What was the currency effect in 2042?", "-€30 million (2042)"),
        (7, "What was the nil item in 2041?", "€8 million (2041)"),
        (8, "What was the bonus paid in 2042?", "€14 million (2042)"),
    ],
)
def test_signs_are_kept_and_the_caption_gives_the_currency(line: int, question: str, text: str) -> None:
    assert said(EURO, line, question) == text


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("Results in million euro", "€"),
        ("(US$ 000)", "$"),
        ("(in thousands of dollars)", "$"),
        ("in $ millions", "$"),
        ("CHF m", "CHF "),
        ("EUR million", "€"),
        ("$100 was invested on 1 May", ""),
        ("5.2 million euros were spent", ""),
        ("Number of employees", ""),
    ],
)
def test_an_amount_states_no_currency(text: str, currency: str) -> None:
    assert stated_currency(text) == currency


def evidence(page: Page, line: int) -> Evidence:
    at = page.lines[line]
    return Evidence((Span(page.ref, at.start, at.end),), page.text[at.start : at.end], 1.0)


def test_a_row_that_shares_a_word_is_not_the_row_asked_for() -> None:
    view = DocumentView(MemoryShelf([EURO]), [DOC])
    assert name_number("What was the tax effect in 2042?", [evidence(EURO, 6)], view) is None
    assert name_number("What was the currency effect in 2042?", [evidence(EURO, 6)], view) is not None


def test_a_quoted_row_comes_with_its_head_and_scale() -> None:
    view = DocumentView(MemoryShelf([EURO]), [DOC])
    quotes = [one.text for one in with_header(evidence(EURO, 8), view)]
    assert quotes == ["Bonus paid 14 13", "Results in million euro", "2042 2041"]
    assert with_header(evidence(EURO, 0), view) == (evidence(EURO, 0),)


def test_a_scale_of_another_section_does_not_govern() -> None:
    before = make_page(1, [("text", "(in thousands)"), ("row", "2042@300"), ("row", "Sales 5@300")])
    after = make_page(2, [("row", "2042@300"), ("row", "Wolves 14@300")])
    apart = [_in(before, "Accounts"), _in(after, "Wildlife")]
    together = [_in(before, "Accounts"), _in(after, "Accounts")]
    for pages, is_shown in ((apart, False), (together, True), ([before, after], False)):
        view = DocumentView(MemoryShelf(pages), [DOC])
        quotes = [one.text for one in with_header(evidence(pages[1], 1), view)]
        assert ("(in thousands)" in quotes) is is_shown


def _in(page: Page, section: str) -> Page:
    return Page(
        PageRef(DOC, page.ref.number), page.text, page.label, page.words, page.lines, (Section(0, (section,)),)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "row"),
    [("-2.5% (2042): Margin", "Margin -2.5% 1.1%"), ("-2.5% (2042): Margin", "Margin (2.5)% 1.1%")],
)
def test_a_cell_beside_another_is_not_in_its_place(statement: str, row: str) -> None:
    assert support(statement, [row, "2042 2041"]) != "contradicted"


@pytest.mark.parametrize(
    ("said", "is_right"), [("€14 (2042): Bonus paid", True), ("€15 (2042): Bonus paid", False)]
)
def test_what_the_check_contradicts_is_not_put_together(said: str, is_right: bool) -> None:
    found = (evidence(EURO, 8), evidence(EURO, 1))
    assert is_proved(DraftStatement(said, found)) is is_right
