"""How a question was read: pages per retriever, readers, facts, cost; from events, an answer, or both."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena import AskOptions, Catena, Limits, OptionError
from catena.events import Event
from catena.question_runs import Run
from catena.testing import StubModel

QUESTION = "How long does the battery of the lantern last?"


def test_an_answer_shows_which_pages_were_found_read_and_cited(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
        answer = c.ask(QUESTION)
        found = c.questions.trace(answer.run_id)
    (document,) = found.documents
    assert [page.is_cited for page in document.pages] == [False, True, False]
    assert document.pages[1].is_read and found.state == "answered" and found.answer == answer


def test_a_refusal_cites_no_page(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
        answer = c.ask("Who won the chess championship of 1972?")
        pages = c.questions.trace(answer.run_id).documents[0].pages
    assert answer.citations and not answer.statements
    assert not any(page.is_cited for page in pages)


def test_heat_is_told_per_retriever_and_is_best_where_the_answer_stands(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
        heat = c.questions.trace(c.ask(QUESTION, options=AskOptions("retrieve")).run_id).documents[0].heat
    assert set(heat) == {"words", "meaning"}
    assert heat["words"][2] == heat["meaning"][2] == 1.0


def test_each_reader_shows_its_pages_its_facts_and_what_it_handed_on(home: Path, manual: Path) -> None:
    with StubModel() as stub, Catena(home, model="openai/stub", api_base=stub.url) as c:
        c.add(manual)
        run = c.questions.start(
            QUESTION, options=AskOptions("chain", paths=2), keys={"OPENAI_API_KEY": "sk-x"}
        )
        events = list(c.runs.follow(run.run_id))
        found = c.questions.trace(run.run_id)
    assert events[-1].kind == "answer" and len(found.paths) == 2
    (worker,) = found.paths[0].workers
    assert worker.pages == (1, 3) and "forty hours" in worker.note and worker.facts[0].page == 2
    assert found.usage.calls >= 2 and found.seconds


@pytest.fixture
def told(home: Path, manual: Path) -> Run:
    """A run that was interrupted after its first two readers, of which the second failed."""
    note = {"path": 1, "total": 3, "note": "forty hours", "facts": 1, "added": [], "failed": ""}
    usage = {"calls": 2, "prompt_tokens": 900, "completion_tokens": 80, "cost_usd": 0.01, "cached": 0}
    with Catena(home) as c:
        document = c.add(manual)
        run = Run("1" * 32, QUESTION, (document.id,), AskOptions(limits=Limits(max_calls=9)), 1.0)
        about = {**note, "document_id": document.id, "usage": usage}
        first = Event("note", "", {**about, "done": 1, "pages": [1, 2]})
        second = Event("note", "", {**about, "done": 2, "pages": [3, 3], "failed": "no reply"})
        c.runs.keep(run, [Event("route", "", {"strategy": "chain", "reason": "all"}), first, first, second])
    return run


def test_a_run_without_an_answer_shows_what_was_read_and_spent(home: Path, told: Run) -> None:
    with Catena(home) as c:
        found = c.questions.trace(told.run_id)
    assert found.state == "interrupted" and found.answer is None and found.usage.num_tokens == 980
    assert [page.is_read for page in found.documents[0].pages] == [True, True, False]
    assert [worker.failed for worker in found.paths[0].workers] == ["", "no reply"]


def test_what_was_never_asked_has_no_trace(home: Path) -> None:
    with Catena(home) as c, pytest.raises(OptionError):
        c.questions.trace("0" * 32)


def test_a_page_names_the_retriever_that_brought_it(home: Path, told: Run) -> None:
    with Catena(home) as c:
        hit = {"document_id": told.document_ids[0], "page": 3, "score": 1.0, "retriever": "kv"}
        c.runs.tell(told.run_id, Event("hits", "", {"pages": [hit]}))
        pages = c.questions.trace(told.run_id).documents[0].pages
    assert [page.found_by for page in pages] == ["", "", "kv"]
