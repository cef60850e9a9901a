"""A scripted model reads a small book part by part."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

from catena.agents.chain import LLMChain
from catena.agents.deps import Deps
from catena.agents.events import Event
from catena.agents.graph import run
from catena.agents.written import LLMReasoner
from catena.errors import ModelUnreachable
from catena.llm import Completion, Message, OnText, num_tokens
from catena.types import Answer, AskOptions
from tests.agents.shelf import DOC, MemoryShelf, WordEmbedder, WordRetriever, make_page

NUM_PAGES = 30
QUESTION = "Name all visitors of the mill."
Reply = Callable[[str, str], str]


class Reader:
    """Calls `reply` with system and user prompt, and keeps the user prompts."""

    name = "test/reader"

    def __init__(self, reply: Reply, window: int = 1100) -> None:
        self.reply, self.size = reply, window
        self.prompts: list[str] = []
        self.sizes: list[int] = []

    async def window(self) -> int:
        return self.size

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        system, user = messages[0]["content"], messages[1]["content"]
        self.prompts.append(user)
        self.sizes.append(num_tokens(system) + num_tokens(user) + max_tokens)
        return Completion(self.reply(system, user), "reader")


def is_worker(system: str) -> bool:
    return system.startswith("You are one of several readers")


def forgetful(system: str, user: str) -> str:
    """Note the visitors of this part and forget those of the parts before; the manager lists what it sees."""
    found = re.findall(r"^\[(\d+)\][^|]*(?:\|[^|]*)*?\| (\w+) came to the mill", user, re.M)
    if is_worker(system):
        return "\n".join(f"- {name} came to the mill [{number}]" for number, name in found) or "NOTHING FOUND"
    return "Answer:\n" + "\n".join(f"- {name} came [{number}]" for number, name in found)


def visitor(number: int) -> str:
    return f"Visitor{'abcdefghijklmnopqrstuvwxyzABCDEF'[number]}"


def deps_of(llm: Reader) -> Deps:
    pages = [
        make_page(
            n,
            [("text", f"{visitor(n)} came to the mill that day."), ("text", "Rain fell on the hills. " * 8)],
        )
        for n in range(1, NUM_PAGES + 1)
    ]
    shelf, embedder = MemoryShelf(pages), WordEmbedder()
    return Deps(
        shelf, WordRetriever(shelf), embedder, LLMReasoner(llm, embedder), chain=LLMChain(llm, embedder)
    )


def ask(
    llm: Reader, options: AskOptions | None = None, on_event: Callable[[Event], None] | None = None
) -> Answer:
    options = options or AskOptions(strategy="chain")
    return asyncio.run(run(deps_of(llm), QUESTION, [DOC], options, on_event))


def test_what_workers_forget_the_ledger_keeps() -> None:
    answer = ask(Reader(forgetful))
    names = [statement.text.split()[0] for statement in answer.statements]
    assert names == [visitor(n) for n in range(1, NUM_PAGES + 1)]
    assert all(statement.support == "supported" for statement in answer.statements)


def test_each_passage_is_read_once_and_in_order() -> None:
    llm = Reader(forgetful)
    answer = ask(llm)
    worker_prompts = [prompt for prompt in llm.prompts if "Note so far" in prompt]
    shown = [int(n) for prompt in worker_prompts for n in re.findall(r"^\[(\d+)\]$", prompt, re.M)]
    assert len(worker_prompts) > 3 and shown == list(range(1, NUM_PAGES + 1))
    assert answer.coverage.documents[0].unread == ()


def test_every_prompt_and_reply_fits_the_window() -> None:
    llm = Reader(forgetful)
    ask(llm)
    assert max(llm.sizes) <= llm.size


def test_a_failed_segment_is_named_and_the_rest_is_read() -> None:
    def fails_once(system: str, user: str) -> str:
        if is_worker(system) and "\n[12]\n" in f"\n{user}":
            raise ModelUnreachable("The server is gone.")
        return forgetful(system, user)

    answer = ask(Reader(fails_once))
    (first, last), *others = answer.coverage.documents[0].unread
    assert first <= 12 <= last and not others
    assert f"Pages {first}-{last} of A book were not read: The server is gone." in answer.warnings
    assert len(answer.statements) == NUM_PAGES - (last - first + 1)
