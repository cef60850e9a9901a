"""How fast the pages are for who sits before them: a real browser, a book of 350 pages, another of 500 coming in.

A click is over when what it asks for can be seen and nothing is drawn any more.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from catena.client import Catena
from catena.evaluation.browsing import ask, chromium, page_image, serving, settle, visit
from catena.evaluation.timing import Row, spread
from catena.retrieval.filling import fill
from catena.settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ASKED_PAGES, ADDED_PAGES = 350, 500
QUESTIONS = (
    "Who coined the term byte?",
    "What is a bit bucket?",
    "What does the word foo stand for?",
    "How is a hacker defined?",
    "What is the Cookie Monster?",
)
HEADINGS = ("Library", "How it was read", "Models")
FORGET_SECONDS = 150
"""Streamlit keeps a closed tab's session for two minutes, in case it comes back."""
CITATION = re.compile(r"^\S* ?p\. \d+")


def rows(book: Path, home: Path, *, visitors: int = 200, runs: int = 5) -> list[Row]:
    """Measure everything on a PDF of at least 500 pages; `home` is a library that is kept for the next time."""
    with tempfile.TemporaryDirectory() as folder:
        _prepare(home, _cut(book, Path(folder) / "asked.pdf", ASKED_PAGES))
        added = _cut(book, Path(folder) / "added.pdf", ADDED_PAGES)
        with serving(home) as (url, process_id), chromium() as browser:
            found = [Row("first view of a new server", "≤ 3 s", spread([_first_view(browser, url)]))]
            views = [_first_view(browser, url) for _ in range(runs)]
            found.append(Row("first view of the next visitors", "≤ 3 s", spread(views)))
            page = visit(browser, url)
            answers = [_first_citation(page, url, question) for question in QUESTIONS]
            what = f"Enter to the first cited sentence, {ASKED_PAGES} pages"
            found.append(Row(what, "≤ 2 s", spread(answers)))
            found.append(Row("click to the page's picture", "≤ 0.3 s", spread(_pictures(page, 2 * runs))))
            found.append(_clicks_while_adding(page, home, added, 4 * runs))
            if visitors:
                found.append(_memory(browser, url, process_id, visitors))
    return found


def _cut(book: Path, path: Path, num_pages: int) -> Path:
    """The last pages of a book, as a file of its own."""
    import pymupdf  # takes a second

    with pymupdf.open(book) as document, pymupdf.open() as part:
        part.insert_pdf(document, from_page=len(document) - num_pages)
        part.save(path, no_new_id=True)  # the same bytes each time, so that a kept library knows the file
    return path


def _prepare(home: Path, file: Path) -> None:
    with Catena(settings=load_settings(home=home, background=False)) as catena:
        document = catena.add(file)
        fill(catena.library, catena.embedder, document.id)


def _timed(act: Callable[[], None]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def _first_view(browser: Browser, url: str) -> float:
    def look() -> None:
        page = visit(browser, url)
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
        pages.append(page)

    pages: list[Page] = []
    seconds = _timed(look)
    pages[0].context.close()
    return seconds


def _first_citation(page: Page, url: str, question: str) -> float:
    """A new conversation; from Enter until a sentence stands there with a place to click."""
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    settle(page)

    def act() -> None:
        ask(page, question)
        page.get_by_role("button", name=CITATION).first.wait_for()

    seconds = _timed(act)
    settle(page)
    return seconds


def _pictures(page: Page, times: int) -> list[float]:
    """Turn pages that nobody has seen yet: the picture is rendered, sent and shown."""
    seconds = []
    for _ in range(times):
        before = page_image(page).get_attribute("src")
        seconds.append(_timed(partial(_turn, page, before)))
        settle(page)
    return seconds


def _turn(page: Page, before: str | None) -> None:
    page.get_by_role("button", name="Next").click()
    page.wait_for_function(
        "before => { const image = document.querySelector('[data-testid=stMain] [data-testid=stImage] img');"
        " return image && image.getAttribute('src') !== before && image.complete; }",
        arg=before,
    )


def _clicks_while_adding(page: Page, home: Path, file: Path, times: int) -> Row:
    """Go from page to page while a worker process reads a file, which must not end before the last click."""
    seconds = []
    with Catena(home) as catena:
        (job,) = catena.add_later(file)
        while catena.adding(1)[0].state == "queued":
            time.sleep(0.05)
        for _, heading in zip(range(times), cycle(HEADINGS)):
            if catena.adding(1)[0].is_over:
                break
            seconds.append(_timed(partial(_open, page, heading)))
        while not catena.adding(1)[0].is_over:
            time.sleep(0.2)
        catena.remove(catena.adding(1)[0].result["files"][0]["document_id"])
    seconds.sort()
    late = seconds[int(0.95 * (len(seconds) - 1))]
    what = f"95% of {len(seconds)} other clicks while {ADDED_PAGES} pages are added"
    return Row(what, "< 1 s", f"{late:.2f} s (slowest {seconds[-1]:.2f})")


def _open(page: Page, heading: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_text(heading, exact=True).click()
    page.get_by_role("heading", level=1, name=heading).wait_for()
    settle(page)


def _memory(browser: Browser, url: str, process_id: int, visitors: int) -> Row:
    """What the server holds more after many visitors came and went."""
    before = _resident(process_id)
    for _ in range(visitors):
        page = visit(browser, url)
        settle(page)
        page.context.close()
    time.sleep(FORGET_SECONDS)
    more = (_resident(process_id) - before) / 2**20
    return Row(f"memory after {visitors} visitors, beside that before", "≤ 100 MB", f"{more:+.0f} MB")


def _resident(process_id: int) -> int:
    process = psutil.Process(process_id)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
