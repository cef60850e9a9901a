"""`catena eval planted`: books with planted facts, read by a stub that finds and forgets them.

What is compared: retrieval of 5 and 20 pages, and of as many as fill the window; a summary, then the answer; the
chain, with a reader that forgets each carried fact with chance p, with and without its ledger. A fact counts as found
when a statement names it and cites the sentence that was planted.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from catena import Answer, AskOptions, Catena
from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.generative.chain import LLMChain
from catena.agents.generative.context_budget import Sizes
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.graph import run
from catena.agents.reasoner import Question
from catena.agents.segments import Stretch
from catena.benchmarks.planted_books import Planted, make
from catena.llm.protocol import LLM, Completion, Message, OnText, num_tokens, prompt_tokens
from catena.llm.usage import Meter
from catena.llm_factory import LLMFactory, Models
from catena.options import Limits
from catena.settings import Settings, load_settings
from catena.testing import StubModel
from catena.types import Note, Strategy, Support

RULES = "catena.benchmarks.bookreader:reply"
WINDOW = 8192
ALL_PAGES = 400
SUMMARY = "Summarise the text."
MARKS: tuple[Support, ...] = ("supported", "partial", "unsupported", "contradicted")


@dataclass(frozen=True, slots=True)
class System:
    """A way to answer: how much a retrieval brings, or how the chain reads."""

    name: str
    strategy: Strategy
    num_pages: int = 10
    forget: float = 0.0
    keeps_ledger: bool = True
    summarises: bool = False


SYSTEMS = (
    System("retrieve, 5 pages", "retrieve", 5),
    System("retrieve, 20 pages", "retrieve", 20),
    System("retrieve, window full", "retrieve", ALL_PAGES),
    System("summarise, then answer", "chain", summarises=True, keeps_ledger=False),
    *(
        System(
            f"chain, p = {p:g}, {'with' if ledger else 'no'} ledger", "chain", forget=p, keeps_ledger=ledger
        )
        for p in (0.0, 0.1, 0.3)
        for ledger in (False, True)
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of one task of one system: shares of facts, marks of statements, faults of prompts."""

    system: str
    task: str
    found: float
    in_order: float
    num_calls: int
    seconds: float
    marks: Counter[Support]
    num_verified: int
    wrong: tuple[str, ...]


class Watched:
    """A model whose every prompt is measured: what it shows, and whether it keeps within window and note budget."""

    def __init__(self, llm: LLM, max_note: int) -> None:
        self._llm = llm
        self._max_note = max_note
        self.name = llm.name
        self.read: list[int] = []
        self.wrong: list[str] = []

    async def window(self) -> int:
        return await self._llm.window()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        size = prompt_tokens(messages) + max_tokens
        if size > WINDOW:
            self.wrong.append(f"a prompt of {size} tokens, reply included")
        if role == "worker":
            passages, _, rest = messages[-1]["content"].rpartition("\n\nNote so far:\n")
            note = rest.rpartition("\n\nQuestion:")[0]
            self.read += [int(number) for number in re.findall(r"^\[(\d+)\]$", passages, re.M)]
            if num_tokens(note) > self._max_note:
                self.wrong.append(f"a note of {num_tokens(note)} tokens")
        return await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)


class Summarising(LLMChain):
    """Workers who do not know the question: "summarise, then answer"."""

    async def sizes(self, question: Question) -> Sizes:
        return await super().sizes(replace(question, text=SUMMARY))

    async def work(self, question: Question, stretch: Stretch, note: Note, view: DocumentView) -> Note:
        return await super().work(replace(question, text=SUMMARY), stretch, note, view)


class Bench:
    """A library with one book, and a stub for each way to forget. With and without ledger the workers' calls are
    the same, so the second time they come from the library's cache."""

    def __init__(self, folder: Path, num_words: int, stack: ExitStack) -> None:
        self.book = make(num_words)
        self._stack = stack
        self._stubs: dict[float, StubModel] = {}
        home = folder / str(num_words)
        self.catena = stack.enter_context(Catena(settings=Settings(home=home, background=False)))
        path = folder / f"{num_words}.md"
        path.write_text(self.book.text, encoding="utf-8")
        self.document = self.catena.add(path)
        self.num_passages = self.catena.library.passage_range(self.document.id)[1]

    async def result(self, system: System, task: Planted) -> Result:
        """Ask once, and compare with what was planted."""
        began = time.perf_counter()
        models = self._models(system.forget)
        max_note = quarter(task.relevant)
        llm = Watched(models.answering, max_note)
        answer = await self._ask(system, task, llm, max_note, models.meter)
        if system.strategy == "chain" and llm.read != list(range(1, self.num_passages + 1)):
            llm.wrong.append("a passage was not read once and in order")
        places = [cited_at(answer, fact, key) for fact, key in zip(task.facts, task.keys, strict=True)]
        found = [place for place in places if place is not None]
        verified = [
            any(answer.citations[n].status == "verified" for n in one.citations) for one in answer.statements
        ]
        return Result(
            system.name,
            task.task,
            len(found) / len(places),
            longest_rise(found) / len(places),
            models.meter.usage.calls + models.meter.usage.cached,
            time.perf_counter() - began,
            Counter(one.support for one in answer.statements),
            sum(verified),
            tuple(llm.wrong),
        )

    async def _ask(self, system: System, task: Planted, llm: LLM, max_note: int, meter: Meter) -> Answer:
        parts = self.catena.library, self.catena.retriever, self.catena.embedder
        kind = Summarising if system.summarises else LLMChain
        chain = kind(llm, self.catena.embedder, max_note=max_note, keeps_ledger=system.keeps_ledger)
        reasoner = LLMReasoner(llm, self.catena.embedder)
        deps = Deps(*parts, reasoner, chain=chain, num_pages=system.num_pages, meter=meter)
        options = AskOptions(strategy=system.strategy, max_sentences=5)
        return await run(deps, task.question, [self.document.id], options)

    def _models(self, forget: float) -> Models:
        if forget not in self._stubs:
            stub = StubModel(rules=RULES, options={"forget": forget})
            self._stubs[forget] = self._stack.enter_context(stub)
        home = self.catena.settings.home
        settings = load_settings(home=home, api_base=self._stubs[forget].url, context_window=WINDOW)
        return LLMFactory(settings, self.catena.library.history).open(
            "openai/stub", [self.document.id], Limits()
        )


def quarter(facts: Sequence[str]) -> int:
    """Tokens of a note that holds a quarter of the facts."""
    return sum(num_tokens(f"- {fact} [1000]") for fact in facts) // 4


def cited_at(answer: Answer, fact: str, key: str) -> int | None:
    """The first statement that cites the planted sentence, if the answer says what must be said of it."""
    for place, statement in enumerate(answer.statements):
        quotes = [answer.citations[n].quote for n in statement.citations]
        if key in answer.text and any(fact in " ".join(quote.split()) for quote in quotes):
            return place
    return None


def longest_rise(places: Sequence[int]) -> int:
    """Count the facts in the right order: the longest rising part."""
    best: list[int] = []
    for place in places:
        best.append(1 + max((best[n] for n in range(len(best)) if places[n] < place), default=0))
    return max(best, default=0)


async def measure(
    folder: Path, num_words: int, tasks: Iterable[str], systems: Sequence[System]
) -> list[Result]:
    """Every system on every task of one book."""
    with ExitStack() as stack:
        bench = Bench(folder, num_words, stack)
        wanted = [task for task in bench.book.tasks if task.task in tasks]
        return [await bench.result(system, task) for task in wanted for system in systems]


def table(results: Sequence[Result]) -> str:
    """Mean share of facts found (for orders: in the right place) by system and task, as Markdown."""
    tasks = list(dict.fromkeys(result.task for result in results))
    rows = [f"| | {' | '.join(tasks)} | calls |", f"| --- |{' --- |' * (len(tasks) + 1)}"]
    for system in dict.fromkeys(result.system for result in results):
        own = [result for result in results if result.system == system]
        cells = []
        for task in tasks:
            shares = [one.in_order if task == "order" else one.found for one in own if one.task == task]
            cells.append(f"{sum(shares) / len(shares):.2f}")
        calls = sum(one.num_calls for one in own) / len(own)
        rows.append(f"| {system} | {' | '.join(cells)} | {calls:.0f} |")
    return "\n".join(rows)


def marks(results: Sequence[Result]) -> str:
    """Shares of statements with a verified citation, and of each mark."""
    counted: Counter[Support] = Counter()
    for result in results:
        counted += result.marks
    total = max(1, counted.total())
    verified = sum(result.num_verified for result in results)
    shares = ", ".join(f"{mark} {counted[mark] / total:.2f}" for mark in MARKS)
    return f"{counted.total()} statements: with a verified citation {verified / total:.2f}, {shares}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, nargs="+", default=[50_000, 200_000, 500_000])
    parser.add_argument("--tasks", nargs="+", default=["list", "count", "order", "hops"])
    parser.add_argument("--systems", default="", help="only those whose name holds this")
    options = parser.parse_args(arguments)
    systems = [system for system in SYSTEMS if options.systems in system.name]
    wrong: set[str] = set()
    for num_words in options.words:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            results = asyncio.run(measure(Path(folder), num_words, options.tasks, systems))
        print(f"\n{num_words:,} words, {time.perf_counter() - began:.0f} s\n\n{table(results)}\n")
        for system in systems:
            print(f"{system.name}: {marks([one for one in results if one.system == system.name])}")
        wrong |= {f"{one.system}, {one.task}: {what}" for one in results for what in one.wrong}
    print(
        "\n".join(sorted(wrong))
        or "Every passage read once and in order; prompts and notes within their budgets."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
