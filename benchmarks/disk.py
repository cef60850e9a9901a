"""A disk that fails when it is told to: `disk.c`, compiled once and preloaded into a process of its own."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from catena.errors import OptionError


@dataclass(frozen=True, slots=True)
class Fault:
    """Operation `nth` fails with the error of this name; with `goes_on` all later ones too. 0: none fails."""

    nth: int = 0
    error: str = "EIO"
    goes_on: bool = False

    def __str__(self) -> str:
        return f"operation {self.nth} {'and all later ' if self.goes_on else ''}with {self.error}"


def run_preloaded(module: str, arguments: Sequence[str], folder: Path) -> int:
    """Run a module in a process whose disk can fail; returns its exit code. Raises OptionError without a compiler."""
    environment = {**os.environ, "LD_PRELOAD": str(compile_disk(folder))}
    return subprocess.call([sys.executable, "-m", module, *arguments], env=environment)


def compile_disk(folder: Path) -> Path:
    """Build the library in a folder. Raises OptionError where that cannot be done."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        raise OptionError(
            "Disk faults need Linux and a C compiler (cc).", "On Debian: apt-get install gcc libc6-dev"
        )
    built = folder / "disk.so"
    with as_file(files("catena.benchmarks") / "disk.c") as source:
        command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(built), str(source), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
    return built


def is_preloaded() -> bool:
    return hasattr(ctypes.CDLL(None), "disk_arm")


def arm(folder: Path, fault: Fault) -> None:
    """Let what is below a folder fail in this process from now on."""
    code = getattr(errno, fault.error)
    ctypes.CDLL(None).disk_arm(os.fsencode(folder), ctypes.c_long(fault.nth), code, int(fault.goes_on))


def passed() -> int:
    """Count the operations since `arm`."""
    count = ctypes.CDLL(None).disk_passed
    count.restype = ctypes.c_long
    return int(count())
