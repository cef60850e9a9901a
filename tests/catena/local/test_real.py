"""A real model answers about a document: skipped without xllamacpp and a file in $CATENA_TEST_GGUF (`make real`)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catena.client import Catena
from catena.local.model_listing import rows
from catena.local.server_record import standing_of
from catena.local.stored_models import Shelf

pytest.importorskip("xllamacpp", reason="the extra llm")
FILE = os.environ.get("CATENA_TEST_GGUF", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(FILE or "/nowhere").is_file(), reason="$CATENA_TEST_GGUF names no file"),
]
TEXT = "# The lamp\n\nThe lamp in the kitchen is green. It was bought in Trieste in 1931 by Anna Weiss.\n"


def test_a_real_model_answers_with_a_quote(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(Path(FILE), "real")
    (tmp_path / "lamp.md").write_text(TEXT)
    with Catena(model="local/real") as catena:
        document = catena.add(tmp_path / "lamp.md")
        answer = catena.ask("In which year was the lamp bought?", documents=[document])
    assert answer.model == "local/real"
    assert answer.usage.calls >= 1
    assert answer.usage.prompt_tokens > 50
    assert answer.status in ("answered", "not_in_document")
    record = standing_of(shelf.folder, "real").running()
    assert record is not None
    assert record.window >= 2048
    assert rows(shelf)[0].is_running
