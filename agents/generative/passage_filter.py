"""Passages that do not fit one prompt are read in several at the same time; what bears on the question is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from catena.agents.document_view import DocumentView
from catena.agents.generative.context_budget import ContextBudget, divide
from catena.agents.generative.prompt_passages import Shown, fit
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import read_reply
from catena.llm.protocol import LLM, Message, chat
from catena.types import Passage

MAX_REPLY = 128
"""Tokens."""


async def sift(
    question: str, passages: Sequence[Passage], view: DocumentView, budget: int, llm: LLM
) -> list[Passage]:
    """Have readers choose, each from as many passages as `budget` tokens and its window hold; the order stays.

    Raises ModelError and Stopped.
    """
    budget = min(budget, (await room(question, llm)).text)
    batches = await asyncio.to_thread(_batches, passages, view, budget)
    kept = await asyncio.gather(*(_chosen(question, batch, llm) for batch in batches))
    keys = {one.key for batch in kept for one in batch}
    return [one for one in passages if one.key in keys]


async def room(question: str, llm: LLM) -> ContextBudget:
    """Divide a reader's window."""
    return divide(await llm.window(), MAX_REPLY, 8, messages(question, ""))


def messages(question: str, passages: str) -> list[Message]:
    user = render("answer", passages=passages, question=" ".join(question.split()))
    return chat(render("reader_system"), user)


async def _chosen(question: str, batch: Shown, llm: LLM) -> list[Passage]:
    done = await llm.complete(messages(question, batch.text), max_tokens=MAX_REPLY, role="reader")
    reply = read_reply(done.text, batch.numbers)
    numbers = {*reply.evidence, *(number for claim in reply.claims for number in claim.numbers)}
    return [one for number, one in zip(batch.numbers, batch.passages, strict=True) if number in numbers]


def _batches(passages: Sequence[Passage], view: DocumentView, budget: int) -> list[Shown]:
    found: list[Shown] = []
    rest = list(passages)
    while rest:
        shown = fit(rest, view, budget)
        if shown.passages:
            found.append(shown)
        rest = rest[max(1, len(shown.passages)) :]  # one that fits no prompt is left out
    return found
