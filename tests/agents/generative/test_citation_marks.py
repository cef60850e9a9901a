from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catena.agents.citations.support_check import support
from catena.agents.generative.citation_marks import marked, numbered, unmarked
from catena.agents.generative.reply_parser import read_reply

SAID = "The ferry carries 3,140 people"
KNOWN = range(1, 9)
MARKS = [
    "[4]", "【4】", "［4］", "〔4〕", "⟦4⟧", "[[4]]", "[^4]", "[#4]", "[ 4 ]", "[４]", "【4†source】",
    "【4†L3-L9】", "[4†]",
    "(4)", "（4）", "{4}", "⁴", "<sup>4</sup>", "<sup>[4]</sup>", "<cite>4</cite>", "<cite>[4]</cite>", "<ref>4</ref>",
    '<cite id="4"/>', '<ref name="4"></ref>', "<source>4</source>", "<c>4</c>", "<a href='#p4'>[4]</a>", "^[4]",
    "[4](#passage-4)", "[[4](#passage-4)]", "[[4]](https://x.example/4)", "([4])", "([4](#4))", "[(4)]",
    "[citation:4]", "[citation: 4]", "[cite:4]", "[cite_4]", "[ID:4]", "[ID 4]", "[Source 4]", "[Source: 4]",
    "(Source: 4)",
    "(Passage 4)", "(see passage 4)", "(passages 4)", "[passage no. 4]", "[doc 4]", "(Quelle: 4)",
    "[Quelle 4]", "（来源：4）",
    "[来源4]", "[出典4]", "[출처 4]", "(fuente 4)", "(источник 4)", "[المصدر 4]", "[4: the ferry]",
    "[4, the ferry's log]",
    "[4][4]", "[4], [4]", "[4];[99]", "[99][4]", "[4-4]",
]  # fmt: skip
PAGES = [
    "[p. 3]",
    "(p. 3)",
    "[page 12]",
    "(page 12)",
    "(see p. 4)",
    "(S. 12)",
    "(стр. 12)",
    "[página 3]",
    "(pp. 3-5)",
    "[99]",
]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    "form", ["{said} {mark}.", "{said}.{mark}", "{said}. {mark}", "Evidence: [4]\nAnswer: {said} {mark}."]
)
def test_a_mark_names_its_passage_and_is_no_claim(mark: str, form: str) -> None:
    (claim,) = read_reply(form.format(said=SAID, mark=mark), KNOWN).claims
    assert claim.text == f"{SAID}."
    assert claim.numbers == (4,)
    assert support(claim.text, [f"{SAID} a day."]) == "supported"


@pytest.mark.parametrize("mark", PAGES)
def test_a_page_or_an_unknown_number_is_no_passage_and_no_claim(mark: str) -> None:
    (claim,) = read_reply(f"{SAID} {mark}.", KNOWN).claims
    assert (claim.text, claim.numbers) == (f"{SAID}.", ())


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1, 2]", (1, 2)), ("[1-3]", (1, 2, 3)), ("[1–3, 5]", (1, 2, 3, 5)), ("[1 and 2]", (1, 2)),
        ("[1]-[3]", (1, 2, 3)),
        ("(1, 2)", (1, 2)), ("[Passages 1 and 3]", (1, 3)), ("[passage 2, passage 3]", (2, 3)), ("¹ ²",
        (1, 2)), ("[1;2]", (1, 2)),
        ("[1 2]", (1, 2)), ("(Sources: 1, 2)", (1, 2)), ("【1】【2】", (1, 2)), ("[1, p. 7]", (1,)),
        ("[1-40]", ()), ("[2 to 4]", (2, 3, 4)),
        ('<cite index="1-2">x</cite>', (1, 2)), ("[1、2]", (1, 2)), ("[1至3]", (1, 2, 3)),
    ],
)  # fmt: skip
def test_lists_and_ranges(mark: str, numbers: tuple[int, ...]) -> None:
    assert numbered(marked(f"{SAID} {mark}.", KNOWN)) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "It was built in Bergen (2021).",
        "The value f(1) is 3.",
        "It needs (1) a permit and (2) a fee.",
        "(1) The tenant pays the rent.",
        "The patient (age 4) went home.",
        "The firm (est. 1907) is old.",
        "It stands in the table (Figure 3).",
        "The fee (about 4 euro) is low.",
        "The mark x^{2} is a square.",
        "A house of 40 m² has 5 rooms.",
        "There were 10⁶ cells and 5,000² euro.",
        "Water is H<sub>2</sub>O.",
        "They said so [sic] twice.",
        "The clause [about rent] is void.",
        "Three won (4 lost, 2 were ill).",
    ],
)
def test_a_document_s_own_numbers_stay(text: str) -> None:
    read = marked(text, KNOWN)
    assert numbered(read) == () and unmarked(read) == text


def test_what_stands_in_the_passages_is_theirs() -> None:
    text = "The rule is in Schedule (2)."
    assert numbered(marked(text, KNOWN)) == (2,)
    assert unmarked(marked(text, KNOWN, "see Schedule (2). It says")) == text
    assert unmarked(marked("Growth was strong².", KNOWN, "Growth was strong².")) == "Growth was strong²."
    assert numbered(marked("It is so [Source 2].", KNOWN, "as [Source 2] says")) == ()


def test_round_brackets_count_only_where_no_square_ones_do() -> None:
    assert unmarked(marked("The rule is in Schedule (2) [3].", KNOWN)) == "The rule is in Schedule (2)."
    both = marked("It costs 90 euro (1), and 80 later (2).", KNOWN)
    assert unmarked(both) == "It costs 90 euro, and 80 later." and numbered(both) == (1, 2)


@pytest.mark.parametrize(
    "tail",
    [
        "\n\n[^4]: Passage 4.",
        "\n\nReferences:\n[4] The ferry's log, page 1.",
        "\n\n## Sources\n- [4] The ferry's log",
        "\n\nSources: [4]",
        "\n\nQuellen:\n[4] Logbuch, Seite 1",
        "\n\nLähdeluettelo\n[4] The log, page 1.",
        "\n\n**参考文献**\n[4] 航海日志",
        "\n\n[4] The ferry's log, page 1.",
    ],
)
def test_lists_of_references_are_no_statements(tail: str) -> None:
    (claim,) = read_reply(f"{SAID} [4].{tail}", KNOWN).claims
    assert (claim.text, claim.numbers) == (f"{SAID}.", (4,))


WORDS = st.text(alphabet="abcde ,.:;()[]{}<>/^#123¹²（）【】［］†-–\n\"'", max_size=60)


@given(WORDS, st.sets(st.integers(0, 20)))
@hypothesis_settings(deadline=None)
def test_marks_name_only_what_is_known_and_letters_stay(text: str, known: set[int]) -> None:
    read = marked(text, known)
    assert set(numbered(read)) <= known
    assert (
        marked(read, known).count("\ue0c1") == 0 or numbered(marked(unmarked(read), known, text)) is not None
    )
    assert "\ue0c1" not in unmarked(read) and "\ue0c2" not in unmarked(read)


SENTENCES = st.text(alphabet="abcdefghij ", min_size=4, max_size=30).map(
    lambda text: f"Ships {text.strip()} end"
)


@given(
    SENTENCES,
    st.integers(1, 8),
    st.sampled_from(
        ["[{}]", "【{}】", "［{}］", "[^{}]", "[Source {}]", "(Source: {})", "({})", "<cite>{}</cite>"]
    ),
)
@hypothesis_settings(deadline=None)
def test_any_shape_around_any_known_number_is_read(sentence: str, number: int, shape: str) -> None:
    read = marked(f"{sentence} {shape.format(number)}.", KNOWN)
    assert numbered(read) == (number,) and unmarked(read) == f"{sentence}."
