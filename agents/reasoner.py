"""The seam between the graph and whoever reads: a language model, or no model but the embedder.

The graph knows these four verbs and nothing of prompts or vendors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from catena.agents.desk import Desk, PageScores
from catena.types import AskOptions, Evidence, Note, PageRef, Segment, Support


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, how the answer shall be, and how well retrieval liked each page."""

    text: str
    options: AskOptions
    page_scores: PageScores


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """One sentence of the answer and what it rests on, best evidence first."""

    text: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before code has cited and checked it.

    Without statements the document does not say; `closest` is then what came nearest.
    `confidence` is 0 to 1: how likely the documents hold the answer at all. `model` is who wrote it, if that is
    not the reasoner's own name; `pages` those that the writer saw, if that is not all that was read.
    """

    statements: tuple[DraftStatement, ...]
    closest: tuple[Evidence, ...] = ()
    confidence: float = 1.0
    warnings: tuple[str, ...] = ()
    model: str = ""
    pages: tuple[PageRef, ...] | None = None


class Reasoner(Protocol):
    """Whoever reads and writes. Every method may be called again with the same arguments after a kill."""

    @property
    def name(self) -> str:
        """What `Answer.model` says."""

    @property
    def notice(self) -> str:
        """A warning that every answer carries, or nothing."""

    @property
    def segment_words(self) -> int:
        """Size of the segments that this reader takes at once."""

    async def read(self, question: Question, segment: Segment, note: Note, desk: Desk) -> Note:
        """Read one segment with the note of the reader before; return the note to hand on."""

    async def write(self, question: Question, note: Note, desk: Desk) -> Draft:
        """Answer from the notes of all readers."""

    async def ask(self, question: Question, note: Note) -> str | None:
        """Say what to look for in one more retrieval, or nothing."""

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        """Judge whether the quotes support the statement; nothing leaves it to the code's own checks."""
