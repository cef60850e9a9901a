"""A follow-up question made self-contained: "And in 2019?" means what the questions before say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from catena.agents.prompting import render
from catena.agents.replies import plain
from catena.agents.showing import as_data
from catena.llm import LLM, Message, chat
from catena.retrieval.analysis import STOPWORDS, terms

MAX_TURNS = 4
"""Earlier questions that are looked at."""
MAX_ANSWER = 60
"""Words of an earlier answer that are shown."""
MAX_REPLY = 128
"""Tokens."""
MAX_WORDS = 80
"""A longer "question" is an answer."""
SHORT = 2
"""A question of so few words of its own leans on the one before."""
_LEANING = re.compile(
    r"^(?:and|but|so|what about|how about|why not|really)\b|\b(?:it|its|they|them|their|theirs|he|him|his|she|hers?"
    r"|that|those|these|this one|the same|there|then|else|the former|the latter)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question, in its self-contained form, and what was answered."""

    question: str
    answer: str


def leans(question: str) -> bool:
    """Whether the question can hardly be understood without what was said before."""
    own = [word for word in re.findall(r"\w+", question.casefold()) if word not in STOPWORDS]
    return bool(_LEANING.search(question)) or len(own) < SHORT


async def self_contained(question: str, turns: Sequence[Turn], llm: LLM | None) -> str:
    """Return the question with what it leans on. Raises ModelError and Stopped.

    Without a model the words of the question before are put behind it, which is enough to find the pages.
    """
    if not turns or not leans(question):
        return question
    if llm is None:
        return _with_subject(question, turns[-1])
    done = await llm.complete(messages(question, turns), max_tokens=MAX_REPLY, role="follow-up")
    return read_question(done.text) or question


def messages(question: str, turns: Sequence[Turn]) -> list[Message]:
    shown = "\n\n".join(
        as_data(f"Question: {one.question}\nAnswer: {_short(one.answer)}") for one in turns[-MAX_TURNS:]
    )
    user = render("follow_up", turns=shown, question=" ".join(question.split()))
    return chat(render("follow_up_system"), user)


def read_question(reply: str) -> str:
    """The last line that asks something, without a label before it; nothing if there is none."""
    lines = [
        re.sub(r"^[^:?]{0,30}question[^:?]{0,20}:\s*", "", line.strip(' *"“”'), flags=re.I)
        for line in plain(reply).splitlines()
    ]
    asked = [line for line in lines if line and len(line.split()) <= MAX_WORDS]
    questions = [line for line in asked if line.endswith(("?", "？"))]
    return (questions or asked or [""])[-1]


def _with_subject(question: str, last: Turn) -> str:
    known = set(terms(question))
    subject = [
        word
        for word in re.findall(r"[\w'’-]+", last.question)
        if word.casefold() not in STOPWORDS and not known & set(terms(word))
    ]
    return f"{question} ({' '.join(subject)})" if subject else question


def _short(text: str) -> str:
    words = text.split()
    return " ".join(words[:MAX_ANSWER]) + (" …" if len(words) > MAX_ANSWER else "")
