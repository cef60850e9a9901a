"""Systems that answer sets: Catena with a strategy and a model, a model without the book, and simple peers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, get_args

import numpy as np

from catena.agents.answer_assembly import NOT_SAID
from catena.agents.candidates import candidates
from catena.agents.citations.citation import cite
from catena.agents.document_view import DocumentView
from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.prompt_templates import render
from catena.bookqa.items import Item
from catena.bookqa.responses import Reader, Response
from catena.client import Catena
from catena.errors import CatenaError, OptionError, Stopped
from catena.llm.protocol import Message, chat, prompt_tokens
from catena.llm_factory import LLMFactory
from catena.options import AskOptions, Limits
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence, Segment, Strategy, Usage

STRATEGIES: tuple[Strategy, ...] = tuple(name for name in get_args(Strategy) if name != "auto")
EMBEDDED: dict[str, Strategy] = {"embedded": "auto", "embedded-chain": "chain"}
"""The reader that needs no model: as `catena ask` uses it, and over the whole book."""
PLAIN = ("bm25", "longest")
"""Simple peers of one idea each: BM25's best sentence; the longest sentences that fit an answer's limits."""
MEMORY = "none"
"""A model without the book."""
SYSTEMS = (MEMORY, *STRATEGIES, *EMBEDDED, *PLAIN)
MAX_REPLY, USUAL_REPLY = 400, 60
"""Tokens of an answer from memory."""
OPEN_BOOKS = 8
LIMITS = AskOptions()
_NOT_KNOWN = re.compile(r"\bnot known\b", re.I)


class System(Reader, Protocol):
    """A reader that says what it will take."""

    async def foresee(self, item: Item) -> Usage:
        """Estimate a question's usual bill; no model is called. Raises DocumentNotFound."""


class CostCap:
    """Shares what may still be spent among the questions under way, so that all together keep the cap."""

    def __init__(self, max_usd: float | None, num_places: int, spent: float = 0.0) -> None:
        """`spent` is what earlier runs took of it."""
        self._left = None if max_usd is None else max(0.0, max_usd - spent)
        self._num_places, self._open = num_places, 0

    def take(self) -> float | None:
        """Reserve what the next question may cost; None: there is no cap."""
        if self._left is None:
            return None
        share = self._left / (self._num_places - self._open)
        self._left -= share
        self._open += 1
        return share

    def give_back(self, taken: float | None, spent: float | None) -> None:
        if self._left is not None and taken is not None:
            self._left += taken - (spent or 0.0)
            self._open -= 1


@dataclass(frozen=True, slots=True)
class AskReader:
    """Catena itself with one strategy and one model ("" is the embedded reader). Nothing goes to the history."""

    catena: Catena
    name: str
    strategy: Strategy
    model: str
    cost_cap: CostCap

    async def read(self, item: Item) -> Response:
        taken, usage = self.cost_cap.take(), Usage()
        try:
            options = AskOptions(self.strategy, model=self.model, limits=Limits(max_cost_usd=taken))
            answer = await self.catena.questions.ask(
                item.question, documents=[item.book], options=options, is_kept=False
            )
            usage = answer.usage
        except CatenaError as error:
            usage = error.usage
            raise
        finally:
            self.cost_cap.give_back(taken, usage.cost_usd)
        if answer.stopped:
            raise Stopped(answer.stopped, "What was answered is kept; a higher cap goes on.")
        return Response(
            item.id,
            self.name,
            answer.text,
            answer.status == "not_in_document",
            answer.citations if answer.statements else (),
            answer.model if self.model else "",
            answer.seconds,
            usage,
        )

    async def foresee(self, item: Item) -> Usage:
        """As `Catena.plan` does; a server of KV pages is one's own."""
        if not self.model or self.strategy == "kv":
            return Usage()
        options = AskOptions(self.strategy, model=self.model)
        plan = await self.catena.questions.plan(item.question, documents=[item.book], options=options)
        return plan.expected


@dataclass(frozen=True, slots=True)
class MemoryReader:
    """A model that is told the book's title and the question, and nothing of what is in it."""

    name: str
    model: str
    cost_cap: CostCap
    factory: LLMFactory

    async def read(self, item: Item) -> Response:
        began, taken, usage = time.monotonic(), self.cost_cap.take(), Usage()
        models = self.factory.open(self.model, [item.book], Limits(max_cost_usd=taken))
        try:
            done = await models.answering.complete(memory_messages(item), max_tokens=MAX_REPLY, role="memory")
        finally:
            usage = models.meter.usage
            self.cost_cap.give_back(taken, usage.cost_usd)
        seconds = round(time.monotonic() - began, 3)
        is_refusal = bool(_NOT_KNOWN.search(done.text))
        return Response(item.id, self.name, done.text, is_refusal, (), done.who, seconds, usage)

    async def foresee(self, item: Item) -> Usage:
        read = prompt_tokens(memory_messages(item))
        price = await self.factory.price(self.model, asked=self.model)
        return Usage(1, read, USUAL_REPLY, None if price is None else price.cost(read, USUAL_REPLY))


def memory_messages(item: Item) -> list[Message]:
    user = render("from_memory", title=as_data(item.title), question=as_data(item.question))
    return chat(render("from_memory_system"), user)


class PlainReader:
    """Quotes by one simple idea: `bm25` or `longest`."""

    def __init__(self, catena: Catena, name: str) -> None:
        self._catena, self.name = catena, name
        self._opened = lru_cache(OPEN_BOOKS)(self._open)

    async def read(self, item: Item) -> Response:
        return await asyncio.to_thread(self._read, item)

    async def foresee(self, item: Item) -> Usage:
        return Usage()

    def _read(self, item: Item) -> Response:
        began = time.monotonic()
        view, sentences, index = self._opened(self._catena.document(item.book).id)
        chosen = _longest(sentences) if self.name == "longest" else _best(sentences, index, item.question)
        citations = tuple(cite(one, view) for one in sorted(chosen, key=lambda one: one.spans))
        text = " ".join(citation.quote for citation in citations)
        seconds = round(time.monotonic() - began, 3)
        return Response(item.id, self.name, text or NOT_SAID, not text, citations, "", seconds)

    def _open(self, document_id: str) -> tuple[DocumentView, list[Evidence], DocumentIndex]:
        view = DocumentView(self._catena.library, [document_id])
        found = candidates(Segment(tuple(view.passages(document_id))), view)
        sentences = [one.evidence for one in found if one.kind != "heading"]
        builder = DocumentIndex.builder()
        for sentence in sentences:
            builder.add(terms(sentence.text))
        return view, sentences, builder.build()


def _best(sentences: Sequence[Evidence], index: DocumentIndex, question: str) -> list[Evidence]:
    scores = index.score(query_terms(question))
    return [sentences[int(np.argmax(scores))]] if sentences and scores.max() > 0 else []


def _longest(sentences: Sequence[Evidence]) -> list[Evidence]:
    chosen: list[Evidence] = []
    left = LIMITS.max_words
    for one in sorted(sentences, key=lambda one: -len(one.text.split())):
        if len(one.text.split()) <= left and len(chosen) < LIMITS.max_sentences:
            chosen.append(one)
            left -= len(one.text.split())
    return chosen


def open_reader(catena: Catena, name: str, model: str | None, cost_cap: CostCap) -> System:
    """A system by name: `retrieve`, `chain@openai/gpt-x`, `embedded`, `bm25`, … Raises OptionError."""
    kind, _, named = name.partition("@")
    if kind not in SYSTEMS:
        raise OptionError(f"There is no system {kind!r}.", f"Name some of: {', '.join(SYSTEMS)}.")
    if kind in PLAIN:
        return PlainReader(catena, kind)
    if kind in EMBEDDED:
        return AskReader(catena, kind, EMBEDDED[kind], "", cost_cap)
    asked = named or model or catena.settings.model
    if not asked:
        raise OptionError(
            f"The system {kind!r} needs a model, and none is set.",
            f"Give --model, set CATENA_MODEL, name {kind}@MODEL, or ask for {', '.join((*EMBEDDED, *PLAIN))}.",
        )
    name = f"{kind}@{asked}"
    if kind == MEMORY:
        return MemoryReader(name, asked, cost_cap, LLMFactory(catena.settings, catena.library.history))
    return AskReader(catena, name, next(one for one in STRATEGIES if one == kind), asked, cost_cap)
