"""Landlock (Linux 5.13): a process gives up all files but those it names, and with newer kernels network and signals.

Source: Documentation/userspace-api/landlock.rst. What it does not cover (changing modes and owners, asking whether
a path exists) is left to `catena.ingest.confinement.seccomp`, or stays possible.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Rights that a version brought: files and folders; linking elsewhere; cutting; commands to devices."""
_NETWORK, _NETWORK_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6
"""Abstract Unix sockets and signals: those of processes outside are out of reach."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def landlock_version() -> int:
    """The version of the kernel's interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def keep_files(readable: Iterable[str | int]) -> None:
    """Allow reading beneath these paths and of these open files; nothing else from here on. Raises OSError.

    Wants `PR_SET_NO_NEW_PRIVS` set before.
    """
    version = landlock_version()
    libc = ctypes.CDLL(None, use_errno=True)
    rights = sum(right for since, right in _FILE_RIGHTS.items() if version >= since)
    wanted = _Ruleset(rights, _NETWORK * (version >= _NETWORK_SINCE), _SCOPES * (version >= _SCOPES_SINCE))
    size = 8 * (1 + (version >= _NETWORK_SINCE) + (version >= _SCOPES_SINCE))
    ruleset = _checked(libc.syscall(_CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(size), 0))
    try:
        for place in readable:
            _allow(libc, ruleset, place)
        _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, place: str | int) -> None:
    try:
        file = os.dup(place) if isinstance(place, int) else os.open(place, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(file).st_mode)
        rule = _Beneath(_READ_FILE | (_READ_DIR if is_folder else 0), file)
        _checked(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(file)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result
