"""Faults of one request to a model server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["key", "busy", "broken", "hang", "stall", "cut", "empty", "other", "drop", "says"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`seconds` is how long a hang or a stall lasts, or what `Retry-After` says.

    key: 401, and the key is repeated in the message · busy: 429 with `Retry-After` · broken: 500 · hang: nothing,
    not even headers · stall: headers and one piece, then nothing · cut: the reply ends in the middle of its JSON
    · empty: a reply without text · other: another model answers than was asked · drop: the connection is reset
    · says: `body`, whatever it is, with `status` and `content_type`.
    """

    kind: FaultKind
    seconds: float = 0.0
    status: int = 200
    body: str = ""
    content_type: str = "application/json"
