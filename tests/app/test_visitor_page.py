"""The pages of `catena ui`, run without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catena import Catena
from catena.app.ui.labels import plain
from catena.jobs.job_queue import open_jobs
from catena.jobs.uploads import receive

streamlit = pytest.importorskip("streamlit", reason="the extra `ui` is not installed")
testing = pytest.importorskip("streamlit.testing.v1")


@pytest.fixture(autouse=True)
def new_client(home: Path) -> Iterator[None]:
    """Each test opens its own library: the page keeps its client for the life of the server."""
    yield
    streamlit.cache_resource.clear()


def show() -> None:
    from catena.app.ui.page_frame import main

    main()


def opened(**state: Any) -> Any:
    page = testing.AppTest.from_function(show, default_timeout=90)
    for name, value in state.items():
        page.session_state[name] = value
    return page.run()


def by_label(elements: Any, label: str) -> Any:
    return next(element for element in elements if element.label == label)


def ask(page: Any, question: str) -> Any:
    return page.chat_input[0].set_value(question).run()


def texts(page: Any) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.caption, *page.title, *page.text))


@pytest.fixture
def asked(manual: Path) -> Any:
    with Catena() as c:
        c.add(manual)
    return ask(opened(), "How long does the battery last?")


def test_an_empty_library_begins_with_the_start_page() -> None:
    page = opened()
    assert not page.exception and "See every sentence proved" in page.title[0].value


def test_an_answer_shows_statement_mark_place_and_quote(asked: Any) -> None:
    assert not asked.exception
    assert "forty hours" in texts(asked) and "quoted" in texts(asked) and "supported" not in texts(asked)
    assert any("p\\. 2" in button.label for button in asked.button)
    assert "page 2 of 3" in texts(asked)


def test_the_pages_around_the_quote_can_be_turned_to(asked: Any) -> None:
    by_label(asked.button, "Next").click().run()
    assert "page 3 of 3" in texts(asked)
    by_label(asked.button, "Back to the quote").click().run()
    assert "page 2 of 3" in texts(asked) and not asked.exception


def test_what_is_not_in_the_document_is_said_with_the_closest_passages(manual: Path) -> None:
    with Catena() as c:
        c.add(manual)
    page = ask(opened(), "Who won the chess championship of 1972?")
    assert "may not say" in texts(page) and "Closest passages" in texts(page)


def test_a_follow_up_stays_in_its_conversation(asked: Any) -> None:
    page = ask(asked, "And the warranty?")
    with Catena() as c:
        first, second = c.history(2)
    assert first.thread_id == second.thread_id and not page.exception


def test_what_a_whole_book_takes_is_told_before_a_model_reads_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "book.txt"
    book.write_text("\n\n".join(f"Day {day}: the ship made {day} miles." for day in range(5_000)), "utf-8")
    with Catena() as c:
        c.add(book)
    monkeypatch.setenv("CATENA_MODEL", "openai/gpt-4o-mini")
    page = ask(opened(strategy="chain"), "How many miles did the ship make in all?")
    assert not page.exception and "Before it starts" in texts(page) and "never more than" in texts(page)
    assert "Spend at most" in page.number_input(key="order-cap").label
    by_label(page.button, "Cancel").click().run()
    with Catena() as c:
        assert not c.runs.all()
    assert "Before it starts" not in texts(page)


def test_how_an_answer_was_read_is_kept(asked: Any) -> None:
    with Catena() as c:
        run = c.runs.all()[0]
        assert {"route", "statement", "answer"} <= {event.kind for event in c.runs.events(run.run_id)}


def test_the_name_of_an_upload_is_a_title_and_never_a_path(home: Path, manual: Path) -> None:
    with manual.open("rb") as file:
        kept = receive(home, "../../../etc/passwd.pdf", file)
    assert kept.is_relative_to(home / "uploads") and kept.name == "upload.pdf"


def test_an_upload_is_added_by_the_worker_and_its_copy_goes(home: Path, manual: Path) -> None:
    with Catena() as c, manual.open("rb") as file:
        (job,) = c.queue.add(receive(home, "harbour.pdf", file), title="harbour", is_upload=True)
        jobs = open_jobs(c.settings.home)
        while not jobs.job(job.id).is_over:
            pass
        assert [document.title for document in c.documents()] == ["harbour"]
    assert not list((home / "uploads").iterdir())


@pytest.mark.parametrize(
    "text", ["<b>x</b>", "![x](http://e.example/x.png)", "$x$", "[x](y)", "# x", ":red[x]"]
)
def test_text_of_documents_is_escaped(text: str) -> None:
    signs = [sign for sign in text if not sign.isalnum() and not sign.isspace() and sign not in "/="]
    assert all(f"\\{sign}" in plain(text) for sign in signs)
