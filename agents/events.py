"""What a run says while it works, the same for SDK, CLI and UI. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

EventKind = Literal["route", "hits", "read", "statement", "done"]


@dataclass(frozen=True, slots=True)
class Event:
    """`message` is one line for people; `data` is plain JSON for programs.

    route: strategy, reason · hits: pages `[{"document_id", "page", "score"}]` · read: done, total (segments)
    · statement: text, support, citations · done: status, seconds.
    """

    kind: EventKind
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Listen to nothing."""
