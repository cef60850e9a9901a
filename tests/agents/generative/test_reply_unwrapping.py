from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catena.agents.generative.reply_parser import Claim, read_reply

KNOWN = range(1, 9)
SAID = "The ferry carries 3,140 people."
VALUES = [
    {"answer": SAID, "evidence": [3]},
    {"Evidence": ["[3]"], "Answer": [SAID]},
    {"evidence": "3", "final_answer": SAID},
    {"statements": [{"text": SAID, "citations": [3]}]},
    [{"sentence": SAID, "passages": [3]}],
    {"result": {"claims": [{"claim": SAID, "source": 3, "quote": "carries 3,140 people"}]}},
    {"reasoning": "Perhaps 90.", "answer": {"text": SAID}, "sources": ["passage 3"], "confidence": 0.9},
    {"respuesta": SAID, "evidencia": [3]},
    {"answer": f"{SAID[:-1]} [3]."},
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "form",
    ["{}", "```json\n{}\n```", "Here is the JSON:\n```\n{}\n```\nLet me know!", "{}\n\nI hope this helps!"],
)
def test_json_of_any_shape_is_read(value: object, form: str) -> None:
    reply = read_reply(form.format(json.dumps(value, indent=1)), KNOWN)
    assert [claim.text for claim in reply.claims] == [SAID]
    assert (*reply.evidence, *reply.claims[0].numbers)[:1] == (3,)


def test_json_without_an_answer() -> None:
    assert read_reply("[{}]", KNOWN).claims == () == read_reply("{}", KNOWN).claims
    assert read_reply('{"answer": null, "evidence": []}', KNOWN).denies
    assert read_reply("[" * 100_000, KNOWN).claims == ()
    assert [one.text for one in read_reply('{"Tenant": "Hal Wren", "Rent": 940}', KNOWN).claims] == [
        "Tenant: Hal Wren",
        "Rent: 940",
    ]
    assert [
        one.text for one in read_reply('{"evidence": [3], "answer": "The ferry carries', KNOWN).claims
    ] == ["The ferry carries"]


@pytest.mark.parametrize(
    "reply",
    [
        f"<response><evidence>[3]</evidence><answer>{SAID[:-1]} [3].</answer></response>",
        f"<result>\n<statement>{SAID[:-1]} [3].</statement>\n</result>",
        f"The passage tells.\n<answer>{SAID[:-1]} [3].</answer>",
        f"<antwort>{SAID[:-1]} [3].</antwort>",
        f"<answer>{SAID[:-1]} [3].",
        f"<p>{SAID[:-1]} <sup>[3]</sup>.</p>",
        f"<ul><li><b>{SAID[:-1]}</b> [3].</li></ul>",
        f"Evidence: [3]\nAnswer: \\boxed{{\\text{{{SAID[:-1]}}}}} [3].",
        f"$$\\boxed{{{SAID[:-1]}}}$$ [3].",
        f"\\[\\boxed{{\\mathrm{{{SAID[:-1]}}}}}\\] [3].",
        f"```markdown\nEvidence: [3]\nAnswer: **{SAID[:-1]}** [3].\n```",
        f"Evidence: [3]\nAnswer: | {SAID[:-1]} [3].",
    ],
)
def test_wrappers_go(reply: str) -> None:
    assert read_reply(reply, KNOWN).claims == (Claim(SAID, (3,)),)


def test_money_and_percent_of_latex_are_plain() -> None:
    (claim,) = read_reply(r"It is \(\frac{1}{12}\) of \$90, that is 8.3\% [1].", KNOWN).claims
    assert claim.text == "It is 1/12 of $90, that is 8.3%."
    (claim,) = read_reply("It rose from $5 to $6 [1].", KNOWN).claims
    assert claim.text == "It rose from $5 to $6."


def test_rows_of_a_table_keep_their_header() -> None:
    table = "| Ship | Built | People |\n|:--|---|--:|\n| Aurora | 1911 | 3,140 [3] |\n| **Borea** | 1920 [2] | |\n"
    assert read_reply(f"Evidence: [3]\nAnswer:\n{table}\nThat is all [3].", KNOWN).claims == (
        Claim("Aurora, Built: 1911; People: 3,140", (3,)),
        Claim("Borea, Built: 1920", (2,)),
        Claim("That is all.", (3,)),
    )
    assert read_reply("Ship | Built\n--- | ---\nAurora | 1911 [3]", KNOWN).claims == (
        Claim("Aurora, Built: 1911", (3,)),
    )


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["answer", "evidence", "text", "statements", "x", ""]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(ANY_JSON)
@hypothesis_settings(deadline=None)
def test_any_json_is_read_without_an_error(value: object) -> None:
    read_reply(json.dumps(value), KNOWN)


SCRAPS = st.sampled_from(
    [
        "Evidence:",
        "Answer:",
        "答案：",
        "\n",
        "| a | b |\n|---|---|\n",
        "```",
        "{",
        '"answer": "',
        "[1]",
        "(2)",
        "<answer>",
        "</answer>",
    ]
    + [
        "<think>",
        "</think>",
        "\\boxed{",
        "}",
        "## ",
        "- ",
        "Missing:",
        "References:\n",
        "NOT IN THE DOCUMENT",
        "It is red. ",
        "\ud800",
    ]
)


@given(st.lists(SCRAPS | st.text(max_size=8), max_size=16).map("".join))
@hypothesis_settings(deadline=None)
def test_any_reply_is_read_without_an_error(text: str) -> None:
    reply = read_reply(text, KNOWN, "It is red (2).")
    for claim in reply.claims:
        assert claim.text.strip() and set(claim.numbers) <= set(KNOWN)
        claim.text.encode()
