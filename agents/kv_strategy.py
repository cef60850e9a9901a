"""The strategy `kv`: a local model that has read the documents answers, and code finds what its sentences rest on.

The model writes freely, behind the document it has in KV pages; it is shown no passages and no numbers. Its sentences
are cited after the fact, on the pages that it looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from catena.agents.document_view import DocumentView
from catena.agents.generative.prompt_passages import found_passages, show
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_outcomes import grounded, unchecked_notice
from catena.agents.generative.reply_parser import read_reply
from catena.agents.reasoner import Draft, KVAnswer
from catena.arguments import require_choice
from catena.errors import OptionError
from catena.events import Event, OnEvent
from catena.kv.client.served_ids import IDS, ServedIds, server_at
from catena.kv.policies.kv_page_retriever import KVPageRetriever, Look
from catena.kv.policies.kv_page_retriever import Shelf as KVShelf
from catena.kv.policies.policy import PRESETS
from catena.llm.protocol import Completion
from catena.llm.usage import Meter
from catena.options import START_SERVER, AskOptions
from catena.retrieval.embedder import Embedder
from catena.types import Note, PageHit

ROLE = "kv"
MAX_REPLY = 400
"""Tokens."""


class ServedModel:
    """A model at a KV-page server; `name` is LiteLLM's."""

    def __init__(self, name: str, retriever: KVPageRetriever, meter: Meter) -> None:
        self.name = name
        self._retriever = retriever
        self._meter = meter

    async def attend(self, question: str, document_ids: Sequence[str], k: int) -> KVAnswer:
        """Ask each document, one after the other. Raises ModelError."""
        texts: list[str] = []
        found: list[PageHit] = []
        for document_id in document_ids:
            try:
                seen = await asyncio.to_thread(
                    self._retriever.ask, question, document_id, k, attending_prompt
                )
            except asyncio.CancelledError:
                self._retriever.stop()  # a thread cannot be cancelled, but told
                raise
            done = seen.recalled
            self._meter.add(
                ROLE,
                Completion(
                    done.text,
                    self.name,
                    done.prompt_tokens,
                    done.completion_tokens,
                    is_cut=done.is_cut,
                    asked=self.name,
                ),
            )
            texts.append(done.text)
            found += seen.hits
        return KVAnswer("\n".join(texts), tuple(sorted(found, key=lambda hit: -hit.score)[:k]))

    async def attribute(self, text: str, note: Note, view: DocumentView, embedder: Embedder) -> Draft:
        """The sentences that were written, each with the sentences it rests on among the passages looked at."""
        reply = read_reply(text, ())
        passages = await asyncio.to_thread(found_passages, note, view)
        shown = show(passages, range(1, len(passages) + 1), view)
        sentences = await asyncio.to_thread(shown.sentences, view)
        statements = await asyncio.to_thread(grounded, reply.claims, sentences, embedder)
        closest = note.evidence if not statements else ()
        warnings, pages = unchecked_notice(statements), shown.pages
        return Draft(
            statements, closest, is_refusal=reply.declines, warnings=warnings, model=self.name, pages=pages
        )


def attending_prompt(question: str) -> str:
    """Return the prompt behind the document that the model has read."""
    return render("attend", question=question)


def served_model(
    name: str,
    api_base: str | None,
    home: Path,
    library: KVShelf,
    options: AskOptions,
    meter: Meter,
    emit: OnEvent,
) -> ServedModel:
    """The model `openai/NAME` at a KV-page server. Raises OptionError where there is none, ModelError."""
    if not api_base or not name.startswith("openai/"):
        raise OptionError("The strategy kv needs a model at a KV-page server.", START_SERVER)
    require_choice("kv_policy", options.kv_policy, tuple(PRESETS))
    server, ids = server_at(api_base), ServedIds(home / IDS)
    server.check()
    ids.settle(server_at)

    def on_tokens(title: str, done: int, total: int) -> None:
        emit(
            Event(
                "read",
                f"The model reads {title}: {done:,} of {total:,} tokens",
                {"done": done, "total": total},
            )
        )

    look = Look(options.kv_policy, options.kv_budget, MAX_REPLY)
    short = name.removeprefix("openai/")
    retriever = KVPageRetriever(library, server, ids, model=short, look=look, on_tokens=on_tokens)
    return ServedModel(name, retriever, meter)
