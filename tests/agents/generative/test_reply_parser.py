from __future__ import annotations

import pytest

from catena.agents.generative.reply_parser import NOT_FOUND, Claim, Reply, read_reply

FORTY = "It lasts forty hours."


@pytest.mark.parametrize(
    ("text", "evidence", "claims"),
    [
        (f"Evidence: [6, 18]\nAnswer: {FORTY[:-1]} [6].", (6, 18), [(FORTY, (6,))]),
        (f"Evidence: 6 and 18\n\nAnswer: {FORTY}[6] It is red. [18]", (6, 18), [(FORTY, (6,)), ("It is red.", (18,))]),
        (f"**Evidence:** Passages [2]-[4]\n**Answer:** {FORTY} [2][3]", (2, 3, 4), [(FORTY, (2, 3))]),
        (f"Evidence: [6 to 8]\nAnswer: {FORTY}", (6, 7, 8), [(FORTY, ())]),
        ('Evidence:\n- [1] "lasts 40 hours"\n- [3]\nAnswer:\nYes (passage 1).', (1, 3), [("Yes.", (1,))]),
        (f"Evidence: [2] Answer: {FORTY}", (2,), [(FORTY, ())]),
        (f"Evidence: [2] {FORTY}", (2,), [(FORTY, ())]),
        (f"Evidence: [2]\n{FORTY}", (2,), [(FORTY, ())]),
        (f"Answer: {FORTY}\n\nEvidence: [2]", (2,), [(FORTY, ())]),
        (f"{FORTY}\n\nEvidence: [2]", (2,), [(FORTY, ())]),
        (FORTY, (), [(FORTY, ())]),
        (f"<think>Answer: no [3]</think>Evidence: [99, 2]\nAnswer: {FORTY} [0][99]", (2,), [(FORTY, ())]),
        ("Here are the parts:\n1. Glass [1]\n* Wood 【2】", (), [("Glass", (1,)), ("Wood", (2,))]),
        ("Based on the passages [1], it is red [1].", (), [("It is red.", (1,))]),
        ("It cost $1.5 million in 2018 [1], and more later [2, 3].", (), [
            ("It cost $1.5 million in 2018, and more later.", (1, 2, 3))
        ]),
        (f"### Evidence\n[6]\n\n### Answer\n{FORTY} [6]", (6,), [(FORTY, (6,))]),
        (f"```\nEvidence: [6]\nAnswer: {FORTY[:-1]} 【6†source】.\n```", (6,), [(FORTY, (6,))]),
        (f"Evidence: 6, 7\nAnswer: It cost (3) pounds. {FORTY[:-1]} (6, 7).", (6, 7), [
            ("It cost (3) pounds.", ()), (FORTY, (6, 7))
        ]),
        (f'{{"evidence": [6, 7], "answer": "{FORTY} [7]"}}', (6, 7), [(FORTY, (7,))]),
        ("证据：[2]\n答案：灯可以用四十小时。[2]", (2,), [("灯可以用四十小时。", (2,))]),
        ("Evidence: [2]\nAnswer: See ![it](http://x.example/a?q=1) <img src=x> [2].", (2,), [
            ("See![it] (http://x.example/a?q=1) < img src=x>.", (2,))
        ]),
    ],
)  # fmt: skip
def test_what_models_write(
    text: str, evidence: tuple[int, ...], claims: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert read_reply(text, range(1, 21)) == Reply(tuple(Claim(*claim) for claim in claims), evidence)


@pytest.mark.parametrize(
    "text",
    [
        f"Evidence: []\nAnswer: {NOT_FOUND}",
        f"**Evidence:** none\n**Answer:** {NOT_FOUND.lower()}. The passages speak of lanterns.",
        NOT_FOUND,
        "Evidence: N/A\nAnswer: Paris is the capital of France.",
        "Evidence: [1]\nAnswer: The provided passages do not mention who painted it [1].",
        "Unfortunately, there is no information about whales in the text. Ask somebody else.",
    ],
)
def test_a_model_may_say_that_nothing_answers(text: str) -> None:
    reply = read_reply(text, range(1, 10))
    assert reply.denies and reply.claims == ()


@pytest.mark.parametrize("text", ["", "<think>Hm, let me see", "Evidence: [1]\nAnswer:"])
def test_no_answer_is_no_denial(text: str) -> None:
    reply = read_reply(text, range(1, 10))
    assert reply.claims == () and not reply.denies


def test_a_model_may_say_what_is_missing() -> None:
    reply = read_reply(
        "Evidence: [1]\nAnswer: Ada built it [1].\n**Missing:** when Ada was born", range(1, 9)
    )
    assert reply == Reply((Claim("Ada built it.", (1,)),), (1,), missing="when Ada was born")
    assert read_reply(f"Evidence: [1]\nAnswer: {FORTY} [1]\nMissing: none.", range(1, 9)).missing == ""


def test_a_document_that_denies_is_an_answer() -> None:
    reply = read_reply("Evidence: [1]\nAnswer: The document does not require a password [1].", range(1, 9))
    assert not reply.denies and len(reply.claims) == 1
