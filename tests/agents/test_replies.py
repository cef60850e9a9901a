from __future__ import annotations

import pytest

from catena.agents.replies import NOT_FOUND, Claim, Reply, read_reply

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
    ],
)
def test_a_model_may_say_that_nothing_answers(text: str) -> None:
    assert read_reply(text, range(1, 10)) == Reply((), (), denies=True)


@pytest.mark.parametrize("text", ["", "<think>Hm, let me see", "Evidence: [1]\nAnswer:"])
def test_no_answer_is_no_denial(text: str) -> None:
    reply = read_reply(text, range(1, 10))
    assert reply.claims == () and not reply.denies
