"""Documents come in and are found: paths, drops, suggestions, the table, the outline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from catena import Catena
from catena.benchmarks.browsing import enter, see_image, serving, settle
from tests.app.browser.test_browser import ask, drop

BODY = "The night watch begins at nine. The night watch ends when the morning watch begins at five."
HEADING_ROW, ROW = 35, 35
"""Pixels of the table's rows."""


def write_rules(path: Path) -> Path:
    """A PDF with an outline of five entries, one a page."""
    names = ("Rules of the port", "The night watch", "The pilot boat", "The long pier", "The lamp oil")
    with pymupdf.open() as document:
        for name in names:
            page = document.new_page()
            page.insert_text((72, 80), name, fontsize=20)
            about = (
                BODY if name == "The night watch" else f"{name} is old. {name} is kept by {name.lower()} men."
            )
            page.insert_textbox((72, 110, 540, 400), f"{about} {about}", fontsize=11)
        document.set_toc([[1, name, number] for number, name in enumerate(names, 1)])
        document.save(path)
    return path


def tick(page: Any, *rows: int) -> None:
    """Tick rows of the library's table, which is a canvas."""
    box = page.get_by_test_id("stDataFrame").locator(".dvn-scroller")
    for row in rows:
        box.click(position={"x": 16, "y": HEADING_ROW + row * ROW + ROW // 2})
        settle(page)


def test_a_wrong_path_keeps_the_list_and_what_was_typed(
    page: Any, server: str, manual: Path, home: Path
) -> None:
    with Catena(home) as c:
        c.add(manual)
    enter(page, f"{server}/library")
    page.get_by_role("tab", name="A path or address").click()
    box = page.get_by_label("Path of a file or folder")
    box.fill("/no/such/papers")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_test_id("stAlert").get_by_text("/no/such/papers").wait_for()
    assert box.input_value() == "/no/such/papers"
    page.get_by_text("1 document").wait_for()
    box.fill(str(manual))
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_test_id("stAlert").wait_for(state="hidden")
    settle(page)
    assert box.input_value() == ""


def test_what_is_dropped_leads_to_questions_about_it(page: Any, server: str, tmp_path: Path) -> None:
    drop(page, server, write_rules(tmp_path / "port.pdf"))
    page.get_by_role("button", name="What is this document about?").wait_for()
    suggestion = page.get_by_role("button", name="What does it say about “The long pier”?")
    suggestion.wait_for()
    suggestion.click()
    page.get_by_role("button", name="Save or copy").wait_for()
    page.get_by_text("page 4 of 5").wait_for()


def test_a_file_that_cannot_be_read_is_named_where_it_was_dropped(
    page: Any, server: str, tmp_path: Path
) -> None:
    broken = tmp_path / "treaty of the isles.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing but this")
    drop(page, server, broken)
    page.get_by_test_id("stAlert").get_by_text("treaty of the isles").wait_for()


@pytest.fixture
def filled(home: Path, manual: Path, tmp_path: Path) -> Path:
    """A library of three documents: other, port, manual, as the table lists them."""
    (tmp_path / "other.txt").write_text("The Fjord Lamp burns nine hours.\n", "utf-8")
    with Catena(home) as c:
        for file in (manual, write_rules(tmp_path / "port.pdf"), tmp_path / "other.txt"):
            c.add(file)
    return home


def test_several_rows_are_asked_together_and_removed_together(page: Any, filled: Path) -> None:
    with serving(filled) as (url, _):
        enter(page, f"{url}/library")
        table = page.get_by_test_id("stDataFrame")
        table.locator("td", has_text="port.pdf").wait_for(state="attached")
        tick(page, 0, 1)
        page.get_by_role("button", name="Ask these").click()
        page.get_by_role("heading", name="What do you want to know?").wait_for()
        chosen = page.get_by_test_id("stSidebar").get_by_test_id("stMultiSelect")
        assert {"other", "port"} <= set(chosen.inner_text().split())
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Library").click()
        table.locator("td", has_text="port.pdf").wait_for(state="attached")
        tick(page, 0, 2)
        page.get_by_role("button", name="Remove").click()
        page.get_by_test_id("stDialog").get_by_role("button", name="Remove").click()
        page.get_by_text("1 document", exact=True).wait_for()
    with Catena(filled) as c:
        assert [Path(one.path).name for one in c.documents()] == ["port.pdf"]


def test_an_entry_of_the_outline_opens_its_page(page: Any, filled: Path) -> None:
    with serving(filled) as (url, _):
        enter(page, f"{url}/library")
        table = page.get_by_test_id("stDataFrame")
        table.locator("td", has_text="port.pdf").wait_for(state="attached")
        tick(page, 1)
        page.get_by_role("button", name="Open", exact=True).click()
        dialog = page.get_by_test_id("stDialog")
        dialog.get_by_role("button", name="The pilot boat").click()
        dialog.get_by_text("page 3 of 5").wait_for()
        dialog.get_by_test_id("stImage").locator("img").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Ask this").click()
        page.get_by_text("Outline", exact=True).click()
        page.get_by_role("button", name="The long pier").click()
        page.get_by_text("page 4 of 5").wait_for()
        see_image(page)


def test_a_collection_is_made_and_filters_library_and_questions(
    page: Any, server: str, manual: Path, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "harbour.txt").write_text(f"{BODY}\n")
    with Catena(home) as c:
        c.add(manual)
        c.add(tmp_path / "harbour.txt")
    enter(page, f"{server}/library")
    tick(page, 0)
    page.get_by_role("button", name="Label").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Collection").fill("Harbour")
    dialog.get_by_label("Collection").press("Enter")
    settle(page)
    dialog.get_by_role("button", name="Give").click()
    dialog.wait_for(state="hidden")
    settle(page)
    page.get_by_label("Collection").first.click()
    page.get_by_role("option", name="Harbour (1)").click()
    page.get_by_text("1 of 2 documents").wait_for()
    enter(page, f"{server}/?collection=Harbour")
    ask(page, "When does the night watch begin?")
    page.wait_for_url("**thread=*")
    with Catena(home) as c:
        (answer,) = c.history()
        assert [one.document_id for one in answer.coverage.documents] == [c.document("harbour").id]
