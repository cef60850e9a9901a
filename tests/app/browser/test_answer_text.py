"""An answer as it is read: one text with numbers in it, verbatim, above the line to type in, the page at the quote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catena import Catena
from catena.benchmarks.browsing import ask, enter, page_image, see_image, serving, settle, visit
from catena.options import AddOptions
from tests.app.browser.test_browser import QUESTION

VERBATIM = "The toll of the bridge is &copy; &lt;b&gt; five crowns, see www.example.com/toll for more."
TITLE = "bridge \u202elldp.exe"


@pytest.fixture
def bridge(home: Path, tmp_path: Path) -> Path:
    """A library with a document whose text and title try to be more than text; returns it."""
    file = tmp_path / "bridge.txt"
    file.write_text(f"{VERBATIM}\n\nThe bridge opens at six.\n", "utf-8")
    with Catena(home) as c:
        c.add(file, options=AddOptions(title=TITLE))
    return home


def test_text_and_title_of_a_document_are_shown_and_never_obeyed(page: Any, bridge: Path) -> None:
    with serving(bridge) as (url, _):
        enter(page, url)
        ask(page, "What is the toll of the bridge?")
        page.get_by_role("button", name="Save or copy").wait_for()
        see_image(page)
        flow = page.locator("[class*='-flow']").first
        assert "&copy; &lt;b&gt; five crowns" in flow.inner_text()
        assert page.get_by_test_id("stMain").locator("a[href*=example]").count() == 0
        assert "\u202e" not in page.get_by_test_id("stApp").inner_text()
        assert "bridge \ufffdlldp.exe" in page.get_by_test_id("stMain").inner_text()


@pytest.mark.parametrize("width", [1360, 400])
def test_sentences_flow_and_the_line_to_type_in_covers_none_of_them(
    browser: Any, server: str, manual: Path, home: Path, width: int
) -> None:
    with Catena(home) as c:
        c.add(manual)
    page = visit(browser, server, width=width, height=800)
    for _ in range(2):
        ask(page, QUESTION)
        page.wait_for_timeout(500)
        page.get_by_role("button", name="Save or copy").last.wait_for()
        see_image(page)
    assert page.evaluate(IS_IN_LINE), "the number stands in the last line of its sentence"
    page.mouse.move(width - 100, 300)
    page.mouse.wheel(0, 10_000)
    if width < 1000:  # beside the answer the page scrolls in a box of its own, which this does not reach
        page.wait_for_function(IS_CLEAR)  # scrolled to the end, all text stands above the line to type in
    assert page.evaluate(IN_ORDER) == (width < 1000), "in a narrow window the page stands below the answer"
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()


def test_the_page_opens_at_the_quote_and_whole_when_that_is_wanted(
    page: Any, server: str, manual: Path, home: Path
) -> None:
    with Catena(home) as c:
        c.add(manual)
    enter(page, server)
    ask(page, QUESTION)
    page.get_by_role("button", name="[1]", exact=True).click()
    see_image(page)
    at_quote = page_image(page).evaluate(SHAPE)
    page.get_by_text("Whole page", exact=True).click()
    page.wait_for_function(IS_UPRIGHT)  # the picture before stays until the new one is there
    see_image(page)
    whole = page_image(page).evaluate(SHAPE)
    assert at_quote["height"] < 0.8 * at_quote["width"] < whole["height"]
    page.get_by_role("button", name="Next").click()
    page.get_by_text("page 3 of 3").wait_for()
    page.get_by_text("At the quote", exact=True).wait_for(state="hidden")
    page.get_by_role("button", name="Back to the quote").click()
    page.get_by_text("page 2 of 3").wait_for()


def test_a_reload_keeps_the_documents_of_a_conversation_and_so_does_another_page(
    page: Any, server: str, manual: Path, home: Path
) -> None:
    other = manual.with_name("other.txt")
    other.write_text("The battery of the Fjord Lamp lasts nine hours.\n", "utf-8")
    with Catena(home) as c:
        c.add(manual)
        title = c.add(other).title
    enter(page, server)
    page.get_by_role("combobox", name="Documents").fill("other")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    ask(page, QUESTION)
    page.get_by_role("button", name="Save or copy").wait_for()
    chosen = page.get_by_test_id("stSidebar").get_by_test_id("stMultiSelect")

    def go_and_come_back() -> None:
        page.get_by_test_id("stSidebarNavLink").nth(1).click()
        page.get_by_role("heading", name="Library").wait_for()
        page.get_by_test_id("stSidebarNavLink").first.click()

    for leave in (page.reload, go_and_come_back):
        leave()
        page.get_by_role("button", name="Save or copy").wait_for()
        settle(page)
        assert title in chosen.inner_text()


IS_UPRIGHT = """() => {
  const image = document.querySelector('[data-testid=stMain] [data-testid=stImage] img');
  return image && image.clientHeight > 0.8 * image.clientWidth;
}"""
IS_IN_LINE = """() => {
  const [text, number] = ['[data-testid=stText] span', 'button'].map(
    part => document.querySelector(`[class*='-flow'] ${part}`));
  const lines = [...text.getClientRects()], line = lines[lines.length - 1], box = number.getBoundingClientRect();
  return box.top < line.bottom && box.bottom > line.top && box.left >= line.right - 1;
}"""
IS_CLEAR = """() => {
  const bar = document.querySelector('.st-key-question-bar').getBoundingClientRect();
  const parts = [...document.querySelectorAll('.st-key-newest-turn *, .st-key-ask-viewer-pane *')];
  return bar.bottom <= window.innerHeight + 1 && parts.every(
    part => !part.getClientRects().length || part.getBoundingClientRect().bottom <= bar.top + 1);
}"""
IN_ORDER = """() => {
  const [answer, pane] = ['.st-key-newest-turn', '.st-key-ask-viewer-pane'].map(
    part => document.querySelector(part).getBoundingClientRect());
  return pane.top >= answer.bottom;
}"""
SHAPE = "image => ({width: image.naturalWidth, height: image.naturalHeight})"
