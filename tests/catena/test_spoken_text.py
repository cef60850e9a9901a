from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catena.llm.spoken_text import SpokenText, spoken

SAID = "Evidence: [2]\nAnswer: It sank in 1912 [2]."
HM = "Perhaps it sank in 1899 [3]. Answer: 1899."
REPLIES = {
    "tag": f"<think>\n{HM}\n</think>\n\n{SAID}",
    "other tag": f"<thinking>{HM}</thinking>{SAID}",
    "thoughts": f"<thoughts>{HM}</thoughts>\n{SAID}",
    "reasoning": f"<reasoning>{HM}</reasoning>\n{SAID}",
    "inner monologue": f"<inner_monologue>{HM}</inner_monologue>{SAID}",
    "prefixed": f"<seed:think>{HM}</seed:think>{SAID}",
    "square": f"[THINK]{HM}[/THINK]{SAID}",
    "drawn": f"◁think▷{HM}◁/think▷{SAID}",
    "tokens": f"<|begin_of_thought|>{HM}<|end_of_thought|>\n<|begin_of_solution|>{SAID}<|end_of_solution|>",
    "capital tokens": f"<|START_THINKING|>{HM}<|END_THINKING|><|START_RESPONSE|>{SAID}<|END_RESPONSE|>",
    "unopened": f"Okay. {HM}\n</think>\n\n{SAID}",
    "unopened on one line": f"Okay. {HM} </thought> {SAID}",
    "closed twice": f"<think>{HM}</think> Once more. {HM}</think>{SAID}",
    "opened twice": f"<think>{HM}<think>{HM}</think>{SAID}",
    "nested": f"<think>{HM}<think>{HM}</think>{HM}</think>{SAID}",
    "names its tag": f"<think>\nThe tag </think> must be closed. {HM}\n</think>\n{SAID}",
    "two thoughts": f"<think>{HM}</think>\n<think>{HM}</think>\n{SAID}",
    "harmony": (
        f"<|channel|>analysis<|message|>{HM}<|end|><|start|>assistant<|channel|>commentary<|message|>{HM}<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{SAID}<|return|>"
    ),
    "harmony without tokens": f"analysisWe look. {HM}assistantfinal{SAID}",
    "half a channel": f"<|channel>thought\n{HM}<channel|>{SAID}",
    "process": f"Here is my thought process: {HM}\n\nHere is my response: {SAID}",
    "end of turn": f"{SAID}<|im_end|>\n<|im_start|>user\nAnd where? [1]",
    "next turn": f"{SAID}<end_of_turn>\n<start_of_turn>user\nAnd where?",
    "end of text": f"{SAID}</s>",
    "instruction": f"{SAID} [/INST] And [INST] where?",
    "role": f"<|start_header_id|>assistant<|end_header_id|>\n\n{SAID}<|eot_id|>",
    "wide tokens": f"<｜Assistant｜>{SAID}<｜end▁of▁sentence｜>",
    "written turn": f"{SAID}\n\nUser: And where?\nAssistant: There.",
    "codes": f"\ufeff{SAID}\x00\u202e",
}


@pytest.mark.parametrize("name", REPLIES)
def test_thoughts_and_tokens_are_not_said(name: str) -> None:
    assert spoken(REPLIES[name]).text == SAID


@pytest.mark.parametrize(
    "reply", ["<think>Hm, let me", "[THINK]Hm", "<|channel|>analysis<|message|>We", "analysisWe need"]
)
def test_a_thought_that_does_not_end_says_nothing(reply: str) -> None:
    heard = spoken(reply)
    assert heard.text == "" and heard.is_thinking


@pytest.mark.parametrize(
    "reply",
    [
        "The model writes its thoughts between <think> and </think> tags [1].",
        "A parser drops `</think>` and what stands before it [1].",
        "The price is <s>90</s> 80 euro [1].",
        "The analysis of the ore found tin [1].",
        "I think: the user is named on page 3 [1].",
        "Press [Enter] to go on [1].",
    ],
)
def test_what_only_looks_like_a_thought_is_said(reply: str) -> None:
    assert spoken(reply).text == reply


def test_half_of_a_pair_is_replaced() -> None:
    assert spoken("It is \ud83d red.").text == "It is \ufffd red."


def listened(reply: str, size: int, *, is_plain: bool) -> tuple[list[str], str]:
    told: list[str] = []
    listening = SpokenText(told.append, is_plain=is_plain)
    for start in range(0, len(reply), size):
        listening.feed(reply[start : start + size])
    listening.end()
    last = max((n for n, piece in enumerate(told) if not piece), default=-1)
    return told, "".join(told[last + 1 :])


@pytest.mark.parametrize("size", [1, 3, 7, 4000])
@pytest.mark.parametrize("name", REPLIES)
def test_a_thought_is_not_shown_while_it_comes(name: str, size: int) -> None:
    told, whole = listened(REPLIES[name], size, is_plain=False)
    assert whole == SAID
    assert "1899" not in "".join(told) or name == "closed twice"  # taken back, when its second end comes
    assert (
        "1899"
        not in listened(REPLIES[name], size, is_plain="unopened" not in name and "twice" not in name)[1]
    )


def test_what_begins_as_asked_comes_at_once_and_other_text_when_the_model_is_known() -> None:
    assert len(listened(SAID, 3, is_plain=False)[0]) > 5
    assert len(listened("It sank in 1912, far from any shore [2].", 3, is_plain=False)[0]) > 3
    free = "Okay, it sank in 1912, far from any shore [2]."
    assert listened(free, 3, is_plain=False)[0] == [free]
    assert len(listened(free, 3, is_plain=True)[0]) > 5


def test_a_model_that_thinks_without_a_tag_is_held() -> None:
    told: list[str] = []
    listening = SpokenText(told.append, is_held=True)
    listening.feed("It sank in 1912, far from any shore [2].")
    assert told == []
    listening.end()
    assert told == ["It sank in 1912, far from any shore [2]."]


def test_a_thought_of_a_known_model_is_taken_back() -> None:
    told, whole = listened(REPLIES["unopened"], 5, is_plain=True)
    assert "" in told and whole == SAID


PARTS = st.sampled_from(
    [
        "<think>",
        "</think>",
        "[THINK]",
        "[/THINK]",
        "<|channel|>final<|message|>",
        "<|end|>",
        "</s>",
        "<",
        "|>",
        "a b",
        ".\n",
    ]
    + [
        "analysisWe",
        "assistantfinal",
        "\nUser: x?",
        "Evidence: [1]",
        "\ud83d",
        " ",
        "答案：",
        "<|im_start|>assistant\n",
    ]
)


@given(st.lists(PARTS | st.text(max_size=6), max_size=14).map("".join), st.integers(1, 9), st.booleans())
@hypothesis_settings(deadline=None)
def test_pieces_make_the_whole_and_twice_is_once(reply: str, size: int, is_plain: bool) -> None:
    heard = spoken(reply)
    assert spoken(heard.text).text == heard.text
    assert listened(reply, size, is_plain=is_plain)[1].strip() == heard.text
