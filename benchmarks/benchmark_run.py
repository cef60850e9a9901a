"""The run of a benchmark: every question not kept yet is asked, scored and kept."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from catena.benchmarks.benchmarks import Benchmark
from catena.benchmarks.datasets.benchmark_items import Item, Source
from catena.benchmarks.kept import Kept, RunFolder
from catena.benchmarks.reply_scores import Reply, general
from catena.benchmarks.scoring.entailment import Entailment
from catena.benchmarks.scoring.extraction import short_answer
from catena.benchmarks.scoring.judge import ModelJudge
from catena.benchmarks.units import Places, as_html
from catena.client import Catena
from catena.errors import CatenaError, DocumentError, ModelError, ModelRefused, OptionError
from catena.llm_factory import Models
from catena.options import AskOptions
from catena.render.answer_json import to_json
from catena.retrieval.vector_jobs import fill
from catena.types import Answer, Document

OnKept = Callable[[Kept], None]
OpenJudge = Callable[[Sequence[str]], Models]
"""Ids of the documents that a question is about to the models of its judge."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that could not be asked or judged; the next run of the same name tries again."""

    key: str
    error: CatenaError


def choose(items: Sequence[Item], limit: int | None, seed: int | None) -> list[Item]:
    """The first `limit` questions, drawn at random with a seed; in the order of the set. A larger limit adds to them.

    Raises OptionError for a set in which two questions have one key.
    """
    if len({item.key for item in items}) < len(items):
        raise OptionError(
            "Two questions of the set have the same key.", "Give one file, or files of different names."
        )
    numbers = list(range(len(items)))
    if seed is not None:
        random.Random(seed).shuffle(numbers)
    return [items[number] for number in sorted(numbers[:limit])]


def fingerprint(items: Sequence[Item]) -> str:
    """A hash of what is asked and expected."""
    told = [(one.key, one.question, one.answers, sorted(one.gold), one.source.name) for one in items]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


class Documents:
    """Adds a source to the library when a question first needs it; with `is_filled`, embeds all of it."""

    def __init__(self, catena: Catena, folder: Path, *, is_filled: bool) -> None:
        self._catena, self._folder, self._is_filled = catena, folder, is_filled
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._added: dict[str, Document] = {}
        self._is_stopped = threading.Event()

    async def of(self, source: Source) -> tuple[Document, Places]:
        """Raises DocumentError when it cannot be read, OptionError when its citations cannot be placed."""
        name = str(source.path or source.name)
        async with self._locks[name]:
            if name not in self._added:
                try:
                    self._added[name] = await asyncio.to_thread(self._add, source)
                except asyncio.CancelledError:
                    self._is_stopped.set()  # the thread ends after some passages, not after the document
                    raise
        document = self._added[name]
        return document, await asyncio.to_thread(Places, source, self._catena.library.pages(document.id))

    def _add(self, source: Source) -> Document:
        document = self._catena.add(source.path or self._write(source))
        if self._is_filled:
            library, embedder = self._catena.library, self._catena.embedder
            fill(library, embedder, document.id, should_stop=self._is_stopped.is_set)
        return document

    def _write(self, source: Source) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(source.name.encode()).hexdigest()[:16]}.html"
        path.write_text(as_html(source), "utf-8")
        return path


@dataclass(frozen=True, slots=True)
class Examiner:
    """Asks and scores one question; a model judges, where one can be opened.

    Without `entailment` the model also judges what supports what.
    """

    catena: Catena
    benchmark: Benchmark
    documents: Documents
    options: AskOptions
    entailment: Entailment | None
    open_judge: OpenJudge | None

    async def examine(self, item: Item) -> Kept:
        """Raises ModelError, and OptionError when the document's units cannot be told.

        A document that nobody can read is answered by a refusal.
        """
        document_ids: list[str] = []
        try:
            document, places = await self.documents.of(item.source)
            document_ids.append(document.id)
            answer = await self.catena.questions.ask(
                item.question, documents=[document], options=self.options
            )
            cited = [places.of(citation) for citation in answer.citations]
        except DocumentError as error:
            answer, cited = _unread(item, error), []
        models = self.open_judge(document_ids) if self.open_judge else None
        judge = ModelJudge(models.answering) if models else None
        short = await self._short(item, answer, judge) if self.benchmark.is_short else ""
        entailment = self.entailment or judge
        assert entailment is not None, "somebody judges"
        reply = Reply(item, answer, cited, entailment, judge, short)
        scores = await general(reply) | await self.benchmark.score(reply)
        return Kept(
            item.key,
            item.source.name,
            {kind: list(names) for kind, names in item.labels.items()},
            item.is_answerable,
            sorted(item.gold),
            [sorted(units) for units in cited],
            short,
            scores,
            to_json(answer),
            asdict(models.meter.usage) if models else None,
        )

    async def _short(self, item: Item, answer: Answer, judge: ModelJudge | None) -> str:
        if judge is None or answer.status == "not_in_document":
            return short_answer(item.question, answer)
        return await judge.short_answer(item.question, answer.text)


def _unread(item: Item, error: DocumentError) -> Answer:
    """A refusal that no run has made."""
    return Answer(
        question=item.question,
        text=error.message,
        status="not_in_document",
        run_id="",
        thread_id="",
        strategy="retrieve",
        strategy_reason="the document cannot be read",
        model="",
        seconds=0.0,
        warnings=(f"{error.reason}: {error.message}",),
    )


async def run(
    examiner: Examiner, items: Sequence[Item], folder: RunFolder, *, jobs: int, on_kept: OnKept
) -> list[Failure]:
    """Examine what is not kept yet, `jobs` at a time; return what failed.

    Any other error ends the run at once; what was kept is kept.
    """
    left = iter([item for item in items if item.key not in folder.kept])
    failures: list[Failure] = []
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(_work(examiner, left, folder, failures, on_kept))
    except* CatenaError as errors:
        raise errors.exceptions[0] from None
    return failures


async def _work(
    examiner: Examiner, left: Iterator[Item], folder: RunFolder, failures: list[Failure], on_kept: OnKept
) -> None:
    for item in left:
        try:
            kept = await examiner.examine(item)
        except ModelRefused:
            raise
        except (ModelError, OptionError) as error:
            failures.append(Failure(item.key, error))
            continue
        folder.keep(kept)
        on_kept(kept)
