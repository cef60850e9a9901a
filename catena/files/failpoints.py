"""Named points where a test can kill the process or fail the disk; in production each costs one comparison.

`CATENA_FAULT=before-commit:3` kills the process (SIGKILL) when it passes that point for the third time;
`CATENA_FAULT=*:7:ENOSPC` makes the seventh point of any name raise that OSError instead.
"""

from __future__ import annotations

import errno
import os
import signal

POINTS = (
    "before-write",
    "before-fsync",
    "after-fsync",
    "before-rename",
    "after-rename",
    "before-folder-fsync",
    "after-folder-fsync",
    "before-claim",
    "after-claim",
    "inside-transaction",
    "before-commit",
    "after-commit",
    "before-unlink",
    "after-unlink",
)
_armed: list[str] = os.environ.get("CATENA_FAULT", "").split(":")
_passed = 0


def arm(fault: str) -> None:
    """Set what `CATENA_FAULT` says; an empty text disarms."""
    global _passed
    _armed[:] = fault.split(":")
    _passed = 0


def passed() -> int:
    """Tell how often the armed point was passed."""
    return _passed


def point(name: str) -> None:
    """Mark a step of the work that a crash or a full disk may hit."""
    if _armed[0] and _armed[0] in (name, "*"):
        _pass()


def _pass() -> None:
    global _passed
    _passed += 1
    if len(_armed) < 2 or _passed != int(_armed[1]):
        return
    if len(_armed) > 2:
        code = getattr(errno, _armed[2])
        raise OSError(code, os.strerror(code))
    os.kill(os.getpid(), signal.SIGKILL)
