"""Answerer of questions: the agents over one library, with the embedded reader or a model. LangGraph takes a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catena.agents.context import Deps
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.generative.question_rewriting import MAX_TURNS, Turn
from catena.agents.graph import run
from catena.agents.run_plan import Prices, pace, plan
from catena.agents.run_store import Checkpoints, UnfinishedRun
from catena.events import OnEvent
from catena.library.library import Library
from catena.options import AskOptions
from catena.render.answer_json import from_json
from catena.retrieval.embedder import Embedder
from catena.retrieval.hybrid import HybridRetriever
from catena.settings import Settings
from catena.telemetry import Attributes, span
from catena.types import Answer, Plan

if TYPE_CHECKING:
    from catena.llm_factory import LLMFactory

PACED = 50
"""Earlier answers whose seconds say how fast a model is."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions with the client's parts."""

    settings: Settings
    library: Library
    retriever: HybridRetriever
    embedder: Embedder
    checkpoints: Checkpoints
    factory: Callable[[], LLMFactory]
    """Opened where a model is named."""

    async def answer(
        self, asked: UnfinishedRun, on_event: OnEvent | None, *, is_resumable: bool = True
    ) -> Answer:
        """Run the agents. Raises ModelError, and OptionError for what the reader cannot do."""
        deps = self._deps(asked, on_event)
        with span("catena.ask", {"catena.run_id": asked.run_id}) as note:
            answer = await run(
                deps if is_resumable else replace(deps, checkpoints=None),
                asked.question,
                asked.document_ids,
                asked.options,
                on_event,
                run_id=asked.run_id,
                turns=self._turns(asked.options),
            )
            note(_told(answer))
        notice = self.retriever.notice(asked.document_ids) if answer.strategy == "retrieve" else ""
        return replace(answer, warnings=(*answer.warnings, notice)) if notice else answer

    async def plan(self, asked: UnfinishedRun) -> Plan:
        """Plan the answer's calls, tokens and cost; no model is called."""
        options = asked.options
        found = await plan(
            self._deps(asked, None),
            asked.question,
            options,
            self._prices(options.model or ""),
            turns=self._turns(options),
            fallback=self.settings.fallback_model,
        )
        return replace(found, seconds=pace(self._kept(PACED), found))

    def _deps(self, asked: UnfinishedRun, on_event: OnEvent | None) -> Deps:
        """Context of the agents: a language model if one is named, else the embedded reader."""
        reader = ExtractiveReasoner(self.embedder)
        deps = Deps(
            self.library,
            self.retriever,
            self.embedder,
            reader,
            chain=reader,
            checkpoints=self.checkpoints,
            document_ids=tuple(asked.document_ids),
        )
        if not asked.options.model:
            return deps
        # the way to LiteLLM, and all that only a model reads with
        from catena.model_answerer import with_model

        return with_model(deps, self.factory(), self.settings, self.library, asked.options, on_event)

    def _prices(self, asked: str) -> Prices:
        return lambda model: self.factory().price(model, asked=asked)

    def _turns(self, options: AskOptions) -> list[Turn]:
        """The earlier questions of a conversation, oldest first."""
        if options.turns:
            return [Turn(question, answer) for question, answer in options.turns[-MAX_TURNS:]]
        kept = self._kept(MAX_TURNS, options.thread_id) if options.thread_id else []
        return [
            Turn(answer.read_as or answer.question, answer.text, answer.short) for answer in reversed(kept)
        ]

    def _kept(self, limit: int, thread_id: str | None = None) -> Sequence[Answer]:
        return [from_json(one.data) for one in self.library.history.answers(limit, thread_id=thread_id)]


def _told(answer: Answer) -> Attributes:
    """Return what a trace is told of an answer: how it came about, and nothing that it says."""
    return {
        "catena.strategy": answer.strategy,
        "catena.status": answer.status,
        "catena.confidence": answer.confidence,
        "catena.citations": len(answer.citations),
        "catena.verified": answer.verified,
        "catena.documents": len(answer.coverage.documents),
        "catena.pages_read": answer.coverage.pages_read,
        "catena.calls": answer.usage.calls,
        "catena.cost_usd": answer.usage.cost_usd,
        "gen_ai.request.model": answer.model or None,
        "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": answer.usage.completion_tokens,
    }
