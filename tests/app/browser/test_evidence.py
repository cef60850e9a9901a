"""Where the page that proves something appears: before the eyes of whoever clicked."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catena.benchmarks.browsing import enter, serving, settle
from tests.app.browser.test_browser import share_marked
from tests.app.test_batch_page import add_novel, make_set


@pytest.mark.parametrize("width", [1440, 420])
def test_the_page_of_the_last_item_of_a_set_opens_in_sight(
    page: Any, home: Path, tmp_path: Path, width: int
) -> None:
    make_set(home, tmp_path, 6)
    page.set_viewport_size({"width": width, "height": 900})
    with serving(home) as (url, _):
        enter(page, f"{url}/batch")
        page.get_by_role("button", name="Browse").click()
        dialog = page.get_by_test_id("stDialog")
        dialog.get_by_role("button", name="p. ").last.click()
        dialog.get_by_test_id("stImage").locator("img").wait_for()
        settle(page)
        page.wait_for_function(IN_SIGHT)
        assert share_marked(Image.open(io.BytesIO(page.screenshot())).convert("RGB")) > 0


def is_there(what: Any) -> bool:
    from playwright.sync_api import TimeoutError as NotThere

    try:
        what.wait_for(timeout=20_000)
    except NotThere:
        return False
    return True


def test_a_set_that_is_browsed_while_it_is_made_stays_open(page: Any, home: Path, tmp_path: Path) -> None:
    add_novel(home, tmp_path)
    with serving(home) as (url, _):
        enter(page, f"{url}/batch")
        page.get_by_role("combobox", name="Books").fill("novel")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        page.get_by_label("Questions about each book").fill("4")
        page.get_by_role("button", name="Make the set").click()
        dialog = page.get_by_test_id("stDialog")
        for _ in range(5):  # a click that meets the list while it is drawn anew is lost
            page.get_by_role("button", name="Browse").click()
            if is_there(dialog):
                break
        page.get_by_text("done", exact=True).first.wait_for()
        dialog.get_by_role("button", name="p. ").first.click()
        dialog.get_by_test_id("stImage").locator("img").wait_for()
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        settle(page)
        assert not dialog.count()


IN_SIGHT = """() => {
  const image = document.querySelector('[data-testid=stDialog] [data-testid=stImage] img');
  const {top, bottom} = image.getBoundingClientRect();
  return image.complete && top >= 0 && bottom <= window.innerHeight;
}"""
