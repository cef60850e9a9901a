"""How it was read, shown without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catena import AskOptions, Catena
from catena.events import Event
from catena.question_runs import Run

streamlit = pytest.importorskip("streamlit", reason="the extra `ui` is not installed")
testing = pytest.importorskip("streamlit.testing.v1")

SCRIPT = """
from catena.app.ui.{view} import show
from catena.app.ui.error_view import guarded
guarded(show)()
"""


def opened(view: str, **query: str) -> Any:
    """A view alone, with the parameters of its address."""
    streamlit.cache_resource.clear()
    page = testing.AppTest.from_string(SCRIPT.format(view=view), default_timeout=150)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def texts(page: Any) -> str:
    return "\n".join(
        element.value for element in (*page.markdown, *page.caption, *page.subheader, *page.info, *page.text)
    )


def test_without_a_question_it_says_what_to_do(home: Path) -> None:
    assert "Ask something first" in texts(opened("reading_view"))


def test_an_answer_is_shown_by_strip_figures_and_words(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
        c.ask("How long does the battery last?")
    page = opened("reading_view")
    assert not page.exception and "cited: 2" in texts(page)
    assert [metric.label for metric in page.metric] == ["Pages read", "Pages searched", "Seconds"]
    assert {"cited", "read"} <= set(page.dataframe[0].value["row"])


def test_a_running_chain_shows_readers_and_ledger_and_can_be_cancelled(home: Path, manual: Path) -> None:
    fact = {"claim": "It lasts <b>forty</b> hours", "page": 2, "quote": "lasts forty hours"}
    usage = {"calls": 1, "prompt_tokens": 400, "completion_tokens": 20, "cost_usd": 0.002, "cached": 0}
    with Catena(home) as c:
        document = c.add(manual)
        run = Run("a" * 32, "How long?", (document.id,), AskOptions("chain"), 1.0)
        note = {"path": 1, "done": 1, "total": 2, "document_id": document.id, "pages": [1, 2], "failed": ""}
        told = {**note, "note": "*forty* hours", "facts": 1, "added": [fact], "usage": usage}
        c.runs.keep(
            run, [Event("route", "", {"strategy": "chain", "reason": "all"}), Event("note", "", told)]
        )
        with c.runs.working_on(run.run_id):
            page = opened("reading_view")
            assert not page.exception and "1 of 2 readers" in texts(page)
            assert "\\*forty\\* hours" in texts(page) and "$0.0020" in {one.value for one in page.metric}
            assert fact["claim"] in set(page.dataframe[-1].value["fact"])
            next(button for button in page.button if button.label == "Cancel").click().run()
            assert c.runs.is_cancelled(run.run_id)
