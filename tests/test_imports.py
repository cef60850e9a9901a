"""What is imported when: the start-up path of a command stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "streamlit", "litellm", "llama_index", "pymupdf", "langgraph", "sqlalchemy", "onnxruntime")
HELP = "import sys; from catena.app.cli import cli; cli(['--help'], standalone_mode=False)"


def loaded(code: str) -> set[str]:
    """The names of all modules that a fresh interpreter has after running the code."""
    report = "import sys; print(); print(' '.join(sys.modules))"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("code", ["import catena", "import catena; catena.AskOptions", HELP])
def test_start_up_loads_nothing_heavy(code: str) -> None:
    assert loaded(code) & set(HEAVY) == set()


def test_the_client_loads_neither_a_model_library_nor_a_page() -> None:
    assert loaded("from catena import Catena") & {"torch", "streamlit", "litellm", "llama_index"} == set()


def test_the_parser_child_has_no_database_and_no_model() -> None:
    assert (
        loaded("import catena.ingest.child") & {"sqlalchemy", "langgraph", "litellm", "onnxruntime"} == set()
    )
