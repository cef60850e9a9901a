"""The bundled book is what a real book is: long, with an outline, printed page numbers, running heads, tables."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def opened(book: Path) -> Iterator[pymupdf.Document]:
    with pymupdf.open(book) as document:
        yield document


def test_it_is_long_and_whole(opened: pymupdf.Document) -> None:
    assert len(opened) > 600
    assert not opened.is_repaired
    assert sum(len(page.get_text().split()) for page in opened.pages()) > 215_000
    assert [page.number for page in opened.pages() if not page.get_text().strip()] == []


def test_front_matter_is_numbered_apart(opened: pymupdf.Document) -> None:
    labels = [page.get_label() for page in opened.pages()]
    assert labels[:4] == ["i", "ii", "iii", "iv"]
    assert labels[labels.index("1") - 1] in ("vi", "vii", "viii")
    assert labels[-1] == str(len(labels) - labels.index("1"))


def test_the_outline_leads_to_the_entries(opened: pymupdf.Document) -> None:
    outline = opened.get_toc()
    assert len(outline) > 2300
    assert [title for level, title, _ in outline if level == 1][-2:] == [
        "Part II. The Jargon Lexicon",
        "Part III. Appendices",
    ]
    number = next(page for _, title, page in outline if title == "Duff's device")
    assert "invented by Tom Duff" in " ".join(opened[number - 1].get_text().split())


def test_no_character_is_lost(opened: pymupdf.Document) -> None:
    text = "".join(page.get_text() for page in opened.pages())
    assert "\ufffd" not in text
    assert {"λ", "→", "—", "“", "é"} <= set(text)


@pytest.mark.slow
def test_it_is_the_same_every_time(book: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.pdf"
    subprocess.run(
        [sys.executable, "-m", "catena.examples.build", str(again)], cwd=ROOT, check=True, timeout=600
    )
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(book.read_bytes()).digest()
