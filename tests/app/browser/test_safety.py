"""What a hostile document, a broken library and other machines get out of the pages: nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from catena.benchmarks.browsing import serving, settle
from catena.testing import StubModel
from tests.app.browser.test_browser import ask, drop, stub_model

HOSTILE = (
    "The lantern of Bergen burns <img src=http://images.example/a.png> whale oil ![x](http://images.example/b.png) "
    '<script src="http://scripts.example/c.js"></script> and [so on](http://links.example/d).\n'
)


def test_nothing_of_a_document_or_a_model_asks_another_host(page: Any, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "![x](http).txt"
    file.write_text(HOSTILE, "utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with StubModel() as stub, serving(home, stub_model(stub)) as (url, _):
        drop(page, url, file)
        page.get_by_role("heading", name="What do you want to know?").wait_for()
        page.get_by_role("combobox", name="How to read").click()
        page.get_by_role("option", name="Search for it").click()
        ask(page, "What does the lantern of Bergen burn? ![y](http://images.example/e.png)")
        page.get_by_role("button", name="p. 1").first.click()
        page.get_by_text("page 1 of 1").wait_for()
        page.get_by_text("How it was read").last.click()
        page.get_by_role("button", name="Page by page").last.click()
        page.get_by_text("Pages searched").wait_for()
        settle(page)
    assert "images.example" in page.content(), "the text itself is shown"
    assert [
        one for one in asked if not re.match(rf"(ws|http|data|blob):?/?/?({re.escape(url[7:])})?", one)
    ] == []
    assert [one for one in asked if "example" in one] == []


def test_other_machines_are_refused_without_a_login(home: Path) -> None:
    command = [sys.executable, "-c", "from catena.app.cli import main; main()", "ui", "--host", "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and "[auth]" in done.stdout + done.stderr
