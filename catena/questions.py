"""Questions to a library: the awaitable core behind `Catena.ask`, `stream`, `plan`, `resume`; and runs that go on."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, aclosing, suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from catena.agents.event_stream import EventBatcher, both, streamed
from catena.agents.extractive.follow_up import leans
from catena.agents.run_store import Checkpoints, UnfinishedRun
from catena.arguments import (
    refused,
    require_a,
    require_callback,
    require_flag,
    require_keys,
    require_text,
    require_whole,
)
from catena.chosen_documents import Documents, readable_ids
from catena.errors import LibraryFull, OptionError, RunNotFound
from catena.events import Event, OnEvent
from catena.files.disk_reserve import give_up_reserve, may_take_none
from catena.library.library import Library
from catena.llm.spoken_text import legible
from catena.options import AskOptions
from catena.portal import Portal
from catena.question_runs import Run, Runs
from catena.render.answer_json import from_json, to_json
from catena.render.wording import short_reference
from catena.retrieval.embedder import Embedder
from catena.retrieval.hybrid import HybridRetriever
from catena.run_work import answer_from_rest, answer_run
from catena.settings import Settings
from catena.trace import Trace, trace
from catena.types import Answer, Document, PageHit, Plan

if TYPE_CHECKING:
    from catena.answerer import Answerer
    from catena.llm_factory import LLMFactory

NOT_KEPT = "The answer is not kept: nothing can be written to the library now."
_RUN_ID = re.compile("[0-9a-f]{32}")
MAX_QUESTION_WORDS, MAX_QUESTION_CHARACTERS = 1000, 8_000
"""A longer one is a document: the time that a question takes grows with its words."""


class Questions:
    """Answers questions with the library and the parts it is given; they are the client's, which closes them.

    What waits for an answer is awaitable, and cancelling it stops the work; `Catena` offers the same in plain code.
    """

    def __init__(
        self,
        settings: Settings,
        library: Library,
        retriever: HybridRetriever,
        embedder: Embedder,
        runs: Runs,
        checkpoints: Checkpoints,
        portal: Portal,
    ) -> None:
        self._settings = settings
        self._library = library
        self._retriever = retriever
        self._embedder = embedder
        self._runs = runs
        self._checkpoints = checkpoints
        self._portal = portal

    def warm(self) -> None:
        """Load what the first question needs."""
        self._answerer()
        self._embedder.embed(["warm"])

    def search(self, query: str, *, documents: Documents = None, k: int = 10) -> list[PageHit]:
        """Find the `k` pages that fit the query best, best first, in some documents or all."""
        query = _checked("query", query)
        require_whole("k", k)
        return self._retriever.retrieve(query, readable_ids(self._library, documents), k)

    async def ask(
        self,
        question: str,
        *,
        documents: Documents = None,
        options: AskOptions | None = None,
        on_event: OnEvent | None = None,
        is_kept: bool = True,
        run_id: str | None = None,
    ) -> Answer:
        """Answer as `Catena.ask` does. Raises OptionError and ModelError.

        With `is_kept` false the question is none that a person asked: it leaves no answer in the history and no run
        to resume. `run_id`: 32 hexadecimal digits by which it can be resumed, if the caller is to know them before.
        """
        require_callback("on_event", on_event)
        require_flag("is_kept", is_kept)
        asked = await asyncio.to_thread(self._asked, question, documents, options, run_id)
        if not is_kept:
            return self._referenced(await self._answerer().answer(asked, on_event, is_resumable=False))
        if not self._library.is_read_only and not may_take_none(self._library.home):
            with suppress(LibraryFull), self._runs.working_on(asked.run_id):  # it fills up meanwhile
                return await self._run(asked, on_event)
            give_up_reserve(self._library.home)
            with suppress(LibraryFull):
                self._checkpoints.finish(asked.run_id)
        answer = await self._answerer().answer(asked, on_event, is_resumable=False)
        return _not_kept(self._referenced(answer))

    def start(
        self,
        question: str,
        *,
        documents: Documents = None,
        options: AskOptions | None = None,
        keys: Mapping[str, str] | None = None,
        api_base: str | None = None,
        is_here: bool = False,
    ) -> Run:
        """Ask in a process of its own, which outlives this one; watch it with `Catena.runs.follow(run.run_id)`.

        `keys` are variables for its environment alone, as OPENAI_API_KEY; `api_base` the address of the model's
        server, if not that of the settings. With `is_here` there is no such process: it begins at once, and closing
        the client interrupts it. Raises what `ask` raises before it works.
        """
        require_keys("keys", keys or {})
        require_flag("is_here", is_here)
        if api_base is not None:
            require_text("api_base", api_base)
        if is_here and (keys or api_base):
            raise OptionError("is_here: keys and api_base are for a process of its own.", "Leave them out.")
        asked = self._asked(question, documents, options)
        run = Run(
            asked.run_id, question, asked.document_ids, asked.options, time.time(), has_process=not is_here
        )
        if not is_here:
            return self._runs.start(run, keys=keys, api_base=api_base)
        self._work_behind(run.run_id, partial(self._runs.keep, run))
        return run

    def resume_here(self, run_id: str) -> None:
        """Go on with a run that was interrupted, or a question whose asker left, in this process.

        Raises RunNotFound, and RunBusy where another works on it.
        """
        require_text("run_id", run_id)
        if self._runs.has(run_id):
            self._runs.require_ended_early(run_id)
            self._work_behind(run_id, partial(self._runs.reopen, run_id))
            return
        left = self._left(run_id)
        run = Run(left.run_id, left.question, left.document_ids, left.options, time.time(), has_process=False)
        self._work_behind(run.run_id, partial(self._runs.keep, run))

    def _work_behind(self, run_id: str, begin: Callable[[], None]) -> None:
        """Hold a run before this returns, so that nobody else takes it, and work on it behind."""

        async def work(held: ExitStack) -> None:
            with held:
                await answer_run(self._runs, run_id, self.work_on(run_id))

        with ExitStack() as stack:
            stack.enter_context(self._runs.working_on(run_id))
            begin()
            self._portal.begin(work(stack.pop_all()))

    async def work_on(self, run_id: str) -> Answer:
        """Work on a run that was started and that the caller holds; its events go to its file."""
        require_text("run_id", run_id)
        run = self._runs.run(run_id)
        kept = self._library.history.answer(run_id)
        if kept is not None:  # killed after the answer was kept, before that was told
            self._runs.tell(run_id, Event("answer", str(kept.data["text"]), kept.data))
            return from_json(kept.data)
        return await self._run(UnfinishedRun(run_id, run.question, run.document_ids, run.options), None)

    def _asked(
        self,
        question: str,
        documents: Documents,
        options: AskOptions | None,
        run_id: str | None = None,
    ) -> UnfinishedRun:
        """Complete the question: of which documents, and which model."""
        if run_id is not None and not _RUN_ID.fullmatch(str(run_id)):
            raise refused("run_id", run_id, "32 hexadecimal digits", "Give run_id=uuid.uuid4().hex.")
        question = _checked("question", question)
        if not question.strip():
            raise OptionError("The question is empty.", "Ask something.")
        require_a(AskOptions, "options", options, is_optional=True)
        options = options or AskOptions()
        if options.model is None:  # a run that is resumed asks the model that it began with
            options = replace(options, model=self._settings.model or "")
        _check_use(options)
        chosen = self._of_thread(options.thread_id, question) if documents is None else documents
        about = tuple(readable_ids(self._library, chosen))
        return UnfinishedRun(run_id or uuid.uuid4().hex, question, about, options)

    async def plan(
        self,
        question: str,
        *,
        documents: Documents = None,
        options: AskOptions | None = None,
    ) -> Plan:
        """Plan as `Catena.plan` does: no model is called."""
        asked = await asyncio.to_thread(self._asked, question, documents, options)
        return await self._answerer().plan(asked)

    def trace(self, run_id: str) -> Trace:
        """Show how a question was read, or is being read: of a started run, or of any answer that is kept.

        Raises OptionError when there is neither.
        """
        require_text("run_id", run_id)
        kept = self._library.history.answer(run_id)
        answer = from_json(kept.data) if kept else None
        is_told = self._runs.has(run_id)
        if is_told or answer is None:
            run = self._runs.run(run_id)
            question, state, about = run.question, run.state, run.document_ids
        else:
            question, state = answer.question, "answered"
            about = tuple(one.document_id for one in answer.coverage.documents)
        events = self._runs.events(run_id) if is_told else []
        known = [one for one in map(self._library.get, about) if one is not None]
        return trace(question, state, known, events, answer, self._retriever.heat)

    async def resume(self, run_id: str, *, on_event: OnEvent | None = None) -> Answer:
        """Finish a run as `Catena.resume` does. Raises OptionError when there is no such run."""
        require_text("run_id", run_id)
        require_callback("on_event", on_event)
        kept = self._library.history.answer(run_id)
        if kept is not None:
            return from_json(kept.data)
        found = self._left(run_id)
        with self._runs.working_on(found.run_id):
            return await self._run(found, on_event)

    def _left(self, run_id: str) -> UnfinishedRun:
        """The one unfinished run whose id begins so. Raises RunNotFound."""
        found = [run for run in self.unfinished() if run.run_id.startswith(run_id)]
        if len(found) != 1:
            what = "Several unfinished runs begin" if found else "No unfinished run begins"
            raise RunNotFound(f"{what} with {run_id!r}.", "List them: `catena runs`.")
        return found[0]

    def unfinished(self) -> list[UnfinishedRun]:
        """List the runs that have no answer yet, oldest first: killed, failed, or still under way."""
        runs = self._checkpoints.unfinished()
        answered = {run.run_id for run in runs if self._library.history.answer(run.run_id) is not None}
        for run_id in answered:  # killed after the answer was kept, before the checkpoints were dropped
            self._checkpoints.finish(run_id)
        return [run for run in runs if run.run_id not in answered]

    async def _run(self, asked: UnfinishedRun, on_event: OnEvent | None) -> Answer:
        """Run the agents, keep the answer, and only then drop the checkpoints."""
        is_told = self._runs.has(asked.run_id)
        if is_told:
            on_event = both(on_event, EventBatcher(partial(self._runs.tell, asked.run_id)))
        attempt = partial(self._answerer().answer, on_event=on_event)
        answer = self._referenced(await answer_from_rest(asked, self._titles, attempt, self._begin_anew))
        if left_out := self._left_out(asked.document_ids):
            answer = replace(answer, warnings=(*answer.warnings, *left_out))
        # In a thread: it waits for the disk, and for the locks of others that this loop works for.
        return await asyncio.to_thread(self._keep, answer, is_told=is_told)

    def _referenced(self, answer: Answer) -> Answer:
        """The answer with what its documents are cited by."""
        described = self._library.collections.described() if answer.citations else {}
        names = {one: short_reference(said.reference) for one, said in described.items()}
        citations = [replace(one, reference=names.get(one.document_id, "")) for one in answer.citations]
        return replace(answer, citations=tuple(citations))

    def _titles(self) -> dict[str, str]:
        return {document_id: title for document_id, title, _ in self._library.names()}

    def _begin_anew(self, asked: UnfinishedRun) -> None:
        """Forget how far a run was: a document that it read is gone."""
        self._checkpoints.finish(asked.run_id)
        if self._runs.has(asked.run_id):
            self._runs.begin_anew(asked.run_id, asked.document_ids)

    def _left_out(self, document_ids: Sequence[str]) -> list[str]:
        """Documents left out of a question of the whole library: damaged ones, and originals without one."""
        known = self._library.documents()
        if {document.id for document in known if document.is_readable} - {*document_ids}:
            return []  # of some documents, which somebody chose
        said = [f"{one.title!r} is damaged and was left out." for one in known if one.status == "damaged"]
        if lost := self._library.orphans():
            said.append(f"{len(lost)} kept files are lost to the list of documents: catena doctor --repair")
        return said

    def _keep(self, answer: Answer, *, is_told: bool) -> Answer:
        """Keep it, and return it: with a word where the disk has filled up meanwhile."""
        form = to_json(answer)
        try:
            self._library.history.save_answer(answer.run_id, answer.thread_id, form)
            if is_told:
                self._runs.tell(answer.run_id, Event("answer", answer.text, form))
        except LibraryFull:
            if is_told:  # whoever follows it sees nothing else
                raise
            answer = _not_kept(answer)
        with suppress(LibraryFull):  # `unfinished` drops them once there is room
            self._checkpoints.finish(answer.run_id)
        return answer

    async def stream(
        self,
        question: str,
        *,
        documents: Documents = None,
        options: AskOptions | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Ask, and yield what is done (`catena.events`): the last event, `answer`, holds the answer as JSON.

        Close the generator to cancel. Raises what `ask` raises.
        """

        def work(on_event: OnEvent) -> Coroutine[Any, Any, Answer]:
            return self.ask(question, documents=documents, options=options, on_event=on_event)

        async with aclosing(streamed(work)) as events:
            async for event in events:
                yield event

    def _answerer(self) -> Answerer:
        from catena.answerer import Answerer  # LangGraph takes over a second to import

        return Answerer(
            self._settings,
            self._library,
            self._retriever,
            self._embedder,
            self._checkpoints,
            factory=lambda: self._models,
        )

    @cached_property
    def _models(self) -> LLMFactory:
        from catena.llm_factory import LLMFactory  # the way to LiteLLM

        return LLMFactory(self._settings, self._library.history)

    def _of_thread(self, thread_id: str | None, question: str) -> list[str] | None:
        """The documents that a conversation is about, those that were removed left out; none: all of the library.

        A question that leans on the last answer stays with the documents which that one quotes.
        """
        kept = self._library.history.answers(1, thread_id=thread_id) if thread_id else []
        if not kept:
            return None
        answer = from_json(kept[0].data)
        quoted = [
            answer.citations[number].document_id for one in answer.statements for number in one.citations
        ]
        about = [one.document_id for one in answer.coverage.documents]
        known = {document.id: document for document in self._library.documents(versions=True)}
        chosen = dict.fromkeys(quoted if quoted and leans(question) else about)
        newest = (_newest(one, known, kept[0].created_at) for one in chosen)
        return list(dict.fromkeys(one for one in newest if one)) or None


def _newest(document_id: str, known: Mapping[str, Document], asked_at: float) -> str:
    """What took the place of a document since it was asked about, else itself; empty where that is gone."""
    found = known.get(document_id)
    while found and found.successor is not None:
        later = known.get(found.successor)
        if later is None or later.added_at < asked_at:
            break
        found = later
    return found.id if found else ""


def _not_kept(answer: Answer) -> Answer:
    return replace(answer, warnings=(*answer.warnings, NOT_KEPT))


def _checked(name: str, question: object) -> str:
    """A question without what no text holds. Raises OptionError for one that nobody would read."""
    if not isinstance(question, str):
        raise refused(name, question, "a text", f"Give {name} as a str.")
    question = legible(question)
    num_words = len(question.split())
    if num_words > MAX_QUESTION_WORDS or len(question) > MAX_QUESTION_CHARACTERS:
        raise OptionError(
            f"The question is too long: {num_words:,} words in {len(question):,} characters.",
            f"Ask in at most {MAX_QUESTION_WORDS:,} words; put a text to be read into a document.",
        )
    return question


def _check_use(options: AskOptions) -> None:
    """Raise OptionError for options that would change nothing."""
    if not options.model and (named := options.of_models):
        raise OptionError(
            f"{', '.join(named)}: only a language model has a use for that, and none is set.",
            "Set CATENA_MODEL, give model=..., or leave that out.",
        )
    if options.strategy != "kv" and (named := options.of_kv):
        raise OptionError(
            f"{', '.join(named)}: only the strategy kv has a use for that, not {options.strategy}.",
            'Give strategy="kv", or leave that out.',
        )
