"""One question as several searches, in the words that a page which answers it would use."""

from __future__ import annotations

import re

from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import plain
from catena.errors import ModelError, Stopped
from catena.llm.protocol import LLM, Message, chat

MAX_QUERIES = 3
MAX_WORDS = 32
MAX_REPLY = 128
"""Tokens."""
_MARK = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):]|(?:search )?quer(?:y|ies)\s*\d*\s*:)\s*", re.I)


async def rewrite(question: str, llm: LLM) -> list[str]:
    """Ask for other searches; none if the model fails or a cap is reached, because the question itself is one."""
    try:
        done = await llm.complete(messages(question), max_tokens=MAX_REPLY, role="rewrite")
    except (ModelError, Stopped):
        return []
    return read_queries(done.text, question)


def messages(question: str) -> list[Message]:
    system = render("rewrite_system", max_queries=str(MAX_QUERIES))
    user = render("rewrite", question=" ".join(question.split()))
    return chat(system, user)


def read_queries(reply: str, question: str) -> list[str]:
    """Up to three lines that are searches: no introductions, nothing twice, not the question again."""
    found: dict[str, str] = {}
    for line in plain(reply).splitlines():
        query = _MARK.sub("", line).strip(" \t\"'“”*`")
        is_opening = query.endswith(":") or not any(char.isalnum() for char in query)
        if not is_opening and len(query.split()) <= MAX_WORDS:
            found.setdefault(query.casefold(), query)
    found.pop(" ".join(question.split()).casefold(), None)
    return list(found.values())[:MAX_QUERIES]
