"""`python scripts/pictures.py BOOK`: pictures of every page of `catena ui`, light and dark, into docs/pictures."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pymupdf
from PIL import Image
from playwright.sync_api import Browser, Page

from catena.benchmarks.browsing import ask, chromium, enter, serving, settle, visit
from catena.client import Catena
from catena.errors import DocumentError
from catena.options import AddOptions
from catena.settings import load_settings

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDE, NARROW = (1360, 900), (420, 860)
MAX_BYTES = 200_000
STILL_MS = 1_500
"""For what is drawn after a page is there: fonts, charts, the last movement."""
QUESTION = "Who coined the term byte, and when?"
ABSENT = "Who won the chess championship of 1972?"
LANTERN = "The battery of the lantern lasts forty hours on one charge. The warranty covers five years."


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with serving(Path(folder) / "empty") as (url, _), chromium() as browser:
            take(browser, url, "start", show_start)
        fill(home, Path(folder), Path(sys.argv[1]))
        with serving(home) as (url, _), chromium() as browser:
            for name, show in VIEWS.items():
                take(browser, url, name, show)


def fill(home: Path, folder: Path, book: Path) -> None:
    """A library as one has it: a book, a manual, a locked file and a broken one."""
    with pymupdf.open() as manual:
        manual.new_page().insert_textbox((60, 60, 500, 300), LANTERN)
        manual.save(folder / "lantern.pdf")
        method = 5  # AES-256
        manual.save(folder / "locked.pdf", encryption=method, user_pw="?", owner_pw="?")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing but this")
    titles = {
        folder / "broken.pdf": "Scan of the contract",
        folder / "locked.pdf": "Letter to the board",
        folder / "lantern.pdf": "Manual of the harbour lantern",
        book: "The Jargon File 4.4.7",
    }
    with Catena(settings=load_settings(home=home, background=False)) as catena:
        for path, title in titles.items():
            try:
                catena.add(path, options=AddOptions(title=title))
            except DocumentError as error:
                print(f"{title}: {error.reason}")


def take(browser: Browser, url: str, name: str, show: Callable[[Page, str], None]) -> None:
    """Show a page, light and dark, and keep its pictures."""
    width, height = NARROW if name.endswith("narrow") else WIDE
    for scheme in ("light", "dark"):
        page = visit(browser, url, width=width, height=height, scheme=scheme)
        show(page, url)
        settle(page)
        page.wait_for_timeout(STILL_MS)
        save(page.screenshot(), OUT / f"ui-{name}-{scheme}.png")
        page.context.close()


def save(picture: bytes, path: Path) -> None:
    """256 colours are enough for a page of text, and a fifth of the size."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size // 1000} kB")
    assert size <= MAX_BYTES, "pictures in the repository stay small"


def show_start(page: Page, url: str) -> None:
    enter(page, f"{url}/start")
    page.get_by_text("Drop documents here").wait_for()


def show_answer(page: Page, url: str) -> None:
    settle(page)
    ask(page, QUESTION)
    page.get_by_role("button", name="Save or copy").wait_for()


def show_nothing(page: Page, url: str) -> None:
    settle(page)
    ask(page, ABSENT)
    page.get_by_text("Closest passages").wait_for()


def show_library(page: Page, url: str) -> None:
    enter(page, f"{url}/library")
    page.get_by_test_id("stDataFrame").locator("td").first.wait_for(state="attached")


def show_compared(page: Page, url: str) -> None:
    enter(page, f"{url}/compare")
    page.get_by_label("Question").fill("How long does the battery of the lantern last?")
    page.get_by_role("combobox", name="Documents").fill("lantern")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ask both").click()
    page.get_by_role("button", name="Equally good").click()
    page.get_by_text("In figures").wait_for()


def show_batch(page: Page, url: str) -> None:
    """A set that is made, or was made while the first picture was taken, and its first questions."""
    enter(page, f"{url}/batch")
    page.get_by_text("Kinds of questions").wait_for()
    settle(page)
    if not page.get_by_role("button", name="Browse").count():
        page.get_by_role("combobox", name="Books").fill("Jargon")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        page.get_by_label("Questions about each book").fill("6")
        page.get_by_role("button", name="Make the set").click()
    page.get_by_text("6 of 6 questions").wait_for()
    page.get_by_role("button", name="Browse").click()
    page.get_by_test_id("stDialog").get_by_role("button", name="p. ").first.click()


def shower(path: str, text: str) -> Callable[[Page, str], None]:
    """A page that needs nothing but to be opened."""

    def show(page: Page, url: str) -> None:
        enter(page, f"{url}/{path}")
        page.get_by_text(text).first.wait_for()

    return show


VIEWS: Mapping[str, Callable[[Page, str], None]] = {
    "ask": show_answer,
    "ask-narrow": show_answer,
    "nothing": show_nothing,
    "library": show_library,
    "reading": shower("reading", "Pages searched"),
    "compare": show_compared,
    "batch": show_batch,
    "models": shower("models", "Provider"),
}

if __name__ == "__main__":
    main()
