"""Documents are removed while they are asked: the rest answers, says so, and nothing of what went is kept."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pytest

from catena.client import Catena
from catena.errors import DocumentNotFound
from catena.events import Event
from catena.options import AskOptions
from catena.question_runs import Run
from catena.types import Document, Strategy

QUESTION = "How long does the battery of the lantern last?"
FILLER = "The keeper writes each boat down in the book of the harbour. " * 3


@pytest.fixture
def documents(tmp_path: Path) -> list[Document]:
    facts = (
        "The battery of the lantern lasts forty hours.",
        "The battery of the lantern lasts ninety hours.",
        "",
    )
    with Catena() as client:
        for number, fact in enumerate(facts):
            path = tmp_path / f"book{number}.txt"
            path.write_text(f"{fact}\n\n{FILLER}{number}")
            client.add(path)
        return client.documents()


class Remover:
    """Removes a document by a client of its own, before the n-th event of a question goes on."""

    def __init__(self, document: Document, at: int) -> None:
        self.document, self.at, self.num_events = document, at, 0

    def __call__(self, event: Event) -> None:
        if self.num_events == self.at:
            with Catena() as other:
                other.remove(self.document)
        self.num_events += 1


@pytest.mark.parametrize(("strategy", "at"), [("retrieve", 0), ("retrieve", 2), ("chain", 1), ("chain", 3)])
def test_a_document_that_is_removed_meanwhile_is_left_out_and_named(
    home: Path, documents: list[Document], strategy: Strategy, at: int
) -> None:
    remover = Remover(documents[1], at)
    with Catena() as client:
        answer = client.ask(QUESTION, options=AskOptions(strategy), on_event=remover)
        kept = [answer.data for answer in client.library.history.answers()]
    assert remover.num_events > at, "it was removed while the question was answered"
    assert "forty hours" in answer.text and "ninety" not in answer.text
    assert any("'book1' was removed" in one and "from the rest" in one for one in answer.warnings)
    assert len(kept) == 1 and documents[1].id not in json.dumps(kept)
    assert {one.document_id for one in answer.coverage.documents} == {documents[0].id, documents[2].id}


def test_a_document_that_nobody_asked_may_go(documents: list[Document]) -> None:
    with Catena() as client:
        answer = client.ask(QUESTION, documents=[documents[0]], on_event=Remover(documents[1], 1))
    assert "forty hours" in answer.text and not any("removed" in one for one in answer.warnings)


def test_where_none_is_left_that_is_said(documents: list[Document]) -> None:
    with Catena() as client:
        with pytest.raises(DocumentNotFound, match="'book0' was removed while") as caught:
            client.ask(QUESTION, documents=[documents[0]], on_event=Remover(documents[0], 1))
        assert caught.value.remedy and client.history() == []


def test_a_run_under_way_is_left_to_whoever_works_on_it(documents: list[Document]) -> None:
    with Catena() as client:
        for about in ((documents[0].id, documents[1].id), (documents[1].id,)):
            run_id = uuid.uuid4().hex
            client.runs.keep(Run(run_id, QUESTION, about, AskOptions(), time.time()))
            with client.runs.working_on(run_id):
                client.runs.forget(documents[1].id)
                assert client.runs.has(run_id) == (len(about) == 2)


def test_a_run_that_begins_anew_keeps_the_number_of_its_events(documents: list[Document]) -> None:
    run = Run(uuid.uuid4().hex, QUESTION, (documents[0].id, documents[1].id), AskOptions(), time.time())
    with Catena() as client:
        client.runs.keep(run, [Event("route", "x"), Event("done", "y")])
        client.runs.begin_anew(run.run_id, [documents[0].id])
        assert [event.kind for event in client.runs.events(run.run_id)] == ["resumed"] * 3
        assert client.runs.run(run.run_id).document_ids == (documents[0].id,)


def test_of_a_run_that_was_deleted_nothing_is_written(home: Path, documents: list[Document]) -> None:
    with Catena() as client:
        client.runs.tell("0" * 32, Event("done", "x"))
        assert client.runs.all() == [] and not client.runs.has("0" * 32)
