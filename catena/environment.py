"""Keys in the environment: which variables hold them, and how they leave the block that other processes read."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_WITH_PASSWORD = re.compile(
    r"://[^/\s@]+@|://\S*[?&][^=&\s]*(?:key|token|secret|passw|sig|auth|code)[^=&\s]*=", re.IGNORECASE
)
PROC = Path("/proc")
_ENV_START, _ENV_END = 49, 50
"""Fields of /proc/PID/stat (proc_pid_stat(5)), counted from 0: where the first environment lies in memory."""


def without_secrets_of(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for a process that asks no model."""
    return {name: value for name, value in environment.items() if not is_secret(name, value)}


def is_secret(name: str, value: str) -> bool:
    """Tell whether a variable holds a key, by its name, or an address with a password."""
    return bool(SECRET_NAME.search(name) or _WITH_PASSWORD.search(value))


def hide_secrets(proc: Path = PROC) -> None:
    """Blot keys out of the block that /proc/PID/environ shows; `os.environ` and processes begun from here have them.

    The block is what the kernel wrote when this program began; what it says of itself later lies elsewhere.
    """
    if sys.platform != "linux":
        return
    named = [name for name, value in os.environ.items() if is_secret(name, value)]
    for name in named:
        os.putenv(
            name, os.environ[name]
        )  # a copy of it, which C code and processes begun from here are given
    try:
        for start, length in _places(set(map(os.fsencode, named)), proc):
            ctypes.memset(start, 0, length)
    except (OSError, ValueError):  # a system without /proc
        return


def _places(names: set[bytes], proc: Path) -> Iterator[tuple[int, int]]:
    """Addresses in memory of the values of these variables, and how long they are."""
    fields = (proc / "self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[_ENV_START - 2]), int(fields[_ENV_END - 2])
    at = begin
    for entry in (proc / "self/environ").read_bytes()[: end - begin].split(b"\0"):
        name, _, value = entry.partition(b"=")
        if name in names and value:
            yield at + len(name) + 1, len(value)
        at += len(entry) + 1
