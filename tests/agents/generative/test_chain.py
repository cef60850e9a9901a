"""A scripted model reads a small book part by part."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import pytest

from catena.agents.chain_nodes import MAX_FAILURES
from catena.agents.context import Deps
from catena.agents.generative.chain import LLMChain
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.generative.reply_parser import Claim
from catena.agents.generative.worker_notes import read_note, write_note
from catena.agents.graph import run
from catena.errors import ModelUnreachable, Stopped
from catena.events import Event, OnEvent
from catena.llm.protocol import Completion, Message, OnText, num_tokens
from catena.options import AskOptions
from catena.types import Answer
from tests.agents.shelf import DOC, MemoryShelf, WordEmbedder, WordRetriever, make_page

NUM_PAGES = 30
QUESTION = "Name all visitors of the mill."
Reply = Callable[[str, str], str]


class Reader:
    """Calls `reply` with system and user prompt, and keeps the user prompts."""

    name = "test/reader"

    def __init__(self, reply: Reply, window: int = 1100, latency: float = 0.0) -> None:
        self.reply, self.size, self.latency = reply, window, latency
        self.prompts: list[str] = []
        self.sizes: list[int] = []
        self.num_under_way = self.most_at_once = 0  # workers

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
        self.num_under_way += is_worker(system)
        self.most_at_once = max(self.most_at_once, self.num_under_way)
        await asyncio.sleep(self.latency)
        self.num_under_way -= is_worker(system)
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
    llm: Reader,
    options: AskOptions | None = None,
    on_event: OnEvent | None = None,
    *,
    question: str = QUESTION,
) -> Answer:
    options = options or AskOptions(strategy="chain")
    return asyncio.run(run(deps_of(llm), question, [DOC], options, on_event))


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


def test_a_note_over_budget_is_cut_at_whole_lines() -> None:
    claims = [Claim(f"Visitor {n} came to the mill", (n,)) for n in range(1, 9)]
    note = write_note(claims, 30)
    assert note.splitlines() == [f"- Visitor {n} came to the mill [{n}]" for n in (1, 2)]
    assert num_tokens(note) <= 30


@pytest.mark.parametrize(
    ("text", "is_cut", "lines"),
    [
        ("Note:\n- A came [3]\n* B came [4, 9]", False, [("A came", (3,)), ("B came", (4,))]),
        ("1. A came [3-4].\n2. B ca", True, [("A came.", (3, 4))]),
        ("<think>[3]</think>NOTHING FOUND", False, []),
        ("Two so far\n\n- A came (passage 3)", False, [("Two so far", ()), ("A came", (3,))]),
    ],
)
def test_notes_are_read_with_patience(
    text: str, is_cut: bool, lines: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert [(claim.text, claim.numbers) for claim in read_note(text, {3, 4}, is_cut=is_cut)] == lines


def test_nothing_new_hands_on_the_note_as_it_was() -> None:
    def only_first(system: str, user: str) -> str:
        reply = forgetful(system, user)
        return reply if not is_worker(system) or "\n[1]\n" in f"\n{user}" else "NOTHING FOUND"

    llm = Reader(only_first)
    ask(llm)
    assert f"- {visitor(1)} came to the mill [1]" in llm.prompts[-2]


def test_a_count_is_counted_by_code() -> None:
    def miscounts(system: str, user: str) -> str:
        return forgetful(system, user) + ("" if is_worker(system) else "\nIn all: 99")

    answer = ask(Reader(miscounts), question="How many visitors came to the mill?")
    assert answer.statements[-1].text == f"In all: {NUM_PAGES}"
    assert answer.statements[-1].support == "supported"


def test_a_model_that_is_gone_ends_the_run() -> None:
    def gone(system: str, user: str) -> str:
        raise ModelUnreachable("The server is gone.")

    llm = Reader(gone)
    with pytest.raises(ModelUnreachable):
        ask(llm)
    assert len(llm.prompts) == MAX_FAILURES


def test_a_cap_keeps_what_was_found() -> None:
    calls = iter(range(3))

    def capped(system: str, user: str) -> str:
        if next(calls, None) is None:
            raise Stopped("The cap of 3 calls is reached.")
        return forgetful(system, user)

    answer = ask(Reader(capped))
    assert (answer.status, answer.stopped) == ("stopped", "The cap of 3 calls is reached.")
    assert answer.statements and all(one.support == "supported" for one in answer.statements)
    assert any(warning.startswith("Not read in A book: pages") for warning in answer.warnings)


@pytest.mark.parametrize(("num_paths", "num_judged"), [(1, 0), (2, 1), (5, 1)])
def test_paths_read_in_other_orders_and_a_judge_chooses(num_paths: int, num_judged: int) -> None:
    def judged(system: str, user: str) -> str:
        if system.startswith("Several readers"):
            return {2: "Best: 2", 5: "**Best:** Answer 5"}[num_paths]
        last = re.findall(r"- (\w+) came", user)[-1:]
        return (
            forgetful(system, user) if is_worker(system) else f"Answer: The last one is {last} of all those."
        )

    llm = Reader(judged)
    events: list[Event] = []
    ask(llm, AskOptions(strategy="chain", paths=num_paths), events.append)
    assert sum("Answer 1:" in prompt for prompt in llm.prompts) == num_judged
    assert [event.data["path"] for event in events if event.kind == "path"] == [num_paths] * num_judged


def test_short_answers_vote() -> None:
    def votes(system: str, user: str) -> str:
        return forgetful(system, user) if is_worker(system) else f"Answer: {next(said)}"

    said = iter(("Toad.", "The toad", "Mole", "toad", "Rat"))
    llm = Reader(votes)
    answer = ask(llm, AskOptions(strategy="chain", paths=5), question="Who came to the mill last?")
    assert answer.text in ("Toad.", "The toad", "toad")  # paths end in any order
    assert not any("Answer 1:" in prompt for prompt in llm.prompts)


@pytest.mark.parametrize("num_paths", [1, 5])
def test_all_paths_are_read_at_the_same_time(num_paths: int) -> None:
    llm = Reader(forgetful, latency=0.05)
    ask(llm, AskOptions(strategy="chain", paths=num_paths))
    assert llm.most_at_once == num_paths


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
