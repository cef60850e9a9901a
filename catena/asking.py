"""The asking half of `Catena`: search, answers, runs in processes of their own, plans, and what is kept of them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from catena.agents.event_stream import EventBatcher, both, streamed
from catena.agents.extractive.follow_up import leans
from catena.agents.run_store import Checkpoints, UnfinishedRun
from catena.arguments import (
    list_of,
    refused,
    require_a,
    require_callback,
    require_flag,
    require_keys,
    require_text,
    require_whole,
)
from catena.errors import DocumentError, OptionError
from catena.events import Event, OnEvent
from catena.library.library import Library
from catena.llm.spoken_text import legible
from catena.options import AskOptions
from catena.portal import Portal
from catena.question_runs import Run, Runs
from catena.removed_documents import answer_from_rest
from catena.render.answer_json import from_json, to_json
from catena.retrieval.embedder import Embedder
from catena.retrieval.hybrid import HybridRetriever
from catena.run_work import answer_run
from catena.settings import Settings
from catena.trace import Trace, trace
from catena.types import Answer, Document, PageHit, Plan, Thread

if TYPE_CHECKING:
    from catena.answerer import Answerer
    from catena.llm_factory import LLMFactory

NOT_KEPT = "The answer is not kept: nothing can be written to the library now."
MAX_QUESTION_WORDS, MAX_QUESTION_CHARACTERS = 1000, 8_000
"""A longer one is a document: the time that a question takes grows with its words."""


class Asking:
    """Questions of `Catena`; the library and the parts it works with are the client's."""

    settings: Settings
    library: Library
    embedder: Embedder
    retriever: HybridRetriever
    runs: Runs
    _checkpoints: Checkpoints
    _portal: Portal

    def search(
        self, query: str, *, documents: Sequence[Document | str] | Document | str | None = None, k: int = 10
    ) -> list[PageHit]:
        """Find the `k` pages that fit the query best, best first, in some documents or all."""
        query = _checked("query", query)
        require_whole("k", k)
        return self.retriever.retrieve(query, self._document_ids(documents), k)

    def ask(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
        on_event: OnEvent | None = None,
    ) -> Answer:
        """Answer from some documents, or the whole library; every statement is cited and checked.

        With a model the answer is written by it, else quoted by the embedded reader. Works inside a running event
        loop too. Raises OptionError for an empty question or library, ModelError when the model fails.
        """
        return self._portal.run(
            self.ask_async(question, documents=documents, options=options, on_event=on_event)
        )

    async def ask_async(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
        on_event: OnEvent | None = None,
        is_kept: bool = True,
    ) -> Answer:
        """Do what `ask` does, awaitable; cancelling it stops the work.

        With `is_kept` false the question is none that a person asked: it leaves no answer in the history and no run
        to resume.
        """
        require_callback("on_event", on_event)
        require_flag("is_kept", is_kept)
        asked = self._asked(question, documents, options)
        if not is_kept or self.library.is_read_only:
            answer = await self._answerer().answer(asked, on_event, is_resumable=False)
            return replace(answer, warnings=(*answer.warnings, NOT_KEPT)) if is_kept else answer
        with self.runs.working_on(asked.run_id):
            return await self._run(asked, on_event)

    def start(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
        keys: Mapping[str, str] | None = None,
        api_base: str | None = None,
    ) -> Run:
        """Ask in a process of its own, which outlives this one; watch it with `runs.follow(run.run_id)`.

        `keys` are variables for its environment alone, as OPENAI_API_KEY; `api_base` the address of the model's
        server, if not that of the settings. Raises what `ask` raises before it works.
        """
        require_keys("keys", keys or {})
        if api_base is not None:
            require_text("api_base", api_base)
        asked = self._asked(question, documents, options)
        run = Run(asked.run_id, question, asked.document_ids, asked.options, time.time())
        return self.runs.start(run, keys=keys, api_base=api_base)

    def start_here(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
    ) -> Run:
        """Do what `start` does with no process of its own: it begins at once, and `close` interrupts it.

        For the embedded reader, which is loaded here. Raises what `ask` raises before it works.
        """
        asked = self._asked(question, documents, options)
        about = asked.document_ids
        run = Run(asked.run_id, question, about, asked.options, time.time(), has_process=False)
        self.runs.keep(run)
        self._work_here(run.run_id)
        return run

    def resume_here(self, run_id: str) -> None:
        """Go on with a run that was interrupted, in this process. Raises OptionError where another works on it."""
        require_text("run_id", run_id)
        self.runs.run(run_id)
        self.runs.reopen(run_id)
        self._work_here(run_id)

    def _work_here(self, run_id: str) -> None:
        """Hold a run before this returns, so that nobody else takes it, and work on it behind."""

        async def work(held: ExitStack) -> None:
            with held:
                await answer_run(self.runs, run_id, self.continue_async(run_id))

        with ExitStack() as stack:
            stack.enter_context(self.runs.working_on(run_id))
            self._portal.begin(work(stack.pop_all()))

    async def continue_async(self, run_id: str) -> Answer:
        """Work on a run that was started and that the caller holds; its events go to its file."""
        require_text("run_id", run_id)
        run = self.runs.run(run_id)
        kept = self.library.answer(run_id)
        if kept is not None:  # killed after the answer was kept, before that was told
            self.runs.tell(run_id, Event("answer", str(kept.data["text"]), kept.data))
            return from_json(kept.data)
        return await self._run(UnfinishedRun(run_id, run.question, run.document_ids, run.options), None)

    def _asked(
        self,
        question: str,
        documents: Sequence[Document | str] | Document | str | None,
        options: AskOptions | None,
    ) -> UnfinishedRun:
        """Complete the question: of which documents, and which model."""
        question = _checked("question", question)
        if not question.strip():
            raise OptionError("The question is empty.", "Ask something.")
        require_a(AskOptions, "options", options, is_optional=True)
        options = options or AskOptions()
        if options.model is None:  # a run that is resumed asks the model that it began with
            options = replace(options, model=self.settings.model or "")
        _check_use(options)
        chosen = self._of_thread(options.thread_id, question) if documents is None else documents
        return UnfinishedRun(uuid.uuid4().hex, question, tuple(self._document_ids(chosen)), options)

    def plan(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
    ) -> Plan:
        """Say what `ask` with the same arguments will take, without calling a model: calls, tokens, cost, seconds.

        The documents are read and searched. Raises what `ask` raises of its arguments.
        """
        return self._portal.run(self.plan_async(question, documents=documents, options=options))

    async def plan_async(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
    ) -> Plan:
        """Do what `plan` does, awaitable."""
        asked = self._asked(question, documents, options)
        return await self._answerer().plan(asked)

    def trace(self, run_id: str) -> Trace:
        """Show how a question was read, or is being read: of a started run, or of any answer that is kept.

        Raises OptionError when there is neither.
        """
        require_text("run_id", run_id)
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
        return self._portal.run(self.resume_async(run_id, on_event=on_event))

    async def resume_async(self, run_id: str, *, on_event: OnEvent | None = None) -> Answer:
        """Do what `resume` does, awaitable."""
        require_text("run_id", run_id)
        require_callback("on_event", on_event)
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
        runs = self._checkpoints.unfinished()
        answered = {run.run_id for run in runs if self.library.answer(run.run_id) is not None}
        for run_id in answered:  # killed after the answer was kept, before the checkpoints were dropped
            self._checkpoints.finish(run_id)
        return [run for run in runs if run.run_id not in answered]

    async def _run(self, asked: UnfinishedRun, on_event: OnEvent | None) -> Answer:
        """Run the agents, keep the answer, and only then drop the checkpoints."""
        is_told = self.runs.has(asked.run_id)
        if is_told:
            on_event = both(on_event, EventBatcher(partial(self.runs.tell, asked.run_id)))
        attempt = partial(self._answerer().answer, on_event=on_event)
        answer = await answer_from_rest(asked, self._titles, attempt, self._begin_anew)
        if left_out := self._left_out(asked.document_ids):
            answer = replace(answer, warnings=(*answer.warnings, *left_out))
        # In a thread: it waits for the disk, and for the locks of others that this loop works for.
        await asyncio.to_thread(self._keep, answer, is_told=is_told)
        return answer

    def _titles(self) -> dict[str, str]:
        return {document_id: title for document_id, title, _ in self.library.names()}

    def _begin_anew(self, asked: UnfinishedRun) -> None:
        """Forget how far a run was: a document that it read is gone."""
        self._checkpoints.finish(asked.run_id)
        if self.runs.has(asked.run_id):
            self.runs.begin_anew(asked.run_id, asked.document_ids)

    def _left_out(self, document_ids: Sequence[str]) -> list[str]:
        """Documents left out of a question of the whole library: damaged ones, and originals without one."""
        known = self.library.documents()
        if {document.id for document in known if document.is_readable} - {*document_ids}:
            return []  # of some documents, which somebody chose
        said = [f"{one.title!r} is damaged and was left out." for one in known if one.status == "damaged"]
        if lost := self.library.orphans():
            said.append(f"{len(lost)} kept files are lost to the list of documents: catena doctor --repair")
        return said

    def _keep(self, answer: Answer, *, is_told: bool) -> None:
        form = to_json(answer)
        self.library.save_answer(answer.run_id, answer.thread_id, form)
        if is_told:
            self.runs.tell(answer.run_id, Event("answer", answer.text, form))
        self._checkpoints.finish(answer.run_id)

    async def stream(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Ask, and yield what is done (`catena.events`): the last event, `answer`, holds the answer as JSON.

        Close the generator to cancel. Raises what `ask` raises.
        """

        def work(on_event: OnEvent) -> Coroutine[Any, Any, Answer]:
            return self.ask_async(question, documents=documents, options=options, on_event=on_event)

        async with aclosing(streamed(work)) as events:
            async for event in events:
                yield event

    def events(
        self,
        question: str,
        *,
        documents: Sequence[Document | str] | Document | str | None = None,
        options: AskOptions | None = None,
    ) -> Iterator[Event]:
        """Do what `stream` does, in plain code; leaving the loop cancels."""
        return self._portal.each(self.stream(question, documents=documents, options=options))

    def history(self, limit: int = 20, *, thread_id: str | None = None) -> list[Answer]:
        """List the last answers, newest first, of one conversation or of all."""
        require_whole("limit", limit)
        if thread_id is not None:
            require_text("thread_id", thread_id)
        return [from_json(kept.data) for kept in self.library.answers(limit, thread_id=thread_id)]

    def threads(self, limit: int | None = None) -> list[Thread]:
        """List the conversations that are kept, the one that was last asked first."""
        if limit is not None:
            require_whole("limit", limit)
        return self.library.threads(limit)

    def delete_thread(self, thread_id: str) -> int:
        """Delete what is kept of a conversation; return how many answers that were. Raises OptionError for none."""
        require_text("thread_id", thread_id)
        run_ids = self.library.delete_thread(thread_id)
        if not run_ids:
            raise OptionError(f"There is no conversation {thread_id!r}.", "List them: `catena threads`.")
        self.runs.delete(run_ids)
        self._checkpoints.delete(run_ids)
        return len(run_ids)

    def _answerer(self) -> Answerer:
        from catena.answerer import Answerer  # LangGraph takes over a second to import

        return Answerer(
            self.settings,
            self.library,
            self.retriever,
            self.embedder,
            self._checkpoints,
            factory=lambda: self._models,
        )

    @cached_property
    def _models(self) -> LLMFactory:
        from catena.llm_factory import LLMFactory  # the way to LiteLLM

        return LLMFactory(self.settings, self.library)

    def _of_thread(self, thread_id: str | None, question: str) -> list[str] | None:
        """The documents that a conversation is about, those that were removed left out; none: all of the library.

        A question that leans on the last answer stays with the documents which that one quotes.
        """
        kept = self.history(1, thread_id=thread_id) if thread_id else []
        if not kept:
            return None
        (answer,) = kept
        quoted = [
            answer.citations[number].document_id for one in answer.statements for number in one.citations
        ]
        about = [one.document_id for one in answer.coverage.documents]
        known = {document.id for document in self.library.documents()}
        chosen = dict.fromkeys(quoted if quoted and leans(question) else about)
        return [one for one in chosen if one in known] or None

    def _resolve(self, document: Document | str) -> Document:
        if isinstance(document, Document):
            return document
        require_text("document", document)
        return self.library.find(document)

    def _document_ids(self, documents: Sequence[Document | str] | Document | str | None) -> list[str]:
        if documents is None:
            found = self.library.documents()
        else:
            found = [self._resolve(one) for one in list_of("documents", documents, str, Document)]
            if not found:
                raise OptionError(
                    "documents names none.", "Name one, or leave documents out to ask all of them."
                )
        readable = [document for document in found if document.is_readable]
        if documents is not None and len(readable) < len(found):
            failed = next(document for document in found if not document.is_readable)
            raise DocumentError(failed.reason or "damaged", failed.message, failed.remedy)
        if not readable:
            raise OptionError("There is no document to ask.", "Add one: `catena add FILE`.")
        return [document.id for document in readable]


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
