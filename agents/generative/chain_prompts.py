"""Prompts of the workers, the manager and the judge of a chain."""

from __future__ import annotations

from catena.agents.generative.answer_prompts import form, one_line
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import NOT_FOUND
from catena.agents.generative.worker_notes import NOTHING
from catena.agents.reasoner import Question
from catena.agents.router import task_of
from catena.llm.protocol import Message, chat

WORDS_PER_TOKEN = 0.6
"""So that a note in words, which models can judge, stays within tokens, which they cannot."""


def worker_messages(question: Question, passages: str, note: str, max_reply: int) -> list[Message]:
    """The prompt of a worker; a summary has instructions of its own."""
    task = "summary" if task_of(question.text) == "summary" else "question"
    max_words = str(int(max_reply * WORDS_PER_TOKEN))
    system = render("worker_system", task=render(f"worker_{task}"), max_words=max_words, nothing=NOTHING)
    user = render("worker", passages=passages, note=note or "(empty)", question=one_line(question.text))
    return chat(system, user)


def manager_messages(question: Question, quotes: str, note: str) -> list[Message]:
    """The prompt of the manager."""
    system = render("manager_system", form=form(question), not_found=NOT_FOUND)
    user = render(
        "manager", quotes=quotes or "(none)", note=note or "(empty)", question=one_line(question.text)
    )
    return chat(system, user)


def judge_messages(question: Question, answers: str) -> list[Message]:
    """The prompt that chooses among several paths' answers."""
    user = render("judge", answers=answers, question=one_line(question.text))
    return chat(render("judge_system"), user)
