from __future__ import annotations

from pathlib import Path

import pytest

from catena.agents.citations.quantities import quantities, word_numbers
from catena.agents.extractive.numeric_question import core, main_question, pick_number, wants_number
from catena.agents.extractive.table_cells import pick_cell, stated_scale
from catena.agents.extractive.table_rows import read_row, read_rows
from catena.benchmarks.generated_tables import write_tables
from catena.ingest.pdf.pdf_reader import PdfReading
from catena.types import Page
from tests.agents.shelf import make_page

CASH_FLOW = make_page(
    60,
    [
        ("text", "Consolidated Statement of Cash Flows"),
        ("text", "Years ended December 31"),
        ("row", "(Millions) 2018@320 2017@390 2016@460"),
        ("row", "Net income $@300 5,363@318 $@370 4,869@388 $@440 5,058@458"),
        ("row", "Cash Flows from Investing Activities"),
        ("row", "Purchases of property, plant (PP&E) (1,577)@312 (1,373)@382 (1,420)@452"),
        ("row", "Other net* 222@324 (3,086)(a)@382 (1,403)@452"),
    ],
)
QUARTERS = make_page(
    3,
    [
        ("row", "Three@288 months ended Six@440 months ended"),
        ("row", "2023@300 2022@370 2023@440 2022@510"),
        ("row", "Revenue (in thousands of euros) €@280 10@306 €@350 20@376 €@420 30@446 €@490 40@516"),
        ("row", "Gross margin 23.1%@300 22.0%@370 22.9%@440 21.5%@510"),
        ("row", "Earnings per share 0.50@300 (0.25)@370 1.10@440 0.90@510"),
    ],
)


def pick(page: Page, line: int, question: str) -> str | None:
    row = read_row(page, page.lines[line].start, page.lines[line].end)
    assert row is not None
    found = pick_cell(question, row, page.text[: page.lines[line].start])
    return found.text if found else None


@pytest.mark.parametrize(
    ("page", "line", "question", "text"),
    [
        (CASH_FLOW, 3, "What was net income in 2017?", "$4,869 million (2017)"),
        (CASH_FLOW, 5, "How much was spent on PP&E in FY2018?", "$1,577 million (2018)"),
        (CASH_FLOW, 6, "What was other net in 2017?", "-$3,086 million (2017)"),
        (CASH_FLOW, 6, "What was other net?", "$222 million (2018)"),
        (CASH_FLOW, 3, "What was net income in 2009?", None),
        (CASH_FLOW, 3, "What was the change of net income between 2016 and 2017?", None),
        (QUARTERS, 2, "How much revenue in the six months of 2022?", "€40 thousand (Six months ended 2022)"),
        (
            QUARTERS,
            3,
            "What was the gross margin in the three months ended 2022?",
            "22.0% (Three months ended 2022)",
        ),
        (QUARTERS, 4, "Earnings per share in the six months of 2023?", "€1.10 (Six months ended 2023)"),
    ],
)
def test_the_cell_asked_for(page: Page, line: int, question: str, text: str | None) -> None:
    assert pick(page, line, question) == text


def test_a_line_of_years_is_a_header() -> None:
    assert read_row(CASH_FLOW, CASH_FLOW.lines[2].start, CASH_FLOW.lines[2].end) is None


@pytest.mark.parametrize(
    ("question", "sentence", "text"),
    [
        ("How many daughters did the king have?", "There was once a king who had three daughters.", "three"),
        (
            "How many employees are there?",
            "At the end of 2018 we had 93,516 employees in 70 countries.",
            "93,516",
        ),
        ("How much did the house cost?", "In 1999 the house cost $1.5 million.", "$1.5 million"),
        ("How high is the tower?", "The tower is 120 metres high.", "120 metres"),
        ("How high is the tower?", "The tower is 120 and narrow.", "120"),
        ("What percentage voted?", "In all, 48% of 1,504 adults voted.", "48%"),
        (
            "How many warehouses did it operate in 2020?",
            "It operated 815, 795, and 782 warehouses at August 29, 2021, August 30, 2020, and 1 in 2019.",
            None,
        ),
        (
            "How many warehouses did it operate in 2020?",
            "It operated 815, 795, and 782 warehouses in August 29, 2021, August 30, 2020, and 2019, respectively.",
            "795",
        ),
        ("How many figures are there?", "Figure 9-1 shows two wolves.", None),
        ("How much did they pay?", "They paid $3 million and later $4 million.", None),
    ],
)
def test_the_number_of_a_sentence(question: str, sentence: str, text: str | None) -> None:
    found = pick_number(question, sentence)
    assert (found.text if found else None) == text


@pytest.mark.parametrize(
    ("question", "is_wanted"),
    [
        ("How many stores did it open?", True),
        ("What is the FY2018 capital expenditure amount (in USD millions) for 3M?", True),
        ("Did it open 30 stores?", False),
        ("Is the number of stores growing?", False),
        ("Who counted the stores?", False),
        ("Why did the price fall?", False),
    ],
)
def test_which_questions_want_a_number(question: str, is_wanted: bool) -> None:
    assert wants_number(question) is is_wanted


def test_the_core_leaves_the_form_of_the_answer_out() -> None:
    question = "Using the balance sheet, what is the FY2018 debt amount (in USD millions)? Round nothing."
    assert main_question(question) == "what is the FY2018 debt amount (in USD millions)?"
    assert core(question) == "what is the debt ?"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$1,577 and (3.2)% and -4", [1577, -3.2, -4]),
        ("1.5 billion, 2019-2020, 9-1", [1.5e9, 2019, 2020, 9, 1]),
        ("€ (12) million", [-12e6]),
        ("(see note 3)", [3]),
    ],
)
def test_quantities_as_printed(text: str, values: list[float]) -> None:
    assert [quantity.full for quantity in quantities(text)] == values


def test_numbers_in_words() -> None:
    assert [value for _, value in word_numbers("twenty-one wolves and three pigs")] == [21, 3]


def test_generated_tables_give_the_asked_number(tmp_path: Path) -> None:
    for path, asked in write_tables(tmp_path, 12, seed=7):
        page = list(PdfReading(path).pages("a" * 64))[1]
        rows = [read_row(page, line.start, line.end) for line in page.lines]
        picks = [pick_cell(asked.question, row, page.text) for row in rows if row]
        values = {quantities(found.text)[0].full for found in picks if found}
        assert any(abs(value - asked.value) < 1 for value in values), asked


NOTES = make_page(
    7,
    [
        ("text", "Consolidated statement of comprehensive income"),
        ("row", "2022@360 2021@430"),
        ("row", "Note@290 £’000@360 £’000@430"),
        ("row", "Revenue 4@300 23,410@355 19,186@425"),
        ("row", "Financial@430"),
        ("row", "Earnings per share (pence) 11@297 5.93@362 7.83@432"),
    ],
)
SEGMENTS = make_page(
    8,
    [
        ("text", "Fair values at December 31, 2022 (in millions)"),
        ("row", "Europe@300 Asia@370 Total@440"),
        ("row", "Interest rate swaps $@280 12.1@306 $@350 3.4@380 $@420 15.5@446"),
        ("text", "It sold $3 million of bonds."),
        ("row", "2015@300 2014@370 2015@430 vs.@456 2014@476"),
        ("row", "Number of staff 900@306 800@376 100@446"),
    ],
)


@pytest.mark.parametrize(
    ("page", "line", "question", "text"),
    [
        (NOTES, 3, "What was revenue in 2021?", "£19,186 thousand (2021)"),
        (NOTES, 5, "What were earnings per share in 2022?", "5.93 (2022)"),
        (SEGMENTS, 2, "What was the value of interest rate swaps?", "$15.5 million (Total)"),
        (SEGMENTS, 2, "What was the value of interest rate swaps in Asia in 2022?", "$3.4 million (Asia)"),
        (SEGMENTS, 2, "What was the value of interest rate swaps in 2021?", None),
        (SEGMENTS, 5, "How many staff were there in 2015?", "900 (2015)"),
    ],
)
def test_notes_totals_and_comparisons_are_told_apart(
    page: Page, line: int, question: str, text: str | None
) -> None:
    assert pick(page, line, question) == text


def test_tables_side_by_side_are_two_rows() -> None:
    page = make_page(1, [("row", "Ohio 17@90 Domestic@200 stores 978@300")])
    rows = read_rows(page, 0, len(page.text))
    assert [(row.label, row.cells[0].quantity.value) for row in rows] == [
        ("Ohio", 17),
        ("Domestic stores", 978),
    ]


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("(Dollars in thousands, except per share)", "thousand"),
        ("£’000 CHF 000", "thousand"),
        ("all amounts are in millions of euros", "million"),
        ("It was sold for $3 million in 2020.", ""),
    ],
)
def test_a_stated_scale_is_not_one_of_a_single_amount(text: str, scale: str) -> None:
    assert stated_scale(text) == scale
