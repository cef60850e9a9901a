"""`catena ui` as its user sees it: a server of its own, and Debian's Chromium before it (Playwright drives it)."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from catena.errors import MissingExtra, OptionError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--no-sandbox",  # as root it does not start otherwise; it sees this machine's own pages alone
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 120.0
WAIT_MS = 120_000
QUESTION_BOX = "stChatInputTextArea"
TOKEN = secrets.token_urlsafe(32)
"""Of every server that this process starts."""


def find_chromium() -> str | None:
    """The path of an installed Chromium, if there is one."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(
    home: Path, more: Mapping[str, str] | None = None, *, port: int | None = None
) -> Iterator[tuple[str, int]]:
    """Serve the library at `home`; yields the address, for `enter`, and the process id. `more`: further environment."""
    port = port or free_port()
    own = {"CATENA_HOME": str(home), "CATENA_UI_TOKEN": TOKEN}
    environment = {**os.environ, **own, **(more or {})}
    command = [sys.executable, "-c", "from catena.app.cli import main; main()"]
    command += ["ui", "--no-browser", "--port", str(port)]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "ui.log").open("ab") as log:
        server = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, server)
        yield url, server.pid
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise OptionError(f"The pages did not come up at {url}.", "Its log is ui.log in the library's folder.")


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser without a window; `more` arguments. Raises OptionError where no Chromium is installed."""
    try:
        from playwright.sync_api import sync_playwright  # an extra
    except ImportError as error:
        raise MissingExtra("playwright", "dev") from error
    path = find_chromium()
    if path is None:
        raise OptionError("There is no Chromium on this machine.", "Install it: `apt-get install chromium`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


def enter(page: Page, url: str, *, until: Literal["load", "commit"] = "load") -> None:
    """Go to an address of a server that `serving` started, with the token that it asks for."""
    page.goto(f"{url}{'&' if '?' in url else '?'}token={TOKEN}", wait_until=until)


def visit(browser: Browser, url: str, *, width: int = 1360, height: int = 900, scheme: str = "light") -> Page:
    """Open the pages as a new visitor."""
    is_dark = scheme == "dark"
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if is_dark else "light"
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    enter(page, url)
    page.get_by_test_id("stMainBlockContainer").wait_for()
    return page


def go_to(page: Page, name: str) -> None:
    """Click a page's name in the navigation."""
    link = page.get_by_test_id("stSidebarNavLink").filter(has_text=name)
    address = re.escape(str(link.evaluate("link => link.href")).rstrip("/"))
    link.click()
    page.wait_for_url(re.compile(rf"^{address}/?(\?.*)?$"))  # the page before is settled, too
    settle(page)


def ask(page: Page, question: str) -> None:
    """Type a question and press Enter."""
    box = page.get_by_test_id(QUESTION_BOX)
    box.fill(question)
    box.press("Enter")


def settle(page: Page) -> None:
    """Wait until the page that is shown is drawn to its end."""
    page.wait_for_function(
        "() => { const app = document.querySelector('[data-testid=stApp]');"
        " return app && app.dataset.testScriptState === 'notRunning'; }"
    )


def be_still(page: Page) -> None:
    """Wait until nothing fades or moves any more and the fonts are there."""
    settle(page)
    page.wait_for_function(
        "() => document.fonts.status === 'loaded' && !document.querySelector('[data-stale=true]')"
        " && document.getAnimations().every(one => one.playState !== 'running')"
    )


def see_image(page: Page) -> None:
    """Wait until the picture of the page in the viewer is there and still."""
    page.wait_for_function(
        "() => { const image = document.querySelector('[data-testid=stMain] [data-testid=stImage] img');"
        " return image && image.complete && image.naturalWidth > 0; }"
    )
    be_still(page)


def page_image(page: Page) -> Locator:
    """The picture of the page in the viewer."""
    return page.get_by_test_id("stMain").get_by_test_id("stImage").locator("img").first
