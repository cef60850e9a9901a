"""A real model by llama.cpp, `--model local/NAME`: strategies answer, and an answer that is written can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.client import Catena
from catena.local.model_listing import rows
from catena.local.server_record import standing_of
from catena.local.server_start import stop
from catena.local.stored_models import Shelf
from catena.options import AskOptions
from catena.types import Strategy
from tests.real.conftest import IS_LONG, check_boxes, check_came

pytest.importorskip("xllamacpp", reason="no engine: make fetches xllamacpp where there is an index")
pytestmark = pytest.mark.slow
QUESTION = "How long does the battery of the lantern last?"


@pytest.fixture(scope="module")
def shelf(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The model, whose server all tests share."""
    made = Shelf(tmp_path_factory.mktemp("models"))
    made.add(file, "real")
    yield made
    stop(made.folder, "real")


@pytest.fixture
def catena(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catena]:
    monkeypatch.setenv("CATENA_MODELS_FOLDER", str(shelf.folder))
    with Catena(model="local/real") as made:
        yield made


LONG = pytest.mark.skipif(
    not IS_LONG, reason="so small a model fills each note of a chain with noise: make real"
)


@pytest.mark.parametrize("strategy", ["retrieve", "full", pytest.param("chain", marks=LONG)])
def test_each_strategy_answers(strategy: Strategy, catena: Catena, shelf: Shelf, manual: Path) -> None:
    document = catena.add(manual)
    answer = catena.ask(QUESTION, documents=[document], options=AskOptions(strategy=strategy))
    assert (answer.model, answer.strategy) == ("local/real", strategy)
    check_came(answer)
    check_boxes(answer, catena.library.pages(document.id))
    record = standing_of(shelf.folder, "real").running()
    assert record is not None and record.window >= 2048
    assert rows(shelf)[0].is_running


def test_an_answer_that_is_written_can_be_stopped(catena: Catena, manual: Path) -> None:
    document = catena.add(manual)
    run = catena.questions.start(
        "Tell all that the manual says, word by word, and then say it again.",
        documents=[document],
        options=AskOptions(strategy="full"),
        is_here=True,
    )
    for event in catena.runs.follow(run.run_id):
        if event.kind == "token":
            catena.runs.cancel(run.run_id)
    assert catena.runs.run(run.run_id).state in ("cancelled", "answered")  # it may have been at its end
    check_came(catena.ask(QUESTION, documents=[document], options=AskOptions(strategy="full")))
