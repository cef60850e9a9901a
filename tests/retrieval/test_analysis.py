from __future__ import annotations

import pytest

from catena.retrieval.analysis import query_terms, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Capital expenditures were $1,577 million", ["capit", "expenditur", "were", "1577", "million"]),
        ("FY2018 10-K", ["fy2018", "2018", "10", "k"]),
        ("3.50% and 3.5", ["3.5", "and", "3.5"]),
        ("1.234.567", ["1234567"]),
        ("Café ﬁnancial", ["cafe", "financi"]),
        ("日本語", ["日", "本", "語", "日本", "本語"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("١٢٣ مُحَمَّد", ["123", "محمد"]),
        ("", []),
    ],
)
def test_terms_in_any_script(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_question_words_are_dropped_from_questions_alone() -> None:
    assert query_terms("What is the debt of the company?") == ["debt", "compani"]
    assert terms("the debt") == ["the", "debt"]


def test_a_question_of_stopwords_keeps_them() -> None:
    assert query_terms("who am I?") == ["who", "am", "i"]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("10⁶ copies", "10^6"),
        ("5,000² units", "5000"),
        ("450 m² of floor", "m2"),
        ("Net sales²", "sales"),
        ("Net sales⁽¹⁾", "sales"),
        ("H₂O", "H2O"),
        ("10⁻³ seconds", "10-3"),
    ],
)
def test_raised_and_lowered_figures_are_found_as_typed(text: str, typed: str) -> None:
    assert set(terms(typed)) <= set(terms(text))
    assert set(query_terms(text)) <= set(terms(text))


def test_a_power_is_not_the_number_that_its_figures_would_make() -> None:
    assert "106" not in terms("10⁶")
    assert "50002" not in terms("5,000²")
