"""A quota: each write fails where the disk seems to have room. It is named as what it is, and damages nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from catena.client import Catena
from catena.files.disk_reserve import NAME, give_up_reserve, may_take_none
from catena.settings import load_settings


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [0, 5])
def test_a_quota_is_named_and_what_is_there_is_read(
    home: Path, manual: Path, tmp_path: Path, preloaded: dict[str, str], allowed: int
) -> None:
    settings = load_settings(home=home, background=False, model="")
    with Catena(settings=settings) as client:
        client.add(manual)
    (tmp_path / "more.txt").write_text("The glacier feeds the mill.")
    command = [
        sys.executable,
        "-m",
        "tests.catena.quota_commands",
        str(home),
        str(tmp_path / "more.txt"),
        str(allowed),
    ]
    done = subprocess.run(command, env=preloaded, capture_output=True, text=True, timeout=300)
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 0 and set(said) == {"add", "ls", "doctor", "ask", "rm"}, done.stderr
    assert "quota" in said["add"] and "quota" in said["rm"] and "damaged" not in done.stdout
    assert said["ls"] == "1" and "forty hours" in said["ask"]
    with Catena(settings=settings) as client:
        assert not client.health().problems and len(client.documents()) == 1
        client.remove(client.documents()[0])


def test_the_reserve_is_given_up_once(home: Path) -> None:
    home.mkdir()
    (home / NAME).write_bytes(b"room")
    assert give_up_reserve(home) and not give_up_reserve(home)
    assert not may_take_none(home) and list(home.iterdir()) == []
