"""A follow-up question made self-contained: "And in 2019?" means what the questions before say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from catena.agents.extractive.follow_up import Said, leans, resolved
from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import plain
from catena.llm.protocol import LLM, Message, chat
from catena.retrieval.text_analysis import STOPWORDS, terms

MAX_TURNS = 4
"""Earlier questions that are looked at."""
MAX_ANSWER = 60
"""Words of an earlier answer that are shown."""
MAX_REPLY = 128
"""Tokens."""
MAX_WORDS = 80
"""A longer "question" is an answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question, in its self-contained form, what was answered, and that in a few words."""

    question: str
    answer: str
    short: str = ""


async def self_contained(question: str, turns: Sequence[Turn], llm: LLM | None) -> str:
    """Return the question with what it leans on. Raises ModelError and Stopped.

    Without a model rules put it together; where they do not know how, the words of the question before are put
    behind it, which is enough to find the pages.
    """
    if not turns or not leans(question):
        return question
    if llm is None:
        last = turns[-1]
        return resolved(question, Said(last.question, last.short)) or _with_subject(question, last)
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
