from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.graph import run
from catena.agents.reasoner import Draft, Question
from catena.agents.run_store import Checkpoints
from catena.events import Event
from catena.options import AskOptions, Limits
from catena.render.answer_json import from_json, to_json
from catena.types import Note
from tests.agents.shelf import DOC, MemoryShelf, WordEmbedder, WordRetriever, make_page

LINES = [
    ("The fox lives in a burrow by the river.", "Otters swim at night."),
    ("Mr. Toad bought a yellow motor car in London.", "He paid four hundred pounds for it."),
    ("The badger never leaves the wild wood in winter.", "Snow lay on the ground."),
    ("A washerwoman sold him her dress.", "The railway was long."),
    ("The weasels took the hall by night.", "They had pistols."),
    ("In spring the mole cleaned his little house.", "Then he ran to the river."),
]


@pytest.fixture
def deps() -> Deps:
    shelf = MemoryShelf(
        [make_page(n, [("text", line) for line in lines]) for n, lines in enumerate(LINES, 1)]
    )
    embedder = WordEmbedder()
    reader = ExtractiveReasoner(embedder)
    return Deps(shelf, WordRetriever(shelf), embedder, reader, chain=reader)


def test_a_question_gets_a_verified_sentence(deps: Deps) -> None:
    answer = asyncio.run(run(deps, "In which town was a yellow motor car bought by Mr. Toad?", [DOC]))
    citation = answer.citations[answer.statements[0].citations[0]]
    assert answer.status == "answered"
    assert citation.quote == "Mr. Toad bought a yellow motor car in London."
    assert citation.status == "verified" and citation.parts[0].ref.number == 2
    assert answer.statements[0].support == "quoted"
    assert from_json(to_json(answer)) == answer


def test_every_answer_says_who_read(deps: Deps) -> None:
    answer = asyncio.run(run(deps, "Where does the fox live?", [DOC]))
    assert "--model" in answer.warnings[0] and "CATENA_MODEL" in answer.warnings[0]


def test_a_chain_reads_every_page(deps: Deps) -> None:
    answer = asyncio.run(run(deps, "Who took the hall?", [DOC], AskOptions(strategy="chain")))
    assert answer.coverage.pages_read == answer.coverage.pages_total == len(LINES)
    assert answer.coverage.documents[0].unread == ()
    assert "weasels" in answer.text


def test_events_come_in_order(deps: Deps) -> None:
    events: list[Event] = []
    asyncio.run(run(deps, "Where does the fox live?", [DOC], on_event=events.append))
    kinds = [event.kind for event in events]
    assert kinds[:3] == ["route", "hits", "read"] and kinds[-1] == "done" and "statement" in kinds


def test_a_cancelled_run_gives_an_answer_that_says_so(deps: Deps) -> None:
    cancel = threading.Event()
    cancel.set()
    answer = asyncio.run(run(replace(deps, cancel=cancel), "Where does the fox live?", [DOC]))
    assert (answer.status, answer.stopped) == ("stopped", "cancelled")
    assert answer.coverage.pages_read == 0


def test_a_time_cap_keeps_what_was_found(deps: Deps) -> None:
    ticks = iter(range(1000))
    reasoner = ExtractiveReasoner(deps.embedder, segment_words=20)
    slow = replace(deps, clock=lambda: float(next(ticks)), reasoner=reasoner, chain=reasoner)
    options = AskOptions(strategy="chain", limits=Limits(max_seconds=3))
    answer = asyncio.run(run(slow, "Where does the fox live?", [DOC], options))
    assert answer.status == "stopped" and answer.stopped == "time cap of 3 s reached"
    assert 0 < answer.coverage.pages_read < len(LINES)
    assert "burrow" in answer.text
    assert any(warning.startswith("Not read in A book: pages") for warning in answer.warnings)


def test_a_run_with_a_thread_leaves_checkpoints(deps: Deps, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    kept = replace(deps, checkpoints=Checkpoints(path))
    first = asyncio.run(run(kept, "Where does the fox live?", [DOC], run_id="r1"))
    again = asyncio.run(run(kept, "Where does the fox live?", [DOC], run_id="r1"))
    assert path.exists() and again == first


def test_what_is_not_there_is_not_answered(deps: Deps) -> None:
    answer = asyncio.run(run(deps, "Which volcano erupted over Reykjavik in 1783?", [DOC]))
    assert (answer.status, answer.statements) == ("not_in_document", ())
    assert answer.text == "No passage was found that answers this."


def test_one_more_retrieval_is_the_most(deps: Deps) -> None:
    asked: list[str] = []

    class Insisting(ExtractiveReasoner):
        async def write(self, question: Question, note: Note, view: DocumentView) -> Draft:
            asked.append(question.text)
            return Draft((), missing="fox burrow")

    answer = asyncio.run(
        run(replace(deps, reasoner=Insisting(deps.embedder)), "Which volcano erupted?", [DOC])
    )
    assert len(asked) == 2 and answer.status == "not_in_document"


@pytest.mark.parametrize(
    ("question", "strategy"),
    [("How many times does Toad sing?", "chain"), ("What did Toad buy?", "retrieve")],
)
def test_the_scope_of_a_question_chooses_the_strategy(deps: Deps, question: str, strategy: str) -> None:
    answer = asyncio.run(run(deps, question, [DOC]))
    assert answer.strategy == strategy and answer.strategy_reason


def test_what_a_document_said_goes_with_it(deps: Deps, tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints.db")
    asyncio.run(run(replace(deps, checkpoints=checkpoints), "Where does the fox live?", [DOC], run_id="r1"))
    assert checkpoints.forget(DOC) == 1
    assert checkpoints.forget(DOC) == 0
