"""A follow-up takes what it lacks from the question before; one that lacks nothing is left alone."""

from __future__ import annotations

import asyncio

import pytest

from catena.agents.extractive.follow_up import Said, leans, resolved, subject
from catena.agents.generative.question_rewriting import Turn, self_contained

FERRY = Said("What is the fare for lorries?", "12 crowns")
OWNER = Said("Who founded the ferry company?", "Dr. Marta Lind")


@pytest.mark.parametrize(
    ("follow_up", "before", "whole"),
    [
        ("And for bicycles?", FERRY, "What is the fare for bicycles?"),
        ("What about bicycles?", FERRY, "What is the fare for bicycles?"),
        ("What about the weight limit?", FERRY, "What is the weight limit for lorries?"),
        ("And in 2031?", Said("What was the income in 2030?"), "What was the income in 2031?"),
        ("And on Sundays?", Said("What is the fare?"), "What is the fare on Sundays?"),
        ("And Norby?", Said("When does it leave Halm for the island?"), "When does it leave Norby for the island?"),
        ("Where does she live?", OWNER, "Where does Dr. Marta Lind live?"),
        ("What is her salary?", OWNER, "What is Dr. Marta Lind’s salary?"),
        ("How many years may she stay?", OWNER, "How many years may Dr. Marta Lind stay?"),
        ("How many years does its warranty cover?", Said("Does the battery of the lamp last?"),
         "How many years does the battery of the lamp’s warranty cover?"),
        ("And her age?", OWNER, "What is Dr. Marta Lind’s age?"),
        ("When is it due?", FERRY, "When is the fare for lorries due?"),
        ("Who bought it?", Said("When was the old pier sold?", "1911"), "Who bought the old pier?"),
        ("Why?", FERRY, ""),
    ],
)  # fmt: skip
def test_what_a_follow_up_means(follow_up: str, before: Said, whole: str) -> None:
    assert resolved(follow_up, before) == whole
    assert leans(follow_up)


@pytest.mark.parametrize(
    "question",
    [
        "What is the rent?",
        "What did the captain do when he saw the fire?",
        "What is the fare that applies to lorries?",
        "Is there a fee for dogs?",
        "How long does it take to cross?",
        "So how are costs shared between the owners?",
        "Does a skipper choose their own crew?",
        "What does this document say about pets?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert not leans(question)
    before = [Turn("What is the fare for lorries?", "12 crowns", "12 crowns")]
    assert asyncio.run(self_contained(question, before, None)) == question


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("What is the fare for lorries?", "the fare for lorries"),
        ("When was the old pier sold?", "the old pier"),
        ("How long does the battery of the lamp last?", "the battery of the lamp"),
        ("How many members may the Council have?", "the Council"),
        ("How?", ""),
    ],
)
def test_what_a_question_is_about(question: str, about: str) -> None:
    assert subject(question) == about
