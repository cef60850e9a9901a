"""A fault of a page: its visitor gets an id that stands in the log, and no traceback."""

from __future__ import annotations

import re

import pytest

testing = pytest.importorskip("streamlit.testing.v1", reason="the extra `ui` is not installed")

SCRIPT = """
from catena.app.ui.error_view import guarded

@guarded
def show():
    raise RuntimeError("/a/secret/place.py")

show()
"""


def test_an_error_has_an_id_that_is_in_the_log_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    page = testing.AppTest.from_string(SCRIPT, default_timeout=60).run()
    (shown,) = page.error
    (number,) = re.findall(r"\b[0-9a-f]{8}\b", shown.value)
    assert "Something went wrong in Catena itself" in shown.value and not page.exception
    assert f"error {number}" in caplog.text and "Traceback" in caplog.text
    assert not any(word in shown.value for word in ("Traceback", ".py", "secret"))
