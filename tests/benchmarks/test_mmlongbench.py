"""MMLongBench-Doc's rules against values worked out by hand."""

from __future__ import annotations

import pytest

from catena.benchmarks.scoring.mmlongbench_rules import edit_distance, f1_terms, score


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("19", "19", 1),
        ("19", "19.0", 1),
        ("19", "19.9", 1),
        ("19", "20", 0),
        ("19", "nineteen", 0),
        ("1", "inf", 0),
    ],
)
def test_int_is_equal_after_cutting(gold: str, predicted: str, expected: float) -> None:
    assert score(gold, predicted, "Int") == expected


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("18.29%", "18.29", 1),
        ("18.29%", "0.1829", 1),  # the share
        ("0.5", "50%", 1),  # times 100
        ("100", "100.9", 1),  # within 1%
        ("100", "102", 0),
        ("0.004", "0.0", 1),  # equal at two places
        ("$1.5", "$1.5", 1),
        ("5 miles", "5", 0),  # no number: the official script crashes
        ("3", "Not answerable", 0),
    ],
)
def test_float_takes_percentages_and_one_percent(gold: str, predicted: str, expected: float) -> None:
    assert score(gold, predicted, "Float") == expected


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("Less well-off", "less well-off", 1),
        ("Less well-off (poll)", '"Less well-off"', 1),
        ("abcd", "abcx", 0.75),
        ("abcd", "abxy", 0),  # half alike is not enough
        ("page 3", "page 4", 0),  # pages are right or wrong
        ("2016-06-08", "2016-06-09", 0),
        ("a@b.org", "a@b.orf", 0),
        ("1234", "1235", 0),
        ("", "", 1),
    ],
)
def test_strings_are_alike_by_edit_distance(gold: str, predicted: str, expected: float) -> None:
    assert score(gold, predicted, "Str") == expected


def test_failing_to_answer_is_not_saying_that_there_is_no_answer() -> None:
    assert score("Not answerable", "Not answerable", "None") == 1
    assert score("Not answerable", "Fail to answer", "None") == 0


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("['b', 'a']", "['A', 'B']", 1),
        ("['abcd', 'efgh']", "['abcd', 'efgx']", 0.75),  # the worst pair
        ("['a', 'b']", "['a']", 0),
        ("['10', '20']", "['10', '21']", 0),  # numbers are right or wrong
        ("one", "one", 1),
        ("['a']", "[a", 0),  # cannot be read, so it is a list of one string
    ],
)
def test_lists_need_the_same_length(gold: str, predicted: str, expected: float) -> None:
    assert score(gold, predicted, "List") == expected


def test_a_reply_that_is_code_is_not_executed() -> None:
    assert score("['a']", "[__import__('os').abort()]", "List") == 0


def test_f1_over_five_questions() -> None:
    asked = [
        (1.0, True, True),
        (0.5, True, True),
        (0.0, True, False),
        (1.0, False, False),
        (0.0, False, True),
    ]
    terms = [
        f1_terms(score, is_answerable=answerable, is_answered=answered)
        for score, answerable, answered in asked
    ]
    right, of = map(sum, zip(*terms, strict=True))
    # recall 1.5 of 3 answerable, precision 1.5 of 3 answered
    assert right / of == pytest.approx(0.5)


def test_edit_distance() -> None:
    assert edit_distance("kitten", "sitting") == 3
