"""What README.md shows is what happens: its transcripts are run, and compared line by line.

A fenced block marked `console` holds commands after `$ ` and what they print. A line of dots stands for any
lines; `…` within a line for any characters. `pip install` and `make` lines are shown, not run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_RUN = ("make", "pip", "git", "cd", "sudo")


@dataclass(frozen=True)
class Step:
    command: str
    output: str


def transcript() -> list[Step]:
    """The steps of all blocks in their order: later ones build on the library of the earlier ones."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.M | re.S)
    steps = [step for block in blocks for step in read_steps(block)]
    return [step for step in steps if step.command.split()[0] not in NOT_RUN]


def read_steps(block: str) -> list[Step]:
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [Step(*(part.replace("\\\n", "").split("\n", 1))) for part in parts]


def shape(output: str) -> re.Pattern[str]:
    """What is printed must look like: the shown text, with blanks of any width."""
    lines = [
        re.escape(" ".join(line.split())).replace("…", ".*") for line in output.splitlines() if line.strip()
    ]
    pattern = "\n".join(r"(?:.*\n)*?.*" if line in (r"\.\.\.", ".*") else line for line in lines)
    return re.compile(pattern)


def run(command: str, folder: Path) -> str:
    words = shlex.split(command)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode in (0, 3), done.stdout
    return "\n".join(" ".join(line.split()) for line in done.stdout.splitlines() if line.strip())


@pytest.mark.slow
def test_transcripts_are_true(book: Path) -> None:
    for step in transcript():
        printed = run(step.command, book.parent)
        assert shape(step.output).search(printed), f"$ {step.command}\n{printed}"


def test_python_in_the_readme_compiles() -> None:
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)):
        compile(block, f"README block {number}", "exec")


def test_readme_is_short_and_starts_with_a_command() -> None:
    lines = README.splitlines()
    assert len(lines) <= 150
    assert any(line.startswith(("$ make", "make", "git clone")) for line in lines[:25])


def test_files_named_in_the_readme_exist() -> None:
    named = re.findall(r"\]\((?!http|#)([^)#]+)", README)
    assert [name for name in named if not (ROOT / name).exists()] == []
