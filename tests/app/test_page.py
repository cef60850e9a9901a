"""The Streamlit page, run without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catena import Catena

streamlit = pytest.importorskip("streamlit", reason="the extra `ui` is not installed")
testing = pytest.importorskip("streamlit.testing.v1")
PAGE = Path(__file__).parents[2] / "app" / "streamlit_app.py"


@pytest.fixture(autouse=True)
def new_client(home: Path) -> Iterator[None]:
    """Each test opens its own library: the page keeps its client for the life of the server."""
    yield
    streamlit.cache_resource.clear()


def by_label(elements: Any, label: str) -> Any:
    return next(element for element in elements if element.label == label)


def test_empty_library_says_what_to_do() -> None:
    page = testing.AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    assert "Drop a PDF" in page.info[0].value


def test_question_shows_quote_and_boxed_page(manual: Path) -> None:
    with Catena() as c:
        c.add(manual)
    page = testing.AppTest.from_file(str(PAGE), default_timeout=60).run()
    by_label(page.text_input, "What do you want to know?").set_value("How long does the battery last?")
    by_label(page.button, "Ask").click().run()
    assert not page.exception
    assert any("forty hours" in text.value for text in page.markdown)
    assert any("page 2" in button.label for button in page.button)


def test_dropped_file_is_added(manual: Path) -> None:
    page = testing.AppTest.from_file(str(PAGE), default_timeout=60).run()
    page.file_uploader[0].upload("harbour.pdf", manual.read_bytes(), "application/pdf").run()
    assert not page.exception
    with Catena() as c:
        assert [document.title for document in c.documents()] == ["harbour"]
