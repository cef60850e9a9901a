"""The package is catena-qa wherever one installs it: `catena` on the package index is another project's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from catena.errors import DISTRIBUTION, MissingExtra

ROOT = Path(__file__).parent.parent
WRITTEN = ("*.md", "*.py", "*.sh", "*.toml", "Makefile", "*.txt", ".ci/run")
INSTALLS = re.compile(
    r"\b(?:pip3?|pipx|uv|conda|mamba|poetry|pdm)\b.*\b(?:install|add|upgrade|inject|run)\b|\buvx\b"
)
OURS = re.compile(r"(?<![\w/.@-])catena(?!-qa)(?=[\[\"'`\s=<>~!@,;)]|\.?$)")
EXTRA = re.compile(r"(?<![\w.])catena\[[a-z]")


def wrong_lines(text: str) -> list[str]:
    """Lines that would have somebody install another's package."""
    whole = text.replace("\\\n", " ")
    return [line.strip() for line in whole.splitlines() if EXTRA.search(line) or _installs_another(line)]


def _installs_another(line: str) -> bool:
    """Whether the name stands behind a command that installs, before a comment or another command."""
    return any(
        OURS.search(re.split(r"\s#\s|&&|;", line[found.start() :])[0]) for found in INSTALLS.finditer(line)
    )


@pytest.mark.parametrize(
    "line",
    [
        "pip install {}",
        'pip install torch "{}[local]"',
        "`pip install --upgrade {}`",
        "uv pip install {}==0.1",
        "uv add {}",
        "uvx {} ask",
        "pipx install '{}'",
        "Install the extra {}[ui].",
        "pip install \\\n    {}",
    ],
)
def test_a_wrong_line_is_seen(line: str) -> None:
    assert wrong_lines(line.format("catena"))
    assert not wrong_lines(line.format(DISTRIBUTION))


def test_nothing_written_installs_another_project() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *WRITTEN], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    files = [ROOT / name for name in listed if name and ROOT / name != Path(__file__)]
    assert len(files) > 300 or not (ROOT / ".git").exists()
    found = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if file.is_file() and (lines := wrong_lines(file.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_a_missing_extra_names_the_package() -> None:
    assert MissingExtra("streamlit", "ui").remedy == 'Install it: pip install "catena-qa[ui]"'
