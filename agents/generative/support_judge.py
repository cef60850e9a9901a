"""A model's verdict on one statement, beside the code's own check (`AskOptions.check = "model"`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import plain
from catena.errors import ModelError, Stopped
from catena.llm.protocol import LLM, Message, chat
from catena.types import Support

MAX_REPLY = 64
"""Tokens: one word is asked for, and small models begin with others."""
_VERDICT = re.compile(
    r"\b(?:(contradict\w*)|(unsupported|not supported|no support|does not support)|(partial\w*|partly)"
    r"|(supported|supports))\b",
    re.IGNORECASE,
)
_MARKS: tuple[Support, ...] = ("contradicted", "unsupported", "partial", "supported")


async def judge(statement: str, quotes: Sequence[str], llm: LLM) -> Support | None:
    """Ask once; nothing if the model fails, a cap is reached, or it says something else."""
    try:
        done = await llm.complete(messages(statement, quotes), max_tokens=MAX_REPLY, role="check")
    except (ModelError, Stopped):
        return None
    return read_verdict(done.text)


def messages(statement: str, quotes: Sequence[str]) -> list[Message]:
    shown = "\n\n".join(as_data(quote) for quote in quotes)
    user = render("check", quotes=shown, statement=as_data(statement))
    return chat(render("check_system"), user)


def read_verdict(reply: str) -> Support | None:
    """The first mark that the reply names."""
    found = _VERDICT.search(plain(reply))
    if not found:
        return None
    return next(mark for mark, word in zip(_MARKS, found.groups(), strict=True) if word)
