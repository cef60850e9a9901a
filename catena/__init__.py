"""Ask long documents, and get every sentence proved by page, quote and box."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catena.add_document import Added, OnPage
    from catena.agents.run_store import UnfinishedRun
    from catena.bookqa.book_set_runs import GenerateOptions, OnProgress, Progress
    from catena.bookqa.generator import Order
    from catena.bookqa.report import Report, Spread
    from catena.bookqa.result_store import Failure
    from catena.chosen_documents import Documents
    from catena.client import Catena
    from catena.document_filter import Filter
    from catena.errors import (
        AmbiguousDocument,
        CatenaError,
        CollectionNotFound,
        DocumentError,
        DocumentNotFound,
        LibraryError,
        ModelError,
        OptionError,
        Stopped,
        VectorStoreError,
    )
    from catena.events import Event, OnEvent
    from catena.folder_sync import Synced
    from catena.health import Health, Problem
    from catena.jobs.job_store import Job
    from catena.langchain_retriever import CatenaLangChainRetriever
    from catena.library.backup import Backup
    from catena.library.document_collections import Collection
    from catena.library.votes import Vote
    from catena.options import AddOptions, AskOptions, Limits
    from catena.portal import Stream
    from catena.query_engine import CatenaQueryEngine, CatenaReader
    from catena.question_runs import Run
    from catena.retrieval.embedder import Embedder
    from catena.retrieval.llamaindex import CatenaRetriever, LlamaIndexEmbedder
    from catena.settings import Settings, load_settings
    from catena.trace import DocumentTrace, FoundFact, PageTrace, PathTrace, Trace, WorkerTrace
    from catena.types import (
        Answer,
        Citation,
        CitationPart,
        Coverage,
        Cue,
        Description,
        Document,
        DocumentCoverage,
        Figure,
        FigureText,
        Line,
        OutlineEntry,
        Page,
        PageHit,
        PageRef,
        Passage,
        Plan,
        PlannedRole,
        Reference,
        RoleUsage,
        Section,
        SheetCell,
        Statement,
        Table,
        TableCell,
        TablePart,
        Thread,
        Usage,
        WebCopy,
        Word,
    )

_NAMES = {
    "catena.add_document": (
        "Added",
        "OnPage",
    ),
    "catena.bookqa.generator": ("Order",),
    "catena.bookqa.report": (
        "Report",
        "Spread",
    ),
    "catena.agents.run_store": ("UnfinishedRun",),
    "catena.folder_sync": ("Synced",),
    "catena.events": (
        "Event",
        "OnEvent",
    ),
    "catena.langchain_retriever": ("CatenaLangChainRetriever",),
    "catena.library.backup": ("Backup",),
    "catena.query_engine": ("CatenaQueryEngine", "CatenaReader"),
    "catena.bookqa.result_store": ("Failure",),
    "catena.bookqa.book_set_runs": (
        "GenerateOptions",
        "OnProgress",
        "Progress",
    ),
    "catena.chosen_documents": ("Documents",),
    "catena.client": ("Catena",),
    "catena.document_filter": ("Filter",),
    "catena.library.document_collections": ("Collection",),
    "catena.errors": (
        "AmbiguousDocument",
        "CatenaError",
        "CollectionNotFound",
        "DocumentError",
        "DocumentNotFound",
        "LibraryError",
        "ModelError",
        "OptionError",
        "Stopped",
        "VectorStoreError",
    ),
    "catena.health": ("Health", "Problem"),
    "catena.jobs.job_store": ("Job",),
    "catena.options": (
        "AddOptions",
        "AskOptions",
        "Limits",
    ),
    "catena.portal": ("Stream",),
    "catena.question_runs": ("Run",),
    "catena.retrieval.embedder": ("Embedder",),
    "catena.retrieval.llamaindex": ("CatenaRetriever", "LlamaIndexEmbedder"),
    "catena.settings": (
        "Settings",
        "load_settings",
    ),
    "catena.trace": (
        "DocumentTrace",
        "FoundFact",
        "PageTrace",
        "PathTrace",
        "Trace",
        "WorkerTrace",
    ),
    "catena.library.votes": ("Vote",),
}
"""By module; all others are in `catena.types`."""
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "AddOptions",
    "Added",
    "AmbiguousDocument",
    "Answer",
    "AskOptions",
    "Backup",
    "Catena",
    "CatenaError",
    "CatenaLangChainRetriever",
    "CatenaQueryEngine",
    "CatenaReader",
    "CatenaRetriever",
    "Citation",
    "CitationPart",
    "Collection",
    "CollectionNotFound",
    "Coverage",
    "Cue",
    "Description",
    "Document",
    "DocumentCoverage",
    "DocumentError",
    "DocumentNotFound",
    "DocumentTrace",
    "Documents",
    "Embedder",
    "Event",
    "Failure",
    "Figure",
    "FigureText",
    "Filter",
    "FoundFact",
    "GenerateOptions",
    "Health",
    "Job",
    "LibraryError",
    "Limits",
    "Line",
    "LlamaIndexEmbedder",
    "ModelError",
    "OnEvent",
    "OnPage",
    "OnProgress",
    "OptionError",
    "Order",
    "OutlineEntry",
    "Page",
    "PageHit",
    "PageRef",
    "PageTrace",
    "Passage",
    "PathTrace",
    "Plan",
    "PlannedRole",
    "Problem",
    "Progress",
    "Reference",
    "Report",
    "RoleUsage",
    "Run",
    "Section",
    "Settings",
    "SheetCell",
    "Spread",
    "Statement",
    "Stopped",
    "Stream",
    "Synced",
    "Table",
    "TableCell",
    "TablePart",
    "Thread",
    "Trace",
    "UnfinishedRun",
    "Usage",
    "VectorStoreError",
    "Vote",
    "WebCopy",
    "Word",
    "WorkerTrace",
    "load_settings",
]


def __getattr__(name: str) -> object:
    """Import what is asked for only then: `catena --help` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module 'catena' has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "catena.types")), name)
