"""What a rule is tried on: questions of the development sets, statements made of their documents, a choice of one."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from catena.agents import nodes
from catena.agents import state as codec
from catena.agents.citations.support_check import support
from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.extractive.answer_features import Seen
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.reasoner import Draft
from catena.benchmarks.absent import Item, read_items
from catena.benchmarks.altered import Made, make
from catena.benchmarks.rightness import is_right
from catena.benchmarks.statements import fair_source
from catena.benchmarks.told import written_out
from catena.client import Catena
from catena.errors import DocumentError
from catena.library.library import Library
from catena.options import AskOptions
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.document_cache import OpenedDocument, OpenedDocuments
from catena.retrieval.document_choice import choose_documents
from catena.retrieval.embedder import Embedder
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.passages import indexed_text
from catena.retrieval.text_analysis import terms
from catena.types import Confidence

K = 5
"""Pages among which one that answers counts as found."""
OF_STATEMENTS = 8
"""Documents of a set whose sentences are altered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`said` is all that may change. `right`: answered rightly, or refused where nothing answers; `leads`: the best
    statement is right, whether it is given or not; `page`: found among the first. None where it cannot be told."""

    said: str
    right: bool | None
    leads: bool | None = None
    page: bool | None = None


Judge = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to be tried; `run` does it and returns how it is judged, which is no part of what is tried."""

    id: str
    of: str
    document_id: str
    run: Callable[[], Judge]


class Witness(ExtractiveReasoner):
    """The embedded reader, which keeps what it judged before it decides whether to say it."""

    seen: Seen | None = None

    def _how_sure(self, seen: Seen, view: DocumentView) -> Confidence:
        self.seen = seen
        return super()._how_sure(seen, view)


class Reindexed:
    """A library whose documents may be indexed anew, by the rules that are on; kept open."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._built: dict[str, bytes] = {}
        self.opened = EveryOpened(self)
        self.views: dict[str, DocumentView] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def index(self, document_id: str) -> None:
        """Index a document anew."""
        builder = DocumentIndex.builder()
        for passage in self._library.passages(document_id):
            builder.add(terms(indexed_text(passage)))
        self._built[document_id] = builder.build().to_bytes()

    def lexical_index(self, document_id: str) -> bytes:
        return self._built.get(document_id) or self._library.lexical_index(document_id)

    def view(self, document_id: str) -> DocumentView:
        """One view a document, as long as the rules stay."""
        return self.views.setdefault(document_id, DocumentView(self, [document_id]))


class EveryOpened(OpenedDocuments):
    """Opens each document once."""

    def __init__(self, shelf: Reindexed) -> None:
        super().__init__(shelf)
        self._every: dict[str, OpenedDocument] = {}

    def get(self, document_id: str) -> OpenedDocument:
        if document_id not in self._every:
            self._every[document_id] = super().get(document_id)
        return self._every[document_id]


class Bench:
    """Where trials run: the library as it is, or as some rules index it."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self.library, self.embedder = library, embedder
        self.shelf = Reindexed(library)
        self.loop = asyncio.new_event_loop()

    def ask(self, item: Item, document_id: str) -> Judge:
        """Ask through the steps of the graph, without citing."""
        reader = Witness(self.embedder)
        retriever = HybridRetriever(self.shelf, self.embedder, opened=self.shelf.opened, keeps_vectors=False)
        deps = Deps(self.shelf, retriever, self.embedder, reader, document_ids=(document_id,))
        deps.__dict__["view"] = self.shelf.view(document_id)
        state = self.loop.run_until_complete(_walk(item.question, document_id, deps))
        draft = codec.value_of(Draft, state["draft"])
        pages = [hit["page"] for hit in state["hits"]]
        best = replace(reader.seen.draft, confidence=draft.confidence) if reader.seen else draft
        return lambda: _judged(item, best, pages)

    def find(self, item: Item, document_id: str) -> Judge:
        """Search for pages by the vectors that are there, without reading them."""
        retriever = HybridRetriever(
            self.shelf, self.embedder, opened=self.shelf.opened, max_new_vectors=0, keeps_vectors=False
        )
        pages = [hit.ref.number for hit in retriever.retrieve(item.question, [document_id], K)]
        return lambda: Outcome(str(pages), None, page=bool(set(pages) & set(item.gold)))

    def check(self, made: Made) -> Judge:
        """Mark a statement by its quote."""
        mark = support(made.text, [made.quote])
        return lambda: Outcome(mark, mark == made.expected)

    def choose(self, question: str, document_id: str, among: Sequence[str]) -> Judge:
        """Choose the document that a question is about among all."""
        chosen = [found for found, _ in choose_documents(self.library, question, among)]
        return lambda: Outcome(" ".join(one[:6] for one in chosen), chosen[:1] == [document_id])


async def _walk(question: str, document_id: str, deps: Deps) -> Any:
    runtime: Any = SimpleNamespace(context=deps)
    options = codec.options_to_json(AskOptions())
    state: Any = {"question": question, "document_ids": [document_id], "options": options, "turns": []}
    for step in (nodes.understand, nodes.route, nodes.retrieve, nodes.read, nodes.write):
        state |= await step(state, runtime)
    return state


def _judged(item: Item, draft: Any, pages: list[int]) -> Outcome:
    is_given = bool(draft.statements) and draft.confidence != "closest"
    page = bool(set(pages[:K]) & set(item.gold)) if item.gold else None
    lead = draft.statements[0] if draft.statements else None
    said = f"{draft.confidence}|{draft.short}|{lead.text if lead else ''}|{pages[:K]}"
    if not item.is_there:
        return Outcome(said, not is_given)
    if lead is None:
        return Outcome(said, False, False, page)
    quotes = " ".join(one.text for one in lead.evidence)
    told = lead.text if lead.support is None else f"{lead.text} {quotes}"
    places = [span.ref.number for one in lead.evidence for span in one.spans]
    leads = is_right(item, told, places, draft.short)
    return Outcome(said, leads if is_given else False, leads, page)


def trials(
    catena: Catena, bench: Bench, data: Path, texts: Path, sample: int, *, is_read: bool = True
) -> list[Trial]:
    """An even draw of `sample` a set, half of that where nothing answers; documents in one go, in random order.

    Without `is_read` pages and documents are looked for, and nothing is read.
    """
    items = [*read_items(data), *written_out(data, texts)]
    ids = _ids(catena, data, {item.file for item in items})
    asked = [item for item in items if item.file in ids and _has_text(item, ids[item.file], bench.library)]
    made = [*_choices(bench, asked, ids, sample)]
    if is_read:
        made += [*_questions(bench, _drawn(asked, sample), ids), *_statements(bench, asked, ids, sample)]
    else:
        made += _searches(bench, _drawn((one for one in asked if one.gold), sample), ids)
    order = sorted({one.document_id for one in made})
    random.Random(0).shuffle(order)
    return sorted(made, key=lambda one: order.index(one.document_id))


def _ids(catena: Catena, data: Path, found: Iterable[str]) -> dict[str, str]:
    """Document ids by file; what has images only is left out."""
    ids = {}
    for file in sorted(found):
        try:
            ids[file] = catena.add(data / file).id
        except DocumentError:
            continue
    return ids


def _has_text(item: Item, document_id: str, library: Library) -> bool:
    if not item.gold:
        return True
    return bool({passage.ref.number for passage in library.passages(document_id)} & set(item.gold))


def _drawn(items: Iterable[Item], sample: int) -> Iterator[Item]:
    by_set: dict[tuple[str, bool], list[Item]] = defaultdict(list)
    for item in items:
        by_set[item.of, item.is_there].append(item)
    for (name, is_there), own in by_set.items():
        yield from random.Random(name).sample(own, min(len(own), sample if is_there else sample // 2))


def _questions(bench: Bench, items: Iterable[Item], ids: dict[str, str]) -> Iterator[Trial]:
    for item in items:
        document_id = ids[item.file]

        def run(item: Item = item, document_id: str = document_id) -> Judge:
            return bench.ask(item, document_id)

        of = item.of if item.is_there else f"absent: {item.of.removesuffix(', wrong document')}"
        yield Trial(item.id, of, document_id, run)


def _searches(bench: Bench, items: Iterable[Item], ids: dict[str, str]) -> Iterator[Trial]:
    for item in items:

        def run(item: Item = item) -> Judge:
            return bench.find(item, ids[item.file])

        yield Trial(f"{item.id}-pages", f"pages: {item.of}", ids[item.file], run)


def _statements(bench: Bench, items: Iterable[Item], ids: dict[str, str], sample: int) -> Iterator[Trial]:
    """Statements made of sentences of a few documents of each set that has pages or stories."""
    by_set: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.of in ("financebench", "mmlongbench-doc", "fairytaleqa"):
            by_set[item.of].add(ids[item.file])
    for name, found in by_set.items():
        dice = random.Random(name)
        made: list[tuple[str, Made]] = []
        for document_id in dice.sample(sorted(found), min(len(found), OF_STATEMENTS)):
            text = " ".join(" ".join(one.text for one in bench.library.passages(document_id)).split())
            made += [(document_id, one) for one in make(fair_source(document_id, text))]
        for number, (document_id, one) in enumerate(dice.sample(made, min(len(made), 2 * sample))):

            def run(one: Made = one) -> Judge:
                return bench.check(one)

            yield Trial(f"{name}-statement-{number}", f"statements: {name}", document_id, run)


def _choices(bench: Bench, items: Iterable[Item], ids: dict[str, str], sample: int) -> Iterator[Trial]:
    """Questions of filings and reports asked of all documents."""
    among = sorted(set(ids.values()))
    wanted = ("financebench", "mmlongbench-doc", "kg-rag", "erc-round1")
    for item in _drawn([one for one in items if one.is_there and one.of in wanted], sample):

        def run(item: Item = item) -> Judge:
            return bench.choose(item.question, ids[item.file], among)

        yield Trial(f"{item.id}-choice", f"choice: {item.of}", ids[item.file], run)
