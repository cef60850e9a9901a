"""A model that compares two responses (Bohnet et al., arXiv 2406.00179, side-by-side evaluation)."""

from __future__ import annotations

import hashlib
import re

from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.prompt_templates import FOLDER, render
from catena.agents.generative.reply_parser import plain
from catena.bookqa.games import Verdict
from catena.bookqa.items import Item
from catena.bookqa.responses import Response
from catena.errors import ModelSilent
from catena.llm.protocol import LLM, Message, chat, head

MAX_REPLY = 300
"""Tokens: a sentence of reasons and the verdict."""
VERDICT_TOKENS = 60
"""Such a reply usually takes."""
MAX_ANSWER, MAX_QUOTES = 600, 900
"""Tokens of a response, and of its quotes, that the judge is shown."""
_VERDICT = re.compile(r"\bbetter\b\W*(?:is\W+)?(?:answer\W+)?(1|2|one|two|tie|neither|both|equal)\b", re.I)
_SAYS: dict[str, Verdict] = {"1": "first", "one": "first", "2": "second", "two": "second"}


class ModelJudge:
    """Asks a model which of two answers is better, given the right answer and its evidence."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.name = llm.name
        texts = [(FOLDER / f"{name}.md").read_bytes() for name in ("compare", "compare_system")]
        self.version = hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]

    async def compare(self, item: Item, first: Response, second: Response) -> Verdict:
        """Ask once. Raises ModelSilent where the reply names no verdict, and what the model raises."""
        done = await self._llm.complete(messages(item, first, second), max_tokens=MAX_REPLY, role="judge")
        verdict = read_verdict(done.text)
        if verdict is None:
            raise ModelSilent(
                f"The judge {self.name} named neither answer: {done.text[:80]!r}.",
                "A larger model may keep to the form.",
            )
        return verdict


def messages(item: Item, first: Response, second: Response) -> list[Message]:
    """The prompt for one order. Systems are not named to the judge."""
    user = render(
        "compare",
        question=as_data(item.question),
        reference=as_data(item.reply),
        evidence=_quotes([citation.quote for citation in item.citations]),
        first=_shown(first),
        second=_shown(second),
    )
    return chat(render("compare_system"), user)


def read_verdict(reply: str) -> Verdict | None:
    """The last verdict that the reply names: reasons come before it."""
    found = _VERDICT.findall(plain(reply))
    return _SAYS.get(found[-1].lower(), "tie") if found else None


def _shown(response: Response) -> str:
    return f"{as_data(head(response.text, MAX_ANSWER))}\nQuotes:\n{_quotes(response.quotes)}"


def _quotes(quotes: tuple[str, ...] | list[str]) -> str:
    return as_data(head("\n".join(quotes), MAX_QUOTES)) if quotes else "none"
