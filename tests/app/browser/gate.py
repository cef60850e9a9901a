"""A stub model that answers when it is told to, however slow the machine: rules for `StubModel`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catena.testing.stub import read_passages

POLL_SECONDS = 0.05


def when_open(request: Mapping[str, Any], gate: str) -> str:
    """Wait until there is a file of this name, then read as the stub does."""
    while not Path(gate).exists():
        time.sleep(POLL_SECONDS)
    return read_passages(request)
