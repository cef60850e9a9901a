"""Times of repeated runs, and the table that they are printed in."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was measured, what it should be (empty: only told), and what it is."""

    what: str
    target: str
    reached: str


def spread(seconds: Sequence[float]) -> str:
    """The median, the least and the most of some runs."""
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} s (1 run)"
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}, {len(seconds)} runs)"


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown, under the day and the machine."""
    lines = [f"| {row.what} | {row.target} | {row.reached} |" for row in rows]
    return "\n".join([machine(), "", "| | target | reached |", "| --- | --- | --- |", *lines])


def machine() -> str:
    """The day, the processor, its cores, memory and load, and Python."""
    gibibytes = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.date.today()}, {os.cpu_count()} cores of {_processor()}, {gibibytes:.0f} GiB, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
