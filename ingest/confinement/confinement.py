"""Confinement of a parser process: no network, files, secrets, other processes, nor a life after its parent.

Landlock and seccomp where the kernel has them; else an empty root folder and another user, where that is allowed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from catena.ingest.confinement.landlock import keep_files, landlock_version
from catena.ingest.confinement.seccomp import refuse_system_calls

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "TMPDIR", "TZ")
# What MemoryError in the child looks like to the parent, so that no frame need be built without memory.
OUT_OF_MEMORY_EXIT = 71
# Beside what is there when the child starts: MuPDF's store and Python's own arenas map more than they use.
_ADDRESS_SLACK_MIB = 512
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_PACKAGES = ("site-packages", "dist-packages")
_NOBODY = 65534
PROC = Path("/proc")
"""Of Linux; other systems have none, and a process in a root of its own has not."""
_LIMITS = "files written: none; descriptors: 256; core: none"


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


@cache
def readable_places() -> tuple[str, ...]:
    """List paths that running code reads: Python, packages, system libraries; asked before the first job (ms)."""
    paths = sysconfig.get_paths()
    places = {os.path.realpath(place) for place in (*_LIBRARIES, paths["stdlib"], paths["platstdlib"])}
    places |= {os.path.realpath(place) for place in sys.path if os.path.basename(place) in _PACKAGES}
    for module in list(sys.modules.values()):
        for place in map(os.path.realpath, getattr(module, "__path__", ())):
            if not any(place == one or place.startswith(f"{one}/") for one in places):
                places.add(place)
    return tuple(sorted(places))


def confine_job(
    memory_mib: int, parent: int, *, files: Sequence[int] = (), tessdata: str = ""
) -> dict[str, str]:
    """Limit the process that reads one document: memory, no files but `files`, dead when its parent dies.

    Say how, for `catena doctor`. Call before any thread starts.
    """
    os.setpgid(0, 0)
    die_with_parent(parent)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 256)
    if sys.platform != "linux":
        _lower(resource.RLIMIT_FSIZE, 0)
        return {"files": f"none: {sys.platform} has no Landlock", "system calls": "none", "limits": _LIMITS}
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    memory = limit_memory(memory_mib)
    how = _leave_files(files, tessdata)
    _lower(resource.RLIMIT_FSIZE, 0)
    die_with_parent(parent)  # again: a change of user undoes it
    refused = refuse_system_calls()
    calls = (
        f"none: {refused}" if refused else "seccomp: no sockets, programs, tracing, mounts or changed modes"
    )
    return {"files": how, "system calls": calls, "limits": f"{memory}; {_LIMITS}"}


def _leave_files(files: Sequence[int], tessdata: str) -> str:
    if version := landlock_version():
        keep_files([*readable_places(), *filter(None, [tessdata]), *files])
        return f"Landlock (version {version}): the document, Python, libraries and Tesseract's data, to read alone"
    return _leave_root() or "none: this system has no Landlock, and lets no process leave its root"


def _leave_root() -> str:
    """Confine without Landlock: an empty folder as root, and another user; "" where that is not allowed."""
    folder = tempfile.mkdtemp()
    inside = os.open(folder, os.O_RDONLY)
    os.rmdir(folder)
    try:
        os.fchdir(inside)
        os.chroot(".")
    except OSError:
        return ""
    finally:
        os.close(inside)
    if os.getuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    return f"an empty root folder, as user {os.getuid()}"


def can_open_paths(proc: Path = PROC) -> bool:
    """Tell whether a confined process opens files by their path under /proc; else it has the descriptor alone."""
    return (proc / "self/fd").is_dir()


def limit_memory(memory_mib: int, proc: Path = PROC) -> str:
    """Limit the address space to what is mapped already and `memory_mib` more, and say whether that could be done."""
    try:
        pages = int((proc / "self/statm").read_text().split()[0])
    except OSError:  # what is mapped is not known, and any limit could be below it
        return f"no memory: this system has no {proc}, and the parent looks at it alone"
    mapped = pages * resource.getpagesize()
    _lower(resource.RLIMIT_AS, mapped + ((memory_mib + _ADDRESS_SLACK_MIB) << 20))
    return "memory"


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
