"""A machine with a GPU may have PyTorch and transformers and nothing else: the engine needs no more."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {"numpy", "safetensors", "tokenizers", "torch", "transformers", "xxhash"}
THEIRS = {"huggingface_hub", "httpx", "rich", "typer"}
"""What transformers itself needs."""
IMPORT_NAMES = {"faiss-cpu": "faiss", "llama-index-core": "llama_index", "pystemmer": "Stemmer"}
HIDE = """
import sys
from importlib.machinery import PathFinder

class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else super().find_spec(name, path, target)

sys.meta_path[:] = [Hiding if finder is PathFinder else finder for finder in sys.meta_path]
"""
ENGINE = """
import torch
from catena.kv.policies import trained_retriever as trained
from catena.kv.engine import model_loading as loading
from catena.kv.engine import document_registry as registry
from catena.kv.cache import cache_store as store
from catena.kv.engine import retriever_training as training
from catena.kv.engine.engine import Engine
from catena.benchmarks.kv import gpu
from tests.kv import tiny
assert tiny.read_tokens("llama", tiny.tokens(40)).num_tokens == 40
"""


def hidden() -> set[str]:
    """The import names of all that Catena depends on and the engine may not need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    names = {line.partition(";")[0].split(">")[0].split("=")[0].split("[")[0].strip() for line in listed}
    found = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}
    return found - ALLOWED - THEIRS


def run(code: str) -> subprocess.CompletedProcess[str]:
    whole = f"HIDDEN = {hidden()!r}\n{HIDE}\n{code}"
    return subprocess.run([sys.executable, "-c", whole], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_the_engine_reads_a_document_with_the_rest_hidden() -> None:
    done = run(ENGINE)
    assert done.returncode == 0, done.stderr


def test_what_is_hidden_cannot_be_imported() -> None:
    names = {"sqlalchemy", "faiss", "litellm", "pymupdf", "fastapi", "langgraph"}
    assert names <= hidden()
    found = run(f"from importlib.util import find_spec; print([n for n in {sorted(names)} if find_spec(n)])")
    assert found.stdout.strip() == "[]", found.stderr
