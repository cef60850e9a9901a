"""Prompts of a model that answers: passages found, or a chain's note and quotes; and how long it may answer."""

from __future__ import annotations

from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import NOT_FOUND
from catena.agents.reasoner import Question
from catena.agents.router import task_of
from catena.llm.protocol import Message, chat

MAX_REPLY = {"answer": 1024, "list": 2048, "count": 2048, "summary": 2048}
"""Tokens kept for the reply, by task; of a small window a quarter."""


def messages(question: Question, passages: str, demonstrations: str = "") -> list[Message]:
    """The prompt of an answer from passages, with demonstrations between them and the question."""
    system = render("answer_system", form=form(question), not_found=NOT_FOUND)
    asked = one_line(question.text)
    if demonstrations:
        user = render("answer_demos", passages=passages, demos=demonstrations, question=asked)
    else:
        user = render("answer", passages=passages, question=asked)
    return chat(system, user)


def form(question: Question) -> str:
    """Return the prompt's words about the answer's form."""
    task = task_of(question.text)
    if task == "answer":
        return render("form_answer", max_sentences=str(question.options.max_sentences))
    return render(f"form_{task}")


def one_line(text: str) -> str:
    return " ".join(text.split())
