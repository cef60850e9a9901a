"""Speed of the pages for who sits before them: a real browser, a book of 350 pages, another of 500 coming in.

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

from catena.benchmarks.browsing import WAIT_MS, ask, chromium, enter, page_image, serving, settle, visit
from catena.benchmarks.timing import Row, spread
from catena.client import Catena
from catena.retrieval.vector_jobs import fill
from catena.settings import load_settings
from catena.testing import StubModel

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
CLICKS = 30
SILENT_SECONDS = 600.0
TABS = 10
"""Visitors who are there at the same time, of all that come and go."""
FORGET_SECONDS = 10
"""Seconds for which the server keeps a closed tab's session, in case it comes back; two minutes unless it is told."""
FORGETTING = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(FORGET_SECONDS)}
CITATION = re.compile(r"^\S* ?p\. \d+")


def rows(book: Path, home: Path, *, visitors: int = 200, runs: int = 5) -> list[Row]:
    """Measure everything on a PDF of at least 500 pages; `home` is a library that is kept for the next time."""
    with tempfile.TemporaryDirectory() as folder:
        own = _cut(book, Path(folder) / "asked.pdf", ASKED_PAGES)
        _prepare(home, own)
        added = _cut(book, Path(folder) / "added.pdf", ADDED_PAGES)
        found = [_newcomer(Path(folder) / "new", own)]
        with serving(home, FORGETTING) as (url, process_id), chromium() as browser:
            found.append(Row("first view of a new server", "≤ 3 s", spread([_first_view(browser, url)])))
            views = [_first_view(browser, url) for _ in range(runs)]
            found.append(Row("first view of the next visitors", "≤ 3 s", spread(views)))
            page = visit(browser, url)
            answers = [_first_citation(page, url, question) for question in QUESTIONS]
            what = f"Enter to the first cited sentence, {ASKED_PAGES} pages"
            found.append(Row(what, "≤ 2 s", spread(answers)))
            found.append(Row("click to the page's picture", "≤ 0.3 s", spread(_pictures(page, 2 * runs))))
            found.append(_clicks_while_adding(page, home, added))
            found.append(_cancelling(browser, home, runs))
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


def _newcomer(home: Path, file: Path) -> Row:
    """From the command to a quote boxed in a document of one's own: start, drop, a question, a click."""
    begin = time.perf_counter()
    with serving(home) as (url, _), chromium() as browser:
        page = visit(browser, url)
        page.locator("input[type=file]").first.set_input_files(str(file))
        ask(page, QUESTIONS[0])
        page.get_by_role("button", name=CITATION).first.click()
        page_image(page).wait_for()
        seconds = time.perf_counter() - begin
    what = f"a newcomer: from the command to a boxed quote in {ASKED_PAGES} pages of one's own"
    return Row(what, "≤ 120 s", f"{seconds:.1f} s")


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
    enter(page, url)
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


def _clicks_while_adding(page: Page, home: Path, file: Path) -> Row:
    """Go from page to page while a worker process reads a file, again and again until there are enough clicks."""
    seconds: list[float] = []
    headings = cycle(HEADINGS)
    with Catena(home) as catena:
        while len(seconds) < CLICKS:
            catena.queue.add(file)
            while not (job := catena.queue.all(1)[0]).is_over:
                if job.state == "running" and len(seconds) < CLICKS:
                    seconds.append(_timed(partial(_open, page, next(headings))))
                else:
                    time.sleep(0.05)
            catena.remove(job.result["files"][0]["document_id"])
    seconds.sort()
    late = seconds[round(0.95 * (len(seconds) - 1))]
    what = f"95% of {len(seconds)} other clicks while {ADDED_PAGES} pages are added"
    return Row(what, "< 1 s", f"{late:.2f} s (slowest {seconds[-1]:.2f})")


def _open(page: Page, heading: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_text(heading, exact=True).click()
    page.get_by_role("heading", level=1, name=heading).wait_for()
    settle(page)


def _cancelling(browser: Browser, home: Path, times: int) -> Row:
    """From the click on Cancel until it is said, while a model is silent for longer than anybody waits."""
    seconds = []
    with StubModel(latency=SILENT_SECONDS) as stub:
        model = {"CATENA_MODEL": "openai/stub", "CATENA_API_BASE": stub.url, "OPENAI_API_KEY": "sk-none"}
        with serving(home, model) as (url, _):
            for _ in range(times):
                page = visit(browser, url)
                page.get_by_role("heading", level=1).wait_for()
                settle(page)
                before = len(stub.requests())
                ask(page, QUESTIONS[0])
                while len(stub.requests()) == before:  # the model is being asked
                    time.sleep(0.05)
                seconds.append(_timed(partial(_cancel, page)))
                page.context.close()
    return Row("Cancel to the word that it is", "≤ 5 s", spread(seconds))


def _cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled. What was read is kept.").wait_for()


def _memory(browser: Browser, url: str, process_id: int, visitors: int) -> Row:
    """Return the growth of the server after visitors came and went, some at a time, each in a session of its own."""
    _come_and_go(browser, url, TABS)
    before = _resident(process_id)
    for _ in range(0, visitors, TABS):
        _come_and_go(browser, url, TABS)
    time.sleep(2 * FORGET_SECONDS)
    more = (_resident(process_id) - before) / 2**20
    return Row(f"memory after {visitors} visitors, beside that before", "≤ 100 MB", f"{more:+.0f} MB")


def _come_and_go(browser: Browser, url: str, num: int) -> None:
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    pages = [context.new_page() for _ in range(num)]
    for page in pages:
        enter(page, url, until="commit")
    for page in pages:
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
    context.close()


def _resident(process_id: int) -> int:
    process = psutil.Process(process_id)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
