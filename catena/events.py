"""Events of a run while it works, the same for SDK, CLI and UI. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

EventKind = Literal[
    "question",
    "route",
    "queries",
    "hits",
    "read",
    "note",
    "path",
    "token",
    "statement",
    "done",
    "answer",
    "failed",
    "cancelled",
    "resumed",
]


@dataclass(frozen=True, slots=True)
class Event:
    """`message` is one line for people; `data` is plain JSON for programs.

    question: question (a follow-up, made self-contained)
    route: strategy, reason
    queries: queries (what is searched for)
    hits: pages `[{"document_id", "page", "score"}]`
    read: done, total (segments)
    note: path, done, total, document_id, passages and pages (first and last), note, facts (how many), failed (why),
        added `[{"claim", "page", "quote"}]`, usage (of the run so far)
    path: path (the one whose answer is taken)
    token: text (a piece of the answer as it is written, without links or images; None: forget the pieces so far)
    statement: text, support, citations
    done: status
    answer: the whole answer, as `catena.render.answer_json.to_json` gives it; the last event of a stream
    failed: remedy; cancelled, resumed: of a run in a process of its own (`catena.question_runs`)
    """

    kind: EventKind
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Listen to nothing."""
