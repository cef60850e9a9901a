"""Ask long documents, and get every sentence proved by page, quote and box."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catena.adding import Added
    from catena.client import Catena
    from catena.errors import CatenaError, DocumentError, LibraryError, ModelError, OptionError, Stopped
    from catena.options import AddOptions, AskOptions, Limits
    from catena.settings import Settings, load_settings
    from catena.types import (
        Answer,
        Citation,
        CitationPart,
        Coverage,
        Document,
        Page,
        PageHit,
        PageRef,
        Passage,
        Plan,
        PlannedRole,
        Statement,
        Thread,
        Usage,
    )

_MODULES = {
    "Catena": "client",
    "Added": "adding",
    **dict.fromkeys(("AddOptions", "AskOptions", "Limits"), "options"),
    **dict.fromkeys(
        ("CatenaError", "DocumentError", "LibraryError", "ModelError", "OptionError", "Stopped"), "errors"
    ),
    **dict.fromkeys(("Settings", "load_settings"), "settings"),
}

__all__ = [
    "AddOptions",
    "Added",
    "Answer",
    "AskOptions",
    "Catena",
    "CatenaError",
    "Citation",
    "CitationPart",
    "Coverage",
    "Document",
    "DocumentError",
    "LibraryError",
    "Limits",
    "ModelError",
    "OptionError",
    "Page",
    "PageHit",
    "PageRef",
    "Passage",
    "Plan",
    "PlannedRole",
    "Settings",
    "Statement",
    "Stopped",
    "Thread",
    "Usage",
    "load_settings",
]


def __getattr__(name: str) -> object:
    """Import what is asked for only then: `catena --help` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module 'catena' has no attribute {name!r}")
    return getattr(import_module(f"catena.{_MODULES.get(name, 'types')}"), name)
