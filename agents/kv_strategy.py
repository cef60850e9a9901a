"""The strategy `kv`: a local model that has read the documents answers, and code finds what its sentences rest on.

The model writes behind the document it has in KV pages; it is shown no passages and no numbers. Asked for a fact, it
says it in a few words and gives its opinion whether the document says it, as a small model does that is shown passages
(`generative/brief_answer.py`); else it writes freely. What it rests on is found after the fact, on the pages that it
looked at and on those that retrieval finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import TypeVar

from catena.agents.document_view import DocumentView
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.generative.brief_answer import MAX_REPLY as BRIEF_REPLY
from catena.agents.generative.brief_answer import asks_for_fact, brief_draft, margin
from catena.agents.generative.prompt_passages import found_passages, show
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_outcomes import grounded, unchecked_notice
from catena.agents.generative.reply_parser import read_reply
from catena.agents.reasoner import Draft, KVAnswer, Question
from catena.arguments import require_choice
from catena.events import Event, OnEvent
from catena.kv.client.kv_client import KVResult, KVServer
from catena.kv.client.served_ids import ServedIds
from catena.kv.policies.kv_page_retriever import KVPageRetriever, Look
from catena.kv.policies.kv_page_retriever import Shelf as KVShelf
from catena.kv.policies.policy import PRESETS
from catena.llm.protocol import Completion
from catena.llm.usage import Meter
from catena.options import AskOptions
from catena.retrieval.embedder import Embedder
from catena.types import Note, PageHit, Segment

ROLE = "kv"
MAX_REPLY = 400
"""Tokens."""
CHANCES = 10
"""Tokens among which yes and no are looked for."""
Result = TypeVar("Result")


class ServedModel:
    """A model at a KV-page server; `name` is LiteLLM's."""

    def __init__(self, name: str, retriever: KVPageRetriever, meter: Meter) -> None:
        self.name = name
        self._retriever = retriever
        self._meter = meter

    async def attend(self, question: str, document_ids: Sequence[str], k: int) -> KVAnswer:
        """Ask each document, one after the other; a fact in a few words, of which the surest document's is kept.

        Raises ModelError.
        """
        is_fact = asks_for_fact(question)
        prompt, most = (fact_prompt, BRIEF_REPLY) if is_fact else (attending_prompt, MAX_REPLY)
        texts: list[tuple[float, str]] = []
        found: list[PageHit] = []
        for document_id in document_ids:
            seen = await self._in_thread(self._retriever.ask, question, document_id, k, prompt, most)
            texts.append((-inf, self._count(seen.recalled).text))
            found += seen.hits
            if is_fact:
                doubt = render("attend_opinion", question=question)
                told = await self._in_thread(self._retriever.chances, document_id, doubt, CHANCES)
                opinion = margin(self._count(told))
                texts[-1] = (-inf if opinion is None else opinion, texts[-1][1])
        hits = tuple(sorted(found, key=lambda hit: -hit.score)[:k])
        if not is_fact:
            return KVAnswer("\n".join(text for _, text in texts), hits)
        surest, text = max(texts, key=lambda one: one[0])
        return KVAnswer(text, hits, is_fact=True, opinion=None if surest == -inf else surest)

    async def _in_thread(self, call: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await asyncio.to_thread(call, *arguments)
        except asyncio.CancelledError:
            self._retriever.stop()  # a thread cannot be cancelled, but told
            raise

    def _count(self, done: KVResult) -> Completion:
        """Count a call, and give it as one of any model."""
        found = Completion(
            done.text,
            self.name,
            done.prompt_tokens,
            done.completion_tokens,
            is_cut=done.is_cut,
            asked=self.name,
            alternatives=done.alternatives,
        )
        self._meter.add(ROLE, found)
        return found

    async def attribute(
        self, question: Question, said: KVAnswer, note: Note, view: DocumentView, embedder: Embedder
    ) -> Draft:
        """The sentences that were written, each with the sentences it rests on among the passages of the note."""
        reply = read_reply(said.text, ())
        passages = await asyncio.to_thread(found_passages, note, view)
        shown = show(passages, range(1, len(passages) + 1), view)
        sentences = await asyncio.to_thread(shown.sentences, view)
        if said.is_fact and reply.claims:
            reading = await ExtractiveReasoner(embedder).read(
                question, Segment(tuple(passages)), Note(""), view
            )
            words = " ".join(claim.text for claim in reply.claims).removesuffix(".")
            draft = await asyncio.to_thread(
                brief_draft, question, words, said.opinion, reading, sentences, view, embedder
            )
            return replace(draft, model=self.name, pages=shown.pages)
        statements = await asyncio.to_thread(grounded, reply.claims, sentences, embedder)
        closest = note.evidence if not statements else ()
        warnings, pages = unchecked_notice(statements), shown.pages
        return Draft(
            statements, closest, is_refusal=reply.declines, warnings=warnings, model=self.name, pages=pages
        )


def fact_prompt(question: str) -> str:
    """Return the prompt behind the document that asks for a fact in a few words."""
    return render("attend_fact", question=question)


def attending_prompt(question: str) -> str:
    """Return the prompt behind the document that the model has read."""
    return render("attend", question=question)


def served_model(
    name: str,
    server: KVServer,
    ids: ServedIds,
    library: KVShelf,
    options: AskOptions,
    meter: Meter,
    emit: OnEvent,
) -> ServedModel:
    """A model of a KV-page server, by the name that it was asked for. Raises OptionError, ModelError."""
    require_choice("kv_policy", options.kv_policy, tuple(PRESETS))
    server.check()

    def on_tokens(title: str, done: int, total: int) -> None:
        emit(
            Event(
                "read",
                f"The model reads {title}: {done:,} of {total:,} tokens",
                {"done": done, "total": total},
            )
        )

    look = Look(options.kv_policy, options.kv_budget)
    short = name.partition("/")[2]
    retriever = KVPageRetriever(library, server, ids, model=short, look=look, on_tokens=on_tokens)
    return ServedModel(name, retriever, meter)
