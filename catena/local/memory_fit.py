"""Memory a model takes of this machine, and which window it can have."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import psutil

OVERHEAD = 400 << 20
"""Bytes for what is computed in one step; llama.cpp, 512 tokens a step, vocabularies to 150,000."""
USUAL_WINDOW = 8192
"""Tokens that a server begins with: what a question takes; a longer one costs memory before it is needed."""
LEAST_WINDOW = 2048
PROGRAM = "llama-server"
"""llama.cpp's own server, where somebody installed it."""
_CGROUP = Path("/sys/fs/cgroup")
_CARDS = ("/dev/nvidia0", "/dev/kfd")

Fit = Literal["fits", "tight", "too large"]
"""`tight`: it would fit if other programs gave their memory back."""


def needed(num_bytes: int, kv_bytes: int, window: int) -> int:
    """Bytes of memory: the file, keys and values of the window, and what is computed with."""
    return num_bytes + kv_bytes * window + OVERHEAD


def fit(need: int, *, available: int, total: int) -> Fit:
    if need <= available:
        return "fits"
    return "tight" if need <= total * 0.8 else "too large"


def choose_window(num_bytes: int, kv_bytes: int, wanted: int, available: int) -> int:
    """The largest window up to `wanted` that fits, by halves; 0 where not even the least one does."""
    window = wanted
    while needed(num_bytes, kv_bytes, window) > available:
        if window <= LEAST_WINDOW:
            return 0
        window = max(LEAST_WINDOW, window // 2)
    return window


def available_memory() -> int:
    """Bytes that a program can have now, of the machine or of the container that it runs in."""
    free = int(psutil.virtual_memory().available)
    limit, used = _number("memory.max"), _number("memory.current")
    if limit is None or used is None:
        return free
    return max(0, min(free, limit - used + _inactive()))


def total_memory() -> int:
    """Bytes of the machine, or of the container."""
    total = int(psutil.virtual_memory().total)
    limit = _number("memory.max")
    return total if limit is None else min(total, limit)


def num_threads() -> int:
    """Physical cores that this process may use: a second thread on one core slows arithmetic down."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or usable, usable))


def has_graphics_card() -> bool:
    """Tell whether a model is computed on one: xllamacpp brings Metal; others need a `llama-server` built for it."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return shutil.which(PROGRAM) is not None and any(Path(card).exists() for card in _CARDS)


def gigabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.1f} GB"


def largest(sizes: Iterable[tuple[str, int]], available: int) -> str:
    """The name of the largest model whose need fits; empty where none does."""
    fitting = [(need, name) for name, need in sizes if need <= available]
    return max(fitting, default=(0, ""))[1]


def _number(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text())
    except (OSError, ValueError):  # no container, or "max"
        return None


def _inactive() -> int:
    """Bytes of files in the container's memory that are given back when somebody needs them."""
    try:
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
