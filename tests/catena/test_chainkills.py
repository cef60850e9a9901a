"""Six of the two hundred kills (`python -m catena.benchmarks.chainkills`) over runs of a chain."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_six_kills_change_nothing() -> None:
    command = [sys.executable, "-m", "catena.benchmarks.chainkills", "--kills", "6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kills" in done.stdout
