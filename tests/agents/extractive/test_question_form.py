"""A question is the same however it is put."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catena.agents.extractive.question_form import plain_form


@pytest.mark.parametrize(
    ("put", "plain"),
    [
        ("What's this lease about?", "What is this lease about?"),
        ("Who’s the landlord?", "Who is the landlord?"),
        ("whats the rent", "what is the rent"),
        ("Could you please tell me who's in charge?", "who is in charge?"),
        ("I'd like to know when it ends, please.", "when it ends."),
        ("Hi, do you know where the keys are?", "where the keys are?"),
        ("Can you help me understand how deposits work? Thanks in advance", "how deposits work?"),
        ("can you tell me please how to sublet?", "how to sublet?"),
        ("How long is it, if you don't mind?", "How long is it?"),
        ("Why can't I sublet?", "Why cannot I sublet?"),
    ],
)
def test_contractions_and_courtesy_go(put: str, plain: str) -> None:
    assert plain_form(put) == plain


@pytest.mark.parametrize(
    "question",
    [
        "Can you run it in the background?",
        "please",
        "The question is open",
        "What do you want to know?",
        "???",
    ],
)
def test_what_is_asked_stays(question: str) -> None:
    assert plain_form(question) == question


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_question_is_lost(text: str) -> None:
    plain = plain_form(text)
    assert plain_form(plain) == plain
    assert any(map(str.isalnum, plain)) or not any(map(str.isalnum, text))
