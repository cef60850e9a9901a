"""A run that broke off is listed and finished; what was read is not read again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from catena import AskOptions, Catena
from catena.agents.graph import run
from catena.agents.run_store import Checkpoints, UnfinishedRun
from catena.errors import ModelRefused, OptionError
from catena.render.answer_json import to_json
from catena.settings import Settings
from catena.testing import READ, Fault, StubModel

WORKER = "- The battery of the lantern lasts forty hours [1]"
ANSWER = "Evidence: [1]\nAnswer: The battery of the lantern lasts forty hours on one charge [1]."


def test_a_run_that_failed_goes_on_after_its_last_note(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("The battery of the lantern lasts forty hours on one charge.\n\n" + "Rain fell. " * 800)
    with StubModel([WORKER, WORKER, Fault("key"), *[WORKER] * 3, READ]) as stub:
        settings = Settings(home=home, model="openai/stub", api_base=stub.url, context_window=1500)
        with Catena(settings=settings.model_copy(update={"background": False})) as c:
            c.add(path)
            with pytest.raises(ModelRefused):
                c.ask("How long does the battery last?", options=AskOptions(strategy="chain"))
            (broken,) = c.questions.unfinished()
            read = [request["messages"] for request in stub.requests()]
            answer = c.resume(broken.run_id[:8])
            again = [request["messages"] for request in stub.requests()[len(read) :]]
            assert c.questions.unfinished() == [] and c.resume(broken.run_id) == answer == c.history()[0]
    assert again[0] == read[2] and not any(messages in read[:2] for messages in again)
    assert (answer.run_id, answer.coverage.documents[0].unread) == (broken.run_id, ())
    assert answer.usage.calls == len(read) + len(again) - 1


def test_a_run_killed_after_its_answer_was_kept_is_finished(manual: Path) -> None:
    with Catena() as c:
        document = c.add(manual)
        deps = c.questions._answerer()._deps(UnfinishedRun("", "", (document.id,), AskOptions()), None)
        answer = asyncio.run(run(deps, "How long does the battery last?", [document.id]))
        assert [one.run_id for one in c.questions.unfinished()] == [answer.run_id]
        c.library.history.save_answer(answer.run_id, answer.thread_id, to_json(answer))
        assert (
            c.questions.unfinished() == []
            and Checkpoints(c.settings.home / "checkpoints.db").unfinished() == []
        )


def test_an_unknown_run_is_an_error(home: Path) -> None:
    with Catena() as c, pytest.raises(OptionError, match="catena runs"):
        c.resume("nothing")
