"""Compare, shown without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catena import AskOptions, Catena
from catena.app.ui.labels import STRATEGIES
from catena.question_runs import Run
from catena.types import Strategy
from tests.app.test_reading_view import opened, texts

QUESTION = "How long does the battery last?"


@pytest.fixture
def runs(home: Path, manual: Path) -> list[Run]:
    """One question, answered by two ways to read."""
    ways: tuple[Strategy, ...] = ("retrieve", "chain")
    with Catena(home) as c:
        c.add(manual)
        started = [c.questions.start(QUESTION, options=AskOptions(way, model="")) for way in ways]
        for run in started:
            assert list(c.runs.follow(run.run_id))[-1].kind == "answer"
    return started


def press(page: Any, label: str) -> Any:
    return next(button for button in page.button if button.label == label).click().run()


def test_two_answers_stand_side_by_side_and_one_blind_vote_is_kept(home: Path, runs: list[Run]) -> None:
    page = opened("compare_page", left=runs[0].run_id, right=runs[1].run_id)
    assert not page.exception and texts(page).count("forty hours") >= 2
    assert "part by part" not in texts(page), "nobody is told who is who before the vote"
    press(page, "Right")
    with Catena(home) as c:
        (vote,) = c.library.votes.all()
    assert (vote.question, vote.winner) == (QUESTION, "chain, the embedded reader")
    assert "The arena has 1 vote." in texts(page) and "part by part" in texts(page)
    assert "Right" not in {button.label for button in page.button}


def test_the_same_system_twice_is_no_comparison(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
    page = opened("compare_page")
    page.text_input[0].set_value(QUESTION)
    page.selectbox[2].set_value("retrieve")
    assert "Both are the same" in press(page, "Ask both").warning[0].value


def test_what_both_will_take_is_told_before_any_is_asked(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
    page = opened("compare_page")
    page.text_input[0].set_value(QUESTION)
    told = press(page, "What will it take?").dataframe[0].value
    assert list(told["how to read"]) == [STRATEGIES["retrieve"], STRATEGIES["chain"]]
    assert list(told["calls"]) == [0, 0]
    with Catena(home) as c:
        assert not c.runs.all()


def test_both_are_asked_in_processes_that_outlive_the_page(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
        page = opened("compare_page")
        page.text_input[0].set_value(QUESTION)
        press(page, "Ask both")
        assert {run.options.strategy for run in c.runs.all()} == {"retrieve", "chain"}
        for run in c.runs.all():
            list(c.runs.follow(run.run_id))
