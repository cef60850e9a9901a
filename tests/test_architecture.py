"""Imports go one way, and heavy packages stay where they belong."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import pytest

from tests.imported import (
    ALL,
    FOLDERS,
    LOADED,
    MODULES,
    ROOT,
    RUN,
    Import,
    Where,
    arrows,
    circles,
    imports,
    module_of,
    packages,
)

ORDER = ("ingest", "retrieval", "kv", "agents", "bookqa", "examples", "benchmarks", "app")
"""Of the folders: each may import those before it. A module of catena/ stands right above the folders it imports."""
TORCH = {"torch", "transformers", "safetensors"}
TORCH_AT = ("catena.kv", "catena.benchmarks.kv")
HEAVY = {
    "faiss",
    "fastapi",
    "keyring",
    "langchain_core",
    "langgraph",
    "litellm",
    "llama_index",
    "matplotlib",
    "mcp",
    "numpy",
    "onnxruntime",
    "psutil",
    "pydantic",
    "pydantic_settings",
    "pymupdf",
    "ray",
    "rich",
    "sqlalchemy",
    "streamlit",
    "tesserocr",
    "tokenizers",
    "torch",
    "transformers",
    "triton",
    "uvicorn",
}
"""Packages that take from 40 ms (psutil) over 0.15 s (SQLAlchemy, Pydantic) to 4 s (LiteLLM, torch) to import."""
WITH_INNER = [module for module in MODULES if any(one.where == "inside" for one in imports(module))]


@cache
def height(module: str) -> float:
    """How high a module stands: its folder's place in the order, or half a step above the folders that it imports."""
    folder = module.split(".")[1] if module.count(".") else ""
    if folder in ORDER:
        return ORDER.index(folder)
    heights = [height(other) for other in arrows(RUN)[module]]
    folders = [one for one in heights if one == int(one)]
    return max([-0.5, *heights, *(one + 0.5 for one in folders)])


def test_the_order_has_every_folder() -> None:
    assert set(ORDER) == set(FOLDERS)


@pytest.mark.parametrize("where", [LOADED, RUN, ALL], ids=["loaded", "run", "types too"])
def test_no_import_leads_back(where: frozenset[Where]) -> None:
    assert circles(where) == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    above = {other: height(other) for other in arrows(RUN)[module] if height(other) > height(module)}
    assert above == {}


@pytest.mark.parametrize("module", WITH_INNER)
def test_an_import_inside_a_function_keeps_something_heavy_off(module: str) -> None:
    """What it imports leads to a heavy package that the module itself is loaded without, and a word says so."""
    inner = [one for one in imports(module) if one.where == "inside" and module_of(one.name)]
    there = packages(module, LOADED)
    light = [one for one in inner if not HEAVY & packages(module_of(one.name), RUN) - there]
    assert light == [], "import it at the top"
    assert not inner or _is_said(module, inner[0]), "say why: in the module's docstring, or beside the import"


def _is_said(module: str, first: Import) -> bool:
    text = MODULES[module].read_text(encoding="utf-8")
    beside = text.splitlines()[first.line - 2 : first.line]
    return "import" in (ast.get_docstring(ast.parse(text)) or "") or any("# " in line for line in beside)


@pytest.mark.parametrize("module", MODULES)
def test_torch_stays_in_its_folders(module: str) -> None:
    if not module.startswith(TORCH_AT):
        assert {one.name for one in imports(module) if one.name.split(".")[0] in TORCH} == set()


@pytest.mark.parametrize("module", MODULES)
def test_no_bare_import_of_our_folders(module: str) -> None:
    assert {one.name for one in imports(module) if one.name.split(".")[0] in FOLDERS} == set()


def test_nothing_in_app_has_the_name_of_a_package() -> None:
    """Streamlit puts app/ first on `sys.path`, where such a file would hide the package."""
    ours = {path.stem for path in (ROOT / "app").iterdir()} - {"__init__", "__pycache__"}
    imported = {one.name.split(".")[0] for module in MODULES for one in imports(module)}
    third_party = {"config", "pages", "streamlit", "test", "tests", "utils", "catena", *FOLDERS}
    assert ours & (imported | third_party) == set()


def test_a_name_stands_once_in_the_tree() -> None:
    """Where `X` lives has one answer."""
    stems = Counter(path.stem for path in MODULES.values() if path.name != "__init__.py")
    assert [stem for stem, times in stems.items() if times > 1] == []
