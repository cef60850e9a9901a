"""A real browser on a real server. Where there is no Chromium these tests are skipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catena.benchmarks.browsing import WAIT_MS, chromium, find_chromium, serving

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for each file and no longer: Playwright keeps an event loop running in the thread of the tests."""
    if find_chromium() is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    with serving(home, {"CATENA_UI_FOLDERS": json.dumps([str(home.parent)])}) as (url, _):
        yield url


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    yield page
    context.close()
