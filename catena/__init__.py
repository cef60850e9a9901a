"""Ask long documents, and get every sentence proved by page, quote and box."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catena.adding import Added, OnPage
    from catena.agents.bookqa.generating import Order
    from catena.agents.bookqa.report import Report, Spread
    from catena.agents.checkpoints import UnfinishedRun
    from catena.agents.events import Event, OnEvent
    from catena.backups import Backup
    from catena.batches.journal import Failure
    from catena.bookqa import GenerateOptions, OnProgress, Progress
    from catena.client import Catena
    from catena.errors import (
        AmbiguousDocument,
        CatenaError,
        DocumentError,
        DocumentNotFound,
        LibraryError,
        ModelError,
        OptionError,
        Stopped,
    )
    from catena.health import Health, Problem
    from catena.jobs import Job
    from catena.options import AddOptions, AskOptions, Limits
    from catena.runs import Run
    from catena.settings import Settings, load_settings
    from catena.trace import DocumentTrace, FoundFact, PageTrace, PathTrace, Trace, WorkerTrace
    from catena.types import (
        Answer,
        Citation,
        CitationPart,
        Coverage,
        Document,
        DocumentCoverage,
        Line,
        OutlineEntry,
        Page,
        PageHit,
        PageRef,
        Passage,
        Plan,
        PlannedRole,
        RoleUsage,
        Section,
        Statement,
        Thread,
        Usage,
        Word,
    )
    from catena.votes import Vote

_NAMES = {
    "catena.adding": (
        "Added",
        "OnPage",
    ),
    "catena.agents.bookqa.generating": ("Order",),
    "catena.agents.bookqa.report": (
        "Report",
        "Spread",
    ),
    "catena.agents.checkpoints": ("UnfinishedRun",),
    "catena.agents.events": (
        "Event",
        "OnEvent",
    ),
    "catena.backups": ("Backup",),
    "catena.batches.journal": ("Failure",),
    "catena.bookqa": (
        "GenerateOptions",
        "OnProgress",
        "Progress",
    ),
    "catena.client": ("Catena",),
    "catena.errors": (
        "AmbiguousDocument",
        "CatenaError",
        "DocumentError",
        "DocumentNotFound",
        "LibraryError",
        "ModelError",
        "OptionError",
        "Stopped",
    ),
    "catena.health": ("Health", "Problem"),
    "catena.jobs": ("Job",),
    "catena.options": (
        "AddOptions",
        "AskOptions",
        "Limits",
    ),
    "catena.runs": ("Run",),
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
    "catena.votes": ("Vote",),
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
    "Citation",
    "CitationPart",
    "Coverage",
    "Document",
    "DocumentCoverage",
    "DocumentError",
    "DocumentNotFound",
    "DocumentTrace",
    "Event",
    "Failure",
    "FoundFact",
    "GenerateOptions",
    "Health",
    "Job",
    "LibraryError",
    "Limits",
    "Line",
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
    "Report",
    "RoleUsage",
    "Run",
    "Section",
    "Settings",
    "Spread",
    "Statement",
    "Stopped",
    "Thread",
    "Trace",
    "UnfinishedRun",
    "Usage",
    "Vote",
    "Word",
    "WorkerTrace",
    "load_settings",
]


def __getattr__(name: str) -> object:
    """Import what is asked for only then: `catena --help` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module 'catena' has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "catena.types")), name)
