"""Which reader opens which kind of file."""

from __future__ import annotations

from pathlib import Path

from catena.ingest.reading import Reading
from catena.types import Kind


def open_reading(path: Path, kind: Kind, password: str | None) -> Reading:
    """Open a file with the reader of its kind. Raises DocumentError."""
    if kind == "pdf":
        from catena.ingest.standin import StandIn

        return StandIn(path, password)
    raise NotImplementedError(kind)
