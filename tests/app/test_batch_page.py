"""Batch, shown without a browser: a set is made by rules in a process of its own, and browsed."""

from __future__ import annotations

import time
from pathlib import Path

from catena import Catena
from catena.benchmarks.novels import write_novel
from catena.bookqa.batch_processes import Batches
from catena.bookqa.generator import Order
from catena.bookqa.rule_questions import KINDS
from tests.app.test_reading_view import opened, texts


def add_novel(home: Path, folder: Path) -> str:
    """A made-up novel; its id."""
    with Catena(home) as catena:
        (folder / "novel.txt").write_text(write_novel(60, 1), "utf-8")
        return catena.add(folder / "novel.txt").id


def make_set(home: Path, folder: Path, num: int) -> None:
    """Questions about a made-up novel, by rules."""
    document_id = add_novel(home, folder)
    with Catena(home) as catena:
        batches = Batches(catena.settings)
        batch = batches.start([document_id], Order(num, KINDS))
        while batches.batch(batch.name).state == "running":
            time.sleep(0.2)


def test_a_set_is_watched_and_its_state_is_told_in_words(home: Path, tmp_path: Path) -> None:
    make_set(home, tmp_path, 2)
    page = opened("batch_page")
    assert not page.exception and "**done**" in texts(page)
    assert "Browse" in {button.label for button in page.button}


def test_without_a_book_it_says_what_to_do(home: Path) -> None:
    page = opened("batch_page")
    assert not page.exception and "Add a book" in texts(page)
