from __future__ import annotations

import pytest

from catena.retrieval.text_analysis import query_terms, terms, unfolded_terms


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


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("AYLIK KİRA", "aylık kira"), ("IŞIK", "ışık"), ("İSTANBUL", "istanbul"), ("DIŞ", "dis"),
        ("κλειδί", "κλειδι"), ("ΟΔΟΣ", "οδός"), ("Ὀδυσσεύς", "οδυσσευς"), ("ΠΑΪΔΆΚΙΑ", "παιδακια"),
        ("Œuvre", "oeuvre"), ("Łódź", "lodz"), ("Ærøskøbing", "aeroskobing"), ("Straße", "strasse"),
        ("Việt Nam", "viet nam"), ("ёлка", "елка"), ("за́мок", "замок"), ("naïve", "nai\u0308ve"), ("ＡＢＣ", "abc"),
        ("l'eau", "eau"), ("l’eau", "L'eau"), ("dell’arte", "arte"), ("d’un", "un"), ("qu’il", "il"),
        ("company’s", "company"), ("What’s", "what"), ("who's", "who"), ("they're", "they"), ("doesn’t", "does"),
        ("can't", "can"), ("won’t", "will"),
    ],
)  # fmt: skip
def test_the_same_word_is_the_same_term(written: str, asked: str) -> None:
    assert terms(written) == terms(asked)


@pytest.mark.parametrize(
    ("one", "other"),
    [("мой", "мои"), ("か", "が"), ("हिन्दी", "हन्द"), ("ฎ", "ฏ"), ("10⁶", "106"), ("5,000²", "50002")],
)
def test_other_words_are_other_terms(one: str, other: str) -> None:
    assert terms(one) != terms(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10⁶", ["10", "6"]), ("5,000¹²", ["5000", "12"]), ("12 m²", ["12", "m", "m2"]), ("CO₂", ["co2"]),
        ("Larkmoor¹", ["larkmoor", "larkmoor1"]), ("x²", ["x", "x2"]),
    ],
)  # fmt: skip
def test_raised_figures_are_no_part_of_a_number_or_word(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize("apostrophe", ["'", "’", "ʼ"])
@pytest.mark.parametrize("word", ["What{}s", "Who{}s", "There{}s", "It{}s", "Didn{}t"])
def test_contractions_leave_no_letter_behind(word: str, apostrophe: str) -> None:
    assert query_terms(f"{word.format(apostrophe)} the rent?") == ["rent"]


def test_words_of_older_libraries_are_asked_for_as_well() -> None:
    assert unfolded_terms("Πόσο κοστίζει το κλειδί?") == ["πόσο", "κοστίζει", "κλειδί"]
    assert unfolded_terms("aylık kira café rent") == ["aylık", "café"]
