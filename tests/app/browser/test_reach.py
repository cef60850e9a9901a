"""The pages for whoever has no mouse or sees less."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catena import Catena
from catena.benchmarks.browsing import be_still, enter, go_to, page_image, see_image, settle, visit
from tests.app.browser.contrast import too_faint
from tests.app.browser.test_browser import QUESTION, ask, share_marked

MAX_TABS = 80
VIEWS = ("Ask", "Library", "Compare", "Batch", "Models")


def tab_to(page: Any, text: str) -> None:
    """Press Tab until what has the focus is called so; the name of an icon stands on a line before it."""
    said = "() => document.activeElement.innerText || document.activeElement.placeholder || ''"
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(said).split("\n")[-1] == text:
            return
    raise AssertionError(f"{text} is not reached with the Tab key")


def test_the_keyboard_alone_leads_from_the_start_to_a_boxed_quote(
    page: Any, server: str, manual: Path
) -> None:
    enter(page, server)
    page.get_by_role("heading", name="See every sentence proved").wait_for()
    settle(page)
    tab_to(page, "Upload")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(str(manual))
    page.get_by_test_id("stChatInputTextArea").wait_for()
    settle(page)
    tab_to(page, "Ask the documents")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="p. 2").first.wait_for()
    settle(page)
    tab_to(page, "[1]")
    page.keyboard.press("Enter")
    page.get_by_text("page 2 of 3").wait_for()
    see_image(page)
    assert share_marked(Image.open(io.BytesIO(page_image(page).screenshot())).convert("RGB")) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out_from_their_ground(
    browser: Any, server: str, manual: Path, home: Path, scheme: str
) -> None:
    with Catena(home) as c:
        c.add(manual)
    page = visit(browser, server, scheme=scheme)
    ask(page, QUESTION)
    page.get_by_role("button", name="Save or copy").wait_for()
    settle(page)
    faint = {"an answer": too_faint(page)}
    for name in VIEWS:
        go_to(page, name)
        be_still(page)
        faint[name] = too_faint(page)
    page.context.close()
    assert {name: texts for name, texts in faint.items() if texts} == {}


def test_a_narrow_window_shows_the_page_that_is_clicked_and_the_way_back(
    browser: Any, server: str, manual: Path, home: Path
) -> None:
    with Catena(home) as c:
        c.add(manual)
    page = visit(browser, server, width=390, height=844)
    ask(page, QUESTION)
    citation = page.get_by_role("button", name="p. 2").first
    citation.click()
    page.wait_for_function(
        "() => document.querySelector('.st-key-ask-viewer-pane').getBoundingClientRect().top < 200"
    )
    page.get_by_role("button", name="Back to the answer").click()
    page.wait_for_function(
        "() => document.querySelector('.st-key-newest-turn').getBoundingClientRect().top > 0"
    )
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()
