"""Context of the graph's nodes: one frozen value in `runtime.context`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from catena.agents.document_view import DocumentView, Shelf
from catena.agents.reasoner import Chain, Reasoner, Served
from catena.agents.run_store import Checkpoints, Journal
from catena.events import OnEvent, ignore
from catena.llm.usage import Meter
from catena.retrieval.embedder import Embedder
from catena.retrieval.protocols import Retriever


class VectorCounts(Protocol):
    def counts(self, document_ids: Sequence[str], /) -> tuple[int, int]:
        """How many passages of these documents have a vector, and how many there are."""


class FilledShelf(Shelf, Protocol):
    @property
    def vectors(self) -> VectorCounts: ...


@dataclass(frozen=True)
class Deps:
    """`cancel`, once set, stops the run at the next step; `checkpoints` keeps it for another process to go on."""

    library: FilledShelf
    retriever: Retriever
    embedder: Embedder
    reasoner: Reasoner
    clock: Callable[[], float] = time.time
    emit: OnEvent = ignore
    cancel: threading.Event | None = None
    checkpoints: Checkpoints | None = None
    num_pages: int = 10
    """How many pages a retrieval brings."""
    chain: Chain | None = None
    """Who reads whole documents; without, only what retrieval finds is read."""
    served: Served | None = None
    """A model that keeps the documents in KV pages, for the strategy `kv`."""
    meter: Meter = field(default_factory=Meter)
    """Counts the model calls of this question."""
    document_ids: tuple[str, ...] = ()
    journal: Journal | None = None
    began: float = 0.0
    """Set by each run, with `emit` and `journal`: a run that is resumed has its seconds anew."""

    @cached_property
    def view(self) -> DocumentView:
        return DocumentView(self.library, self.document_ids)
