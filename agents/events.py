"""What a run says while it works, the same for SDK, CLI and UI. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

EventKind = Literal["route", "hits", "read", "note", "path", "statement", "done"]


@dataclass(frozen=True, slots=True)
class Event:
    """`message` is one line for people; `data` is plain JSON for programs.

    route: strategy, reason
    hits: pages `[{"document_id", "page", "score"}]`
    read: done, total (segments)
    note: path, done, total, document_id, passages (first and last), note, facts (how many)
    path: path (the one whose answer is taken)
    statement: text, support, citations
    done: status
    """

    kind: EventKind
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Listen to nothing."""
