"""Token F1, ROUGE and containment against values worked out by hand."""

from __future__ import annotations

import pytest

from catena.benchmarks.scoring.number_score import names_number
from catena.benchmarks.scoring.place_score import place_overlap
from catena.benchmarks.scoring.rouge import distinct_rouge_1, distinct_rouge_l, longest_common, rouge_l
from catena.benchmarks.scoring.word_score import holds, normal, token_overlap


def test_words_lose_case_punctuation_and_articles() -> None:
    assert normal("The peat-stack, a  Farm!") == ["peatstack", "farm"]


def test_token_overlap_counts_words_as_often_as_both_have_them() -> None:
    found = token_overlap("red red fish", ["red fish pond tale"])
    assert found == pytest.approx((2 / 3, 2 / 4, 4 / 7))


def test_token_overlap_takes_the_best_of_each_over_the_answers() -> None:
    found = token_overlap("red fish", ["red", "red fish pond tale"])
    # precision and F1 2/2 and 2/3 from the second and the first, recall 1 from the first
    assert found == pytest.approx((1.0, 1.0, 2 / 3))


def test_nothing_said_scores_nothing() -> None:
    assert token_overlap("", ["red"]).f1 == rouge_l("", ["red"]).f1 == 0


def test_rouge_l_by_the_longest_common_subsequence() -> None:
    assert longest_common("abcd", "bxd") == 2
    assert rouge_l("police killed the gunman", ["police kill the gunman"]) == pytest.approx(
        (0.75, 0.75, 0.75)
    )
    assert rouge_l("gunman the police", ["the gunman"]).recall == 0.5


def test_distinct_rouge_counts_a_word_once_and_keeps_case() -> None:
    # distinct: the, police, The, gunman, fell against the, gunman, fell; in common the, gunman, fell
    found = distinct_rouge_l("the police. The gunman fell the gunman.", ["the gunman fell"])
    assert found == pytest.approx((3 / 5, 1.0, 0.75))
    # a sentence gives "gunman fell" or "the": the union over sentences holds all three
    assert distinct_rouge_l("gunman fell. the.", ["the gunman fell"]).recall == 1.0
    assert distinct_rouge_1("gunman the police police", ["the gunman"]) == pytest.approx((2 / 3, 1.0, 0.8))


def test_chinese_counts_by_character() -> None:
    assert rouge_l("你好", ["你们好"]).recall == pytest.approx(2 / 3)


def test_an_answer_stands_in_a_text_by_whole_words() -> None:
    assert holds("He fetched peats from the peat-stack.", ["the peat stack"])
    assert not holds("He repeats it.", ["peats"])
    assert not holds("Nothing.", ["", "the"])


def test_places_against_the_evidence() -> None:
    assert place_overlap({1, 2, 3}, {3, 4}) == pytest.approx((1 / 3, 1 / 2, 0.4))
    assert place_overlap(set(), {3}).f1 == 0


@pytest.mark.parametrize(
    ("answer", "text", "expected"),
    [
        ("$1577.00", "$1,577 million: Purchases of property", True),
        ("$1577.00", "In 2018 it was 1,577.", True),  # the year is the question's
        ("$1577.00", "$1,577 thousand", False),
        ("30.8%", "30.8 percent", True),
        ("30.8%", "30.8", False),
        ("$1577.00", "It rose from $1,373 million to $1,577 million.", False),  # the first number counts
        ("It grew by 3%.", "3%", None),  # a sentence is no bare number
    ],
)
def test_the_number_named_first(answer: str, text: str, expected: bool | None) -> None:
    assert names_number("What was capex in 2018 (in USD millions)?", answer, text) is expected
