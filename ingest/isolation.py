"""What a parser process must not have: network, secrets, new privileges, a life after its parent."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "TMPDIR", "TZ")
# What MemoryError in the child looks like to the parent, so that no frame need be built without memory.
OUT_OF_MEMORY_EXIT = 71
# Beside what is there when the child starts: MuPDF's store and Python's own arenas map more than they use.
_ADDRESS_SLACK_MIB = 512


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Keep what Python needs to start; keys, tokens and proxies stay out."""
    kept = {name: environment[name] for name in _KEPT if name in environment}
    # One thread: the process is forked for each document, and two processes share few cores.
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def leave_network() -> str:
    """Give up the network where the system allows, and say how; call before any thread starts."""
    if sys.platform != "linux":
        return f"none: {sys.platform} has no network namespaces"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(_CLONE_NEWNET) == 0:
        return "network namespace"
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        return "network namespace of a user namespace"
    return f"none: {os.strerror(ctypes.get_errno())}"


def network_isolation() -> str:
    """Say for `catena doctor` how parsers are kept off the network here; "none: ..." if they are not."""
    command = [sys.executable, "-m", "catena.ingest.isolation"]
    try:
        done = subprocess.run(
            command, env=clean_environment(os.environ), capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"none: {error}"
    return done.stdout.strip()


def confine_job(memory_mib: int, parent: int) -> None:
    """Limit the process that reads one document: memory, no files written, dead when its parent dies."""
    os.setpgid(0, 0)
    die_with_parent(parent)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        limit = _mapped_bytes() + ((memory_mib + _ADDRESS_SLACK_MIB) << 20)
        _lower(resource.RLIMIT_AS, limit)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 256)


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when the one that copied itself into it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be watched
            os._exit(1)


def _lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(limit, (value, value))


def _mapped_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    print(leave_network())
