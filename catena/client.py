"""The SDK: one class that ties ingest, library, retrieval and agents together."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from catena.adding import Added, Adder, AddOptions, OnPage, files_under
from catena.agents.checkpoints import UnfinishedRun, finish, forget, unfinished
from catena.agents.events import Event, OnEvent, ignore
from catena.answers import from_json, to_json
from catena.bridge import Bridge
from catena.errors import DocumentError, OptionError
from catena.health import Health
from catena.ingest import parser_version
from catena.ingest.isolation import network_isolation
from catena.ingest.ocr import describe as describe_ocr
from catena.ingest.ocr import forget_recognised
from catena.ingest.pool import ParserPool
from catena.library import Library
from catena.models.opening import ModelRoom
from catena.retrieval.embedder import Embedder, MiniLM
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.vectorfile import check_file
from catena.runs import Run, Runs
from catena.settings import Settings, load_settings
from catena.trace import Trace, trace
from catena.types import Answer, AskOptions, Citation, Document, Page, PageHit, PageRef, Plan
from catena.votes import Vote

if TYPE_CHECKING:
    from catena.agents.bookqa.generating import Order
    from catena.agents.bookqa.report import Report
    from catena.agents.conversation import Turn
    from catena.agents.deps import Deps
    from catena.bookqa import GenerateOptions, OnProgress
    from catena.jobs import Job


PACED = 50
"""Earlier answers whose seconds say how fast a model is."""


class Catena:
    """A library of documents that can be asked.

    >>> with Catena() as c:
    ...     document = c.add("10k.pdf")
    ...     answer = c.ask("How much was spent on buildings in 2018?", documents=[document])
    ...     answer.text, answer.citations[0].quote, answer.citations[0].parts[0].boxes

    Safe to use from several threads. Boxes are in PDF points, origin top left of the page as displayed.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        model: str | None = None,
        api_base: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Open or create the library at `home` (default: `$CATENA_HOME`, else the user's data folder).

        `model` is a LiteLLM name (default: `$CATENA_MODEL`, else the embedded reader), `api_base` the address of
        an OpenAI-compatible server. Raises OptionError for a setting that makes no sense, LibraryError when the
        folder cannot be used.
        """
        if settings is not None and (home, model, api_base) != (None, None, None):
            raise OptionError("Both settings and home, model or api_base were given.", "Give one of them.")
        self.settings = settings or load_settings(home=home, model=model, api_base=api_base)
        self.library = Library(self.settings.home)
        self.library.embedder = MiniLM.name
        self._checkpoints = self.settings.home / "checkpoints.db"
        self.library.on_remove.append(partial(forget, self._checkpoints))
        self.library.on_remove.append(partial(forget_recognised, self.settings.home))
        self.library.checks.append(partial(check_file, self.library))
        # Each of these starts or loads what it needs when first used.
        self.pool = ParserPool(self.settings)
        self.embedder: Embedder = MiniLM()
        self.retriever = HybridRetriever(self.library, self.embedder)
        self.runs = Runs(self.settings)
        self.library.on_remove.append(self.runs.forget)
        self.library.on_remove.append(self._forget_served)
        self._adder = Adder(self.library, self.pool)
        self._models = ModelRoom(self.settings, self.library)
        self._bridge = Bridge()

    def __enter__(self) -> Catena:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Load what the first question and the first picture need: seconds that a server pays before it is asked."""
        import catena.agents.graph  # noqa: F401

        self.pool.start()
        self.embedder.embed(["warm"])

    def close(self) -> None:
        """End the parser processes and close the library."""
        self.pool.close()
        self._bridge.close()
        self.library.close()

    # Documents

    def add(
        self,
        path: str | Path,
        *,
        options: AddOptions | None = None,
        on_page: OnPage | None = None,
    ) -> Document:
        """Add one file and return its document; the same bytes again change nothing.

        Raises DocumentError, with `reason` and `remedy`, when the file cannot be read.
        """
        added = self._adder.add(Path(path), options, on_page=on_page)
        if added.document.status == "failed":
            document = added.document
            raise DocumentError(document.reason or "damaged", document.message, document.remedy)
        self._fill_behind()
        return added.document

    def add_all(
        self,
        paths: Sequence[str | Path],
        *,
        options: AddOptions | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[Added]:
        """Add many files at once; a failed one is yielded like the others and stops nothing."""
        yield from self._adder.add_all([Path(path) for path in paths], options, on_page=on_page)
        self._fill_behind()

    def add_later(self, path: str | Path, *, title: str | None = None, is_upload: bool = False) -> list[Job]:
        """Have the worker process add a file, or each file of a folder; returns a job each, see `adding`.

        `is_upload`: the file is a copy in a folder of its own (`catena.uploads`), which goes once it is added.
        """
        from catena.jobs import Jobs
        from catena.launch import ensure_worker

        files = files_under(Path(path).absolute())
        if not files or not all(file.is_file() for file in files):
            raise DocumentError("not_a_document", f"There is no file at {path}.", "Check the path.")
        jobs = Jobs(self.library.database)
        given = [{"path": str(file), "title": title, "is_upload": is_upload} for file in files]
        queued = [jobs.enqueue("add", {"files": [file]}) for file in given]
        ensure_worker(self.settings.home)
        return queued

    def adding(self, limit: int = 50) -> list[Job]:
        """List the last jobs that add files, newest first; `progress` has done, total and file."""
        from catena.jobs import Jobs

        return Jobs(self.library.database).list(kind="add", limit=limit)

    def documents(self) -> list[Document]:
        """List every document, failed ones too, newest last."""
        return self.library.documents()

    def document(self, name: str) -> Document:
        """Find a document by id, unique prefix of it, title or path.

        Raises DocumentNotFound or AmbiguousDocument.
        """
        return self.library.find(name)

    def remove(self, document: Document | str) -> Document:
        """Remove the original, its text, vectors, cached calls and checkpoints. Returns what was removed."""
        found = self._resolve(document)
        self.library.remove(found.id)
        return found

    def reindex(self, document: Document | str, *, password: str | None = None) -> Document:
        """Parse the kept original again, after a better parser or another embedder."""
        return self._adder.add_again(self._resolve(document), password)

    # Pages

    def page(self, document: Document | str, number: int) -> Page:
        """Return one page's text, words and boxes. Raises DocumentNotFound when there is no such page."""
        return self.library.page(PageRef(self._resolve(document).id, number))

    def page_image(
        self,
        document: Document | str,
        number: int,
        *,
        boxes: Sequence[tuple[float, float, float, float]] = (),
        dpi: int = 144,
        password: str | None = None,
    ) -> bytes:
        """Render one page as PNG, with `boxes` (points) drawn on it. Raises DocumentError."""
        found = self._resolve(document)
        return self.pool.render(
            self.library.original(found.id),
            number,
            name=Path(found.path).name,
            kind=found.kind or "pdf",
            password=password,
            boxes=tuple(boxes),
            dpi=dpi,
        )

    def citation_images(
        self, citation: Citation, *, dpi: int = 144, password: str | None = None
    ) -> list[bytes]:
        """Render the page of each part of a citation as PNG, its quote boxed."""
        return [
            self.page_image(
                part.ref.document_id, part.ref.number, boxes=part.boxes, dpi=dpi, password=password
            )
            for part in citation.parts
        ]

    # Questions

    def search(
        self, query: str, *, documents: Sequence[Document | str] | None = None, k: int = 10
    ) -> list[PageHit]:
        """Find the `k` pages that fit the query best, best first, in some documents or all."""
        return self.retriever.retrieve(query, self._document_ids(documents), k)

    def ask(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
        on_event: OnEvent | None = None,
    ) -> Answer:
        """Answer from some documents, or the whole library; every statement is cited and checked.

        With a model the answer is written by it, else quoted by the embedded reader. Works inside a running event
        loop too. Raises OptionError for an empty question or library, ModelError when the model fails.
        """
        return self._bridge.run(
            self.ask_async(question, documents=documents, options=options, on_event=on_event)
        )

    async def ask_async(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
        on_event: OnEvent | None = None,
        is_kept: bool = True,
    ) -> Answer:
        """Do what `ask` does, awaitable; cancelling it stops the work.

        With `is_kept` false the question is none that a person asked: it leaves no answer in the history and no run
        to resume.
        """
        asked = self._asked(question, documents, options)
        if not is_kept:
            from catena.agents.graph import run  # langgraph takes over a second to import

            deps = replace(self._deps(asked.options, asked.document_ids, on_event), checkpoints=None)
            return await run(deps, question, asked.document_ids, asked.options, on_event)
        with self.runs.working_on(asked.run_id):
            return await self._run(asked, on_event)

    def start(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
        keys: Mapping[str, str] | None = None,
        api_base: str | None = None,
    ) -> Run:
        """Ask in a process of its own, which outlives this one; watch it with `runs.follow(run.run_id)`.

        `keys` are variables for its environment alone, as OPENAI_API_KEY; `api_base` the address of the model's
        server, if not that of the settings. Raises what `ask` raises before it works.
        """
        asked = self._asked(question, documents, options)
        run = Run(asked.run_id, question, asked.document_ids, asked.options, time.time())
        return self.runs.start(run, keys=keys, api_base=api_base)

    async def continue_async(self, run_id: str) -> Answer:
        """Work on a run that was started and that the caller holds; its events go to its file."""
        run = self.runs.run(run_id)
        kept = self.library.answer(run_id)
        if kept is not None:  # killed after the answer was kept, before that was told
            self.runs.tell(run_id, Event("answer", str(kept.data["text"]), kept.data))
            return from_json(kept.data)
        return await self._run(UnfinishedRun(run_id, run.question, run.document_ids, run.options), None)

    def _asked(
        self, question: str, documents: Sequence[Document | str] | None, options: AskOptions | None
    ) -> UnfinishedRun:
        """What is asked, complete: of which documents, and which model."""
        if not question.strip():
            raise OptionError("The question is empty.", "Ask something.")
        options = options or AskOptions()
        if options.model is None:  # a run that is resumed asks the model that it began with
            options = replace(options, model=self.settings.model or "")
        chosen = self._of_thread(options.thread_id) if documents is None else documents
        return UnfinishedRun(uuid.uuid4().hex, question, tuple(self._document_ids(chosen)), options)

    def plan(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
    ) -> Plan:
        """Say what `ask` with the same arguments will take, without calling a model: calls, tokens, cost, seconds.

        The documents are read and searched. Raises what `ask` raises of its arguments.
        """
        return self._bridge.run(self.plan_async(question, documents=documents, options=options))

    async def plan_async(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
    ) -> Plan:
        """Do what `plan` does, awaitable."""
        from catena.agents.planning import pace, plan

        asked = self._asked(question, documents, options)
        turns = self._turns(asked.options.thread_id)
        deps = self._deps(asked.options, asked.document_ids, None)
        prices = partial(self._models.price, asked=asked.options.model or "")
        fallback = self.settings.fallback_model
        found = await plan(deps, question, asked.options, prices, turns=turns, fallback=fallback)
        return replace(found, seconds=pace(self.history(PACED), found))

    def trace(self, run_id: str) -> Trace:
        """Show how a question was read, or is being read: of a started run, or of any answer that is kept.

        Raises OptionError when there is neither.
        """
        kept = self.library.answer(run_id)
        answer = from_json(kept.data) if kept else None
        is_told = self.runs.has(run_id)
        if is_told or answer is None:
            run = self.runs.run(run_id)
            question, state, about = run.question, run.state, run.document_ids
        else:
            question, state = answer.question, "answered"
            about = tuple(one.document_id for one in answer.coverage.documents)
        events = self.runs.events(run_id) if is_told else []
        known = [one for one in map(self.library.get, about) if one is not None]
        return trace(question, state, known, events, answer, self.retriever.heat)

    def resume(self, run_id: str, *, on_event: OnEvent | None = None) -> Answer:
        """Finish a run that was killed or failed; what was read is not read again. `run_id` may be a unique prefix.

        A finished run's answer is returned as it was kept. Raises OptionError when there is no such run.
        """
        return self._bridge.run(self.resume_async(run_id, on_event=on_event))

    async def resume_async(self, run_id: str, *, on_event: OnEvent | None = None) -> Answer:
        """Do what `resume` does, awaitable."""
        kept = self.library.answer(run_id)
        if kept is not None:
            return from_json(kept.data)
        found = [run for run in self.unfinished() if run.run_id.startswith(run_id)]
        if len(found) != 1:
            what = "Several unfinished runs begin" if found else "No unfinished run begins"
            raise OptionError(f"{what} with {run_id!r}.", "List them: `catena runs`.")
        with self.runs.working_on(found[0].run_id):
            return await self._run(found[0], on_event)

    def unfinished(self) -> list[UnfinishedRun]:
        """List the runs that have no answer yet, oldest first: killed, failed, or still under way."""
        runs = unfinished(self._checkpoints)
        answered = {run.run_id for run in runs if self.library.answer(run.run_id) is not None}
        for run_id in answered:  # killed after the answer was kept, before the checkpoints were dropped
            finish(self._checkpoints, run_id)
        return [run for run in runs if run.run_id not in answered]

    async def _run(self, asked: UnfinishedRun, on_event: OnEvent | None) -> Answer:
        """Run the agents, keep the answer, and only then drop the checkpoints."""
        from catena.agents.graph import run  # langgraph takes over a second to import
        from catena.agents.streaming import Together, both

        is_told = self.runs.has(asked.run_id)
        if is_told:
            on_event = both(on_event, Together(partial(self.runs.tell, asked.run_id)))
        deps = self._deps(asked.options, asked.document_ids, on_event)
        answer = await run(
            deps,
            asked.question,
            asked.document_ids,
            asked.options,
            on_event,
            run_id=asked.run_id,
            turns=self._turns(asked.options.thread_id),
        )
        self.library.save_answer(answer.run_id, answer.thread_id, to_json(answer))
        if is_told:
            self.runs.tell(asked.run_id, Event("answer", answer.text, to_json(answer)))
        # In a thread: this loop may have to commit for other runs that hold the lock.
        await asyncio.to_thread(finish, self._checkpoints, asked.run_id)
        return answer

    async def stream(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Ask, and yield what is done (`catena.agents.events`): the last event, `answer`, holds the answer as JSON.

        Close the generator to cancel. Raises what `ask` raises.
        """
        from catena.agents.streaming import streamed

        def work(on_event: OnEvent) -> Coroutine[Any, Any, Answer]:
            return self.ask_async(question, documents=documents, options=options, on_event=on_event)

        async with aclosing(streamed(work)) as events:
            async for event in events:
                yield event

    def events(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | None = None,
        options: AskOptions | None = None,
    ) -> Iterator[Event]:
        """Do what `stream` does, in plain code; leaving the loop cancels."""
        return self._bridge.each(self.stream(question, documents=documents, options=options))

    def history(self, limit: int = 20, *, thread_id: str | None = None) -> list[Answer]:
        """List the last answers, newest first, of one conversation or of all."""
        return [from_json(kept.data) for kept in self.library.answers(limit, thread_id=thread_id)]

    def vote(self, vote: Vote) -> None:
        """Keep which of two answers somebody found better."""
        self.library.save_vote(vote)

    def votes(self) -> list[Vote]:
        """List every vote, oldest first; those about a document go with it."""
        return self.library.votes()

    # Sets of questions

    def generate(
        self,
        books: Sequence[str | Path],
        order: Order,
        out: str | Path,
        *,
        options: GenerateOptions | None = None,
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Make questions and answers about whole books, a line of `out` each; killed, the same call goes on.

        `books` are files, folders, or documents of the library. Raises what `catena.bookqa.generate` raises.
        """
        from catena.bookqa import generate  # the agents of sets: only where one is made

        return generate(self, books, order, Path(out), options, on_progress)

    # Upkeep

    def health(self, *, repair: bool = False) -> Health:
        """Check the library and name what protects this machine; with `repair`, mend what can be mended."""
        problems = self.library.check()
        left = self.library.repair() if repair and problems else problems
        mended = [problem for problem in problems if problem not in left]
        return Health(self._facts(), tuple(left), tuple(mended))

    def _facts(self) -> tuple[tuple[str, str], ...]:
        documents = self.documents()
        filled, total = self.library.vector_counts([document.id for document in documents])
        return (
            ("library", str(self.settings.home)),
            ("documents", f"{len(documents)}, {sum(d.status == 'failed' for d in documents)} failed"),
            ("vectors", f"{filled} of {total} passages"),
            ("embedder", self.embedder.name),
            ("parser", parser_version()),
            ("parser's network", network_isolation()),
            ("text recognition", describe_ocr(self.settings)),
            ("model", self.settings.model or "none: embedded reader"),
        )

    # Parts

    def _deps(self, options: AskOptions, document_ids: Sequence[str], on_event: OnEvent | None) -> Deps:
        """What the agents work with: a language model if one is named, else the embedded reader."""
        from catena.agents.attending import served_model
        from catena.agents.chain import LLMChain
        from catena.agents.deps import Deps
        from catena.agents.extractive import ExtractiveReasoner
        from catena.agents.streaming import AnswerText
        from catena.agents.written import LLMReasoner

        parts = (self.library, self.retriever, self.embedder)
        model = self.settings.model if options.model is None else options.model
        if not model:
            reader = ExtractiveReasoner(self.embedder)
            return Deps(
                *parts,
                reader,
                chain=reader,
                checkpoints=self._checkpoints,
                document_ids=tuple(document_ids),
            )
        models = self._models.open(model, document_ids, options.limits, small=options.small_model)
        on_text = AnswerText(on_event) if on_event else None
        reasoner = LLMReasoner(
            models.answering,
            self.embedder,
            small=models.small,
            store=self.library,
            on_text=on_text,
        )
        chain = LLMChain(
            models.answering,
            self.embedder,
            worker=models.small,
            on_text=on_text if options.paths == 1 else None,
        )
        served = None
        if options.strategy == "kv":
            home, base = self.settings.home, self.settings.api_base
            tell = on_event or ignore
            served = served_model(model, base, home, self.library, options, models.meter, tell)
        return Deps(
            *parts,
            reasoner,
            chain=chain,
            checkpoints=self._checkpoints,
            meter=models.meter,
            served=served,
            document_ids=tuple(document_ids),
        )

    def _forget_served(self, document_id: str) -> int:
        from catena.agents.attending import IDS, forget_served

        return forget_served(self.settings.home, document_id) if (self.settings.home / IDS).exists() else 0

    def _turns(self, thread_id: str | None) -> list[Turn]:
        """The earlier questions of a conversation, oldest first."""
        from catena.agents.conversation import MAX_TURNS, Turn

        kept = self.history(MAX_TURNS, thread_id=thread_id) if thread_id else []
        return [Turn(answer.read_as or answer.question, answer.text) for answer in reversed(kept)]

    def _of_thread(self, thread_id: str | None) -> list[str] | None:
        """The documents that a conversation is about, those that were removed left out; none: all of the library."""
        kept = self.history(1, thread_id=thread_id) if thread_id else []
        known = {document.id for document in self.documents()} if kept else set()
        return [
            one.document_id
            for answer in kept
            for one in answer.coverage.documents
            if one.document_id in known
        ] or None

    def _fill_behind(self) -> None:
        if self.settings.background:
            from catena.jobs import enqueue_fill  # only when there is something to fill

            enqueue_fill(self.library, self.settings)

    def _resolve(self, document: Document | str) -> Document:
        return document if isinstance(document, Document) else self.library.find(document)

    def _document_ids(self, documents: Sequence[Document | str] | None) -> list[str]:
        found = self.documents() if documents is None else [self._resolve(name) for name in documents]
        readable = [document for document in found if document.status != "failed"]
        if documents is not None and len(readable) < len(found):
            failed = next(document for document in found if document.status == "failed")
            raise DocumentError(failed.reason or "damaged", failed.message, failed.remedy)
        if not readable:
            raise OptionError("There is no document to ask.", "Add one: `catena add FILE`.")
        return [document.id for document in readable]
