"""The seam between the graph and whoever reads: a language model, or no model but the embedder.

The graph knows these verbs and nothing of prompts or vendors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from catena.agents.cost.prompt_sizes import Measured, Search
from catena.agents.cost.token_usage import CallEstimate
from catena.agents.document_view import DocumentView
from catena.agents.generative.question_rewriting import Turn
from catena.agents.segments import Stretch
from catena.options import AskOptions
from catena.retrieval.embedder import Embedder
from catena.types import Confidence, Evidence, Note, PageHit, PageRef, PassageKey, Segment, Support


@dataclass(frozen=True, slots=True)
class Question:
    """Question to answer: its text, how the answer shall be, and how well retrieval liked each page.

    `is_whole`: the answer is written from all passages of the documents, not from what a retrieval found.
    """

    text: str
    options: AskOptions
    page_scores: Mapping[PageRef, float] = field(default_factory=dict)
    passage_ranks: Mapping[PassageKey, int] = field(default_factory=dict)
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class KVAnswer:
    """Text a model wrote of the documents that it keeps, and the pages that it looked at.

    `is_fact`: it was asked for a fact in a few words; `opinion`: how much likelier it holds that the document says it
    than not, in logits, where it told.
    """

    text: str
    hits: tuple[PageHit, ...]
    is_fact: bool = False
    opinion: float | None = None


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """One sentence of the answer and what it rests on, best evidence first.

    `support` is set where code knows it without a quote: the number of things listed.
    """

    text: str
    evidence: tuple[Evidence, ...]
    support: Support | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before code has cited and checked it.

    Without statements the document does not say; `closest` is then what came nearest.
    `confidence` is how sure the reader is that its quotes answer; a model says nothing of it. `short` is the answer
    in a few words. `is_refusal`: a model declined to answer. `model` is who wrote it, if that is
    not the reasoner's own name; `pages` those that the writer saw, if that is not all that was read.
    `missing`: what to look for in one more retrieval.
    """

    statements: tuple[DraftStatement, ...]
    closest: tuple[Evidence, ...] = ()
    confidence: Confidence | None = None
    short: str = ""
    is_refusal: bool = False
    warnings: tuple[str, ...] = ()
    model: str = ""
    pages: tuple[PageRef, ...] | None = None
    missing: str = ""


class Reasoner(Protocol):
    """Whoever reads and writes. Every method may be called again with the same arguments after a kill."""

    @property
    def name(self) -> str:
        """Name for `Answer.model`."""

    @property
    def notice(self) -> str:
        """A warning that every answer carries, or nothing."""

    @property
    def segment_words(self) -> int:
        """Size of the segments that this reader takes at once."""

    async def whole(self, question: Question, view: DocumentView) -> int | None:
        """Count the tokens of one call with all of the documents; nothing if it cannot be made."""

    async def understand(self, question: str, turns: Sequence[Turn], view: DocumentView) -> str:
        """Make a follow-up self-contained, and say what is misspelt as it is meant. Raises ModelError and Stopped."""

    async def rewrite(self, question: Question) -> list[str]:
        """Say what else to search for, besides the question itself."""

    async def read(self, question: Question, segment: Segment, note: Note, view: DocumentView) -> Note:
        """Read one segment of what was found, with the note on those before; return the longer note."""

    async def write(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Answer from the notes of all readers."""

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        """Judge whether the quotes support the statement; nothing leaves it to the code's own checks."""

    async def foresee(
        self, question: Question, view: DocumentView, measured: Measured, search: Search | None
    ) -> list[CallEstimate]:
        """Count the model calls of an answer from what `search` finds; without it, from all at once, or of the
        checks of what a chain answers."""

    def foresee_follow_up(self, question: str, turns: Sequence[Turn]) -> list[CallEstimate]:
        """Count the model calls of `understand`."""


class Served(Protocol):
    """A model that keeps the documents in KV pages, and answers behind them."""

    name: str

    async def attend(self, question: str, document_ids: Sequence[str], k: int) -> KVAnswer:
        """Ask each document, one after the other. Raises ModelError."""

    async def attribute(
        self, question: Question, said: KVAnswer, note: Note, view: DocumentView, embedder: Embedder
    ) -> Draft:
        """The sentences that were written, each with what it rests on among the passages of the note."""


class Chain(Protocol):
    """Readers of whole documents: each reads one stretch and hands a note to the next (Chain of Agents)."""

    @property
    def max_paths(self) -> int:
        """Number of orders of reading that make sense."""

    def scope(self, question: str) -> str | None:
        """Say which words of the question can only be answered by reading everything; nothing if there are none."""

    async def plan(self, question: Question, view: DocumentView) -> list[Stretch]:
        """Cut the documents into stretches, every passage in one. Raises OptionError for a window too small."""

    async def work(self, question: Question, stretch: Stretch, note: Note, view: DocumentView) -> Note:
        """Read one stretch with the note of the worker before; return the note to hand on."""

    async def manage(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Answer from the last worker's note and the ledger."""

    def gather(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Say what was found so far, when the chain had to stop: no call of a model."""

    async def decide(self, question: Question, drafts: Sequence[Draft]) -> int:
        """Choose among the answers of several paths, by index."""

    async def foresee_reading(self, question: Question, measured: Measured) -> list[CallEstimate]:
        """Count the model calls of all workers and of what follows, before any is made."""
