"""Files that come through the browser, under names that want to be more than titles."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from catena.jobs.uploads import FOLDER, UPLOAD, receive

NAMES = [
    "../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\system.ini",
    "a/../../b.pdf",
    "x\0.pdf",
    "x.pdf\0.exe",
    "\u202efdp.exe",
    "a" * 5000 + ".pdf",
    ".",
    "..",
    "",
    ".pdf",
    "con.pdf",
    "x.pdf/",
    "x.p\ndf",
    "\ud800.pdf",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    kept = receive(tmp_path, name, io.BytesIO(b"%PDF"))
    assert kept.parent.parent == tmp_path / FOLDER
    assert kept.stem == UPLOAD and kept.read_bytes() == b"%PDF"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]
