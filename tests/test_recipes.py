"""The recipes of the reference run as they stand, and the reference names all that is exported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import catena

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
RECIPES = dict(
    re.findall(
        r"^## (.+?)\n.*?```python\n(.*?)```", (REFERENCE / "recipes.md").read_text("utf-8"), re.M | re.S
    )
)
LANTERN = (
    "The lantern\n\nThe lantern is made by Harbour Works in Bremen.\n\n"
    "Its battery lasts forty hours. The warranty is five years.\n"
)
Told = dict[str, Any]
CHECKS: dict[str, Callable[[Told], bool]] = {
    "Boxes to pictures": lambda told: Path("1-p1.png").read_bytes().startswith(b"\x89PNG"),
    "Async": lambda told: "forty hours" in told["texts"][1],
    "Events": lambda told: "Harbour Works" in told["text"],
    "A collection, and a filter that is kept": lambda told: (
        len(told["found"]) == 1 and "forty hours" in told["answer"].text
    ),
    "Many documents to a table": lambda told: Path("table.csv").read_text().count("forty hours") >= 2,
    "What an edit changed": lambda told: (
        [one.words for one in told["changed"]] == [[("forty", "fifty")]]
        and [one.state for one in told["standings"]] == ["changed"]
    ),
    "FastAPI": lambda told: "Harbour Works" in told["reply"]["answer"] and told["reply"]["pages"] == [1],
    "Notebook": lambda told: "Harbour Works" in told["proof"]._repr_html_() and not told["c"].close(),
    "LlamaIndex": lambda told: told["pages"] == [1],
    "LlamaIndex answers": lambda told: "Harbour Works" in told["response"].source_nodes[0].text,
    "LangChain": lambda told: told["labels"] == ["1"],
    "A model of your own": lambda told: told["answer"].usage.calls == 1,
    "An embedder of your own": lambda told: told["hits"][0].ref.number == 1,
    "A vector store of your own": lambda told: told["hits"] and any(Path("qdrant").rglob("*.sqlite")),
}
"""What each recipe leaves behind."""


def test_every_recipe_is_checked() -> None:
    assert RECIPES.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "papers").mkdir()
    for file in ("lantern.txt", "papers/first.txt", "papers/second.txt"):
        Path(file).write_text(LANTERN + file, "utf-8")
    told: Told = {"__name__": "recipe"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # of what others import
        exec(compile(RECIPES[name], name, "exec"), told)
    assert CHECKS[name](told)


def test_the_reference_is_made_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    built = subprocess.run(
        [*command, "--config-file", str(REFERENCE.parent / "mkdocs.yml")],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert built.returncode == 0, built.stderr
    assert "citation_images" in (tmp_path / "index.html").read_text("utf-8")


def test_the_reference_has_all_that_is_exported() -> None:
    pages = "".join(path.read_text("utf-8") for path in REFERENCE.glob("*.md"))
    whole = set(re.findall(r"^::: (\S+)$\n(?!    options:\n(?:      .*\n)*?      members)", pages, re.M))
    named = set(re.findall(r"[A-Za-z]\w+", " ".join(re.findall(r"members: \[(.*?)\]", pages))))
    places = {name: catena._MODULES.get(name, "catena.types") for name in catena.__all__}
    missing = [
        name
        for name, module in places.items()
        if module not in whole and f"{module}.{name}" not in whole and name not in named
    ]
    assert missing == []
