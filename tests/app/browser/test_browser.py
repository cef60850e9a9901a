"""What a visitor does, in a real browser: drop, ask, click, see the quote boxed; and what goes wrong."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from catena import Catena
from catena.benchmarks.browsing import enter, free_port, page_image, see_image, serving, settle
from catena.benchmarks.novels import write_novel
from catena.testing import StubModel

AES_256 = 5  # pymupdf.PDF_ENCRYPT_AES_256
QUESTION = "How long does the battery last?"
NUM_TABS = int(os.environ.get("BROWSER_TABS", "3"))
"""`make browser` opens 20."""


def ask(page: Any, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def drop(page: Any, url: str, *files: Path) -> None:
    enter(page, f"{url}/library")
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])


def share_marked(picture: Image.Image) -> float:
    """The share of colours that are the box's fill: more red and green than blue."""
    colors: list[Any] = [color for _, color in picture.getcolors(1 << 20) or ()]
    marked: list[bool] = [red > 180 and green > 150 and blue < 170 for red, green, blue in colors]
    return sum(marked) / len(marked)


def test_drop_ask_click_and_see_the_quote_in_its_box(
    page: Any, server: str, manual: Path, home: Path
) -> None:
    drop(page, server, manual)
    page.get_by_role("heading", name="What do you want to know?").wait_for()
    ask(page, QUESTION)
    page.get_by_role("button", name="[1]", exact=True).click()
    page.get_by_text("page 2 of 3").wait_for()
    page.get_by_text("Whole page", exact=True).click()
    settle(page)
    with Catena(home) as c:
        (box,) = c.history(1)[0].citations[0].parts[0].boxes[:1]
        width = c.page(c.documents()[0], 2).width
    see_image(page)
    picture = Image.open(io.BytesIO(page_image(page).screenshot())).convert("RGB")
    scale = picture.width / width
    x0, y0, x1, y1 = (round(place * scale) for place in box)
    assert share_marked(picture.crop((x0, y0, x1, y1))) > 0.25
    assert share_marked(picture.crop((0, y1 + round(100 * scale), picture.width, picture.height))) == 0


def test_an_answer_that_is_not_there_is_said_so(page: Any, server: str, manual: Path, home: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
    enter(page, f"{server}/")
    ask(page, "Who won the chess championship of 1972?")
    page.get_by_text("The documents may not say. Closest passages:").wait_for()


def test_broken_and_encrypted_files_say_why_and_what_to_do(page: Any, server: str, manual: Path) -> None:
    broken, locked = manual.with_name("broken.pdf"), manual.with_name("locked.pdf")
    broken.write_bytes(b"%PDF-1.7\nnothing but this")
    with pymupdf.open(manual) as document:
        document.save(locked, encryption=AES_256, user_pw="sesame", owner_pw="x")
    drop(page, server, broken, locked)
    page.get_by_text("Password of this document").wait_for()
    page.get_by_text("cannot be read").wait_for()
    page.get_by_label("Password of this document").fill("sesame")
    page.get_by_role("button", name="Unlock").click()
    page.get_by_role("heading", name="What do you want to know?").wait_for()


def test_two_documents_are_asked_together(page: Any, server: str, manual: Path, home: Path) -> None:
    other = manual.with_name("other.txt")
    other.write_text("The battery of the Fjord Lamp lasts nine hours.\n", "utf-8")
    with Catena(home) as c:
        c.add(manual)
        c.add(other)
    enter(page, f"{server}/")
    ask(page, "How long do the batteries of the lantern and the Fjord Lamp last?")
    page.get_by_role("button", name=re.compile(r"p\. 2 · manual")).first.wait_for()
    page.get_by_role("button", name=re.compile(r"p\. 1 · other")).first.wait_for()


def test_a_folder_is_dropped_and_each_file_says_how_it_went(page: Any, server: str, manual: Path) -> None:
    folder = manual.parent / "papers" / "inner"
    folder.mkdir(parents=True)
    manual.rename(folder / "manual.pdf")
    (folder.parent / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing but this")
    (folder.parent / "picture.xyz").write_bytes(b"no document")
    enter(page, f"{server}/library")
    page.get_by_role("tab", name="A folder").click()
    page.locator("input[type=file][webkitdirectory]").set_input_files(str(folder.parent))
    page.get_by_text("2 documents").wait_for()
    rows = page.get_by_test_id("stDataFrame")
    rows.locator("td", has_text="manual.pdf").wait_for(state="attached")
    rows.locator("td", has_text="cannot be read").wait_for(state="attached")


def stub_model(stub: StubModel) -> dict[str, str]:
    return {"CATENA_MODEL": "openai/stub", "CATENA_API_BASE": stub.url, "OPENAI_API_KEY": "sk-test"}


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def held(home: Path, manual: Path, gate: Path) -> Any:
    """The environment of a server whose model answers when there is a file at the gate."""
    with Catena(home) as c:
        c.add(manual)
    with StubModel(rules="tests.app.browser.gate:when_open", options={"gate": str(gate)}) as stub:
        yield stub_model(stub)


def test_a_long_run_is_cancelled_and_can_be_left(page: Any, home: Path, held: dict[str, str]) -> None:
    with serving(home, held) as (url, _):
        enter(page, f"{url}/")
        ask(page, QUESTION)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Cancelled. What was read is kept.").wait_for()
        page.reload()
        page.get_by_text("Cancelled. What was read is kept.").wait_for()
        assert page.get_by_text(QUESTION).count(), "a reload keeps what was asked"
        page.get_by_role("button", name="Leave it").click()
        page.get_by_role("heading", name="What do you want to know?").wait_for()


def test_a_run_is_watched_again_after_a_reload_and_a_restart(
    page: Any, home: Path, held: dict[str, str], gate: Path
) -> None:
    port = free_port()
    with serving(home, held, port=port) as (url, _):
        enter(page, f"{url}/")
        ask(page, QUESTION)
        page.get_by_role("button", name="Cancel").wait_for()
        page.reload()
        page.get_by_role("button", name="Cancel").wait_for()
    with serving(home, held, port=port):
        page.reload()
        page.get_by_role("button", name="Cancel").wait_for()
        gate.touch()
        page.get_by_role("button", name="p. 2").first.wait_for()
        page.get_by_text("forty hours").first.wait_for()


def test_what_the_embedded_reader_reads_is_found_again_after_a_reload_and_a_restart(
    page: Any, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "novel.txt").write_text(write_novel(200, 1), "utf-8")
    with Catena(home) as c:
        c.add(tmp_path / "novel.txt")
    port = free_port()
    with serving(home, port=port) as (url, _):
        enter(page, f"{url}/")
        page.get_by_role("combobox", name="How to read").click()
        page.get_by_role("option", name="Read everything, part by part").click()
        ask(page, "What did Nancy Penrose mend?")
        page.get_by_role("button", name="Cancel").wait_for()
        page.reload()
        page.get_by_role("button", name=re.compile("Cancel|Save or copy")).first.wait_for()
    with serving(home, port=port):
        page.reload()
        page.get_by_role("button", name="Save or copy").wait_for()
    with Catena(home) as c:
        assert len(c.history()) == 1


def test_many_tabs_at_once_each_get_their_answer(browser: Any, server: str, manual: Path, home: Path) -> None:
    with Catena(home) as c:
        c.add(manual)
    context = browser.new_context()
    tabs = [context.new_page() for _ in range(NUM_TABS)]
    for tab in tabs:
        tab.set_default_timeout(240_000)
        enter(tab, f"{server}/")
    for tab in tabs:
        ask(tab, QUESTION)
    for tab in tabs:
        tab.get_by_role("button", name="p. 2").first.wait_for()
    context.close()
