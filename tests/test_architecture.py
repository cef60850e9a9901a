"""Imports go one way, and heavy packages stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agents", "app", "evaluation", "examples", "ingest", "retrieval", "serving")
ORDER = ["core", "ingest", "retrieval", "serving", "agents", "client", "examples", "evaluation", "app"]
# The modules of catena/ that tie the folders together, and what only re-exports them.
TIES = {
    "catena",
    *(
        f"catena.{name}"
        for name in (
            "adding",
            "answering",
            "asking",
            "arena",
            "batchruns",
            "bookqa",
            "client",
            "handlers",
            "healing",
        )
    ),
    *(f"catena.{name}" for name in ("estimates", "runs", "systems", "trace")),
}
TORCH = ("torch", "transformers", "safetensors")
TORCH_AT = ("catena.serving", "catena.retrieval.kv", "catena.evaluation.kv")


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the package with its import name; folders are read once, not through the symlinks."""
    for folder in ("catena", *FOLDERS):
        prefix = "" if folder == "catena" else "catena."
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if folder == "catena" and parts[1] in FOLDERS:
                continue
            yield prefix + ".".join(parts).removesuffix(".__init__"), path


MODULES = dict(sources())


@cache
def imports(path: Path) -> frozenset[str]:
    """Every name that the file imports, at its top or inside functions; types alone do not count."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def layer(name: str) -> str:
    """`catena.retrieval.lexical.DocumentIndex` -> `retrieval`."""
    parts = name.split(".")
    if len(parts) > 1 and parts[1] in FOLDERS:
        return parts[1]
    return "client" if name in TIES or ".".join(parts[:2]) in TIES - {"catena"} else "core"


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    allowed = ORDER[: ORDER.index(layer(name)) + 1]
    ours = {other for other in imports(MODULES[name]) if other.startswith("catena.")}
    assert {other: layer(other) for other in ours if layer(other) not in allowed} == {}


@pytest.mark.parametrize("name", MODULES)
def test_torch_stays_in_its_folders(name: str) -> None:
    if not name.startswith(TORCH_AT):
        assert {other for other in imports(MODULES[name]) if other.split(".")[0] in TORCH} == set()


@pytest.mark.parametrize("name", MODULES)
def test_no_bare_import_of_our_folders(name: str) -> None:
    assert {other for other in imports(MODULES[name]) if other.split(".")[0] in FOLDERS} == set()


def test_nothing_in_app_has_the_name_of_a_package() -> None:
    """Streamlit puts app/ first on `sys.path`, where such a file would hide the package."""
    ours = {path.stem for path in (ROOT / "app").iterdir()} - {"__init__", "__pycache__"}
    imported = {other.split(".")[0] for path in MODULES.values() for other in imports(path)}
    third_party = {"config", "pages", "streamlit", "test", "tests", "utils", "catena", *FOLDERS}
    assert ours & (imported | third_party) == set()
