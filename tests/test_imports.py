"""What is imported when: the start-up path of a command stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.imported import MODULES

HEAVY = ("torch", "streamlit", "litellm", "llama_index", "pymupdf", "langgraph", "sqlalchemy", "onnxruntime")
SERVERS = ("fastapi", "mcp", "starlette", "uvicorn")
HELP = "import sys; from catena.app.cli import cli; cli(['--help'], standalone_mode=False)"


def loaded(code: str) -> set[str]:
    """The names of all modules that a fresh interpreter has after running the code."""
    report = "import sys; print(); print(' '.join(sys.modules))"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("code", ["import catena", "import catena; catena.AskOptions", HELP])
def test_start_up_loads_nothing_heavy(code: str) -> None:
    assert loaded(code) & {*HEAVY, *SERVERS} == set()


def test_the_client_loads_neither_a_model_library_nor_a_page() -> None:
    assert loaded("from catena import Catena") & {"torch", "streamlit", "litellm", "llama_index"} == set()


def test_an_import_leaves_the_environment_alone() -> None:
    code = (
        "import os; kept = dict(os.environ); from catena import Catena; assert os.environ == kept, 'changed'"
    )
    assert "catena.client" in loaded(code)


def test_the_parser_child_has_no_database_and_no_model() -> None:
    assert (
        loaded("import catena.ingest.sandbox.parser_child")
        & {"sqlalchemy", "langgraph", "litellm", "onnxruntime"}
        == set()
    )


ASKED = """
from catena import Catena
with Catena({home!r}) as c:
    c.add({file!r})
    assert c.ask("How long does the battery last?").status == "answered"
"""
OF_MODELS = {
    *(f"catena.agents.generative.{name}" for name in ("chain", "demonstrations", "ledger", "model_reader")),
    *(f"catena.agents.generative.{name}" for name in ("multi_document", "passage_filter", "query_expansion")),
    "catena.agents.generative.support_judge",
    "catena.agents.kv_strategy",
    "catena.agents.cost.call_estimate",
    "catena.model_answerer",
    "catena.llm.litellm_client",
    "catena.llm.openai_request",
    "catena.kv.policies.kv_page_retriever",
}


def test_a_question_without_a_model_loads_nothing_of_models(tmp_path: Path) -> None:
    file = tmp_path / "lantern.txt"
    file.write_text("The battery of the lantern lasts forty hours.")
    found = loaded(ASKED.format(home=str(tmp_path / "home"), file=str(file)))
    assert "catena.agents.graph" in found
    assert found & {"litellm", "llama_index", "torch", *OF_MODELS} == set()
    assert set(MODULES) >= OF_MODELS, "a module that is gone is not looked for"


SEARCHED = """
from pathlib import Path
from catena import Catena, load_settings
with Catena(settings=load_settings(home={home!r}, background=False)) as c:
    for number in range(9):
        file = Path({home!r} + str(number) + ".txt")
        file.write_text("The battery of lantern " + str(number) + " lasts forty hours.")
        c.add(file)
    for _ in range(2):
        assert c.search("How long does the battery of lantern 3 last?")
"""


def test_many_documents_are_chosen_without_llama_index(tmp_path: Path) -> None:
    found = loaded(SEARCHED.format(home=str(tmp_path / "home")))
    assert found & {"faiss", "llama_index"} == {"faiss"}
