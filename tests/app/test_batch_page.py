"""Batch, shown without a browser: a set is made by rules in a process of its own, and browsed."""

from __future__ import annotations

import time
from pathlib import Path

from catena import Catena
from catena.arena_jobs import KIND, ArenaJobs
from catena.benchmarks.novels import write_novel
from catena.bookqa.batch_processes import Batches
from catena.bookqa.generator import Order
from catena.bookqa.rule_questions import KINDS
from catena.settings import load_settings
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


def test_the_arena_ranks_behind_the_page_and_says_why_it_could_not(home: Path, tmp_path: Path) -> None:
    add_novel(home, tmp_path)
    (tmp_path / "runs").mkdir()
    page = opened("batch_page")
    page.text_input[0].input(str(tmp_path / "runs"))
    next(button for button in page.button if button.label == "Rank").click().run()
    arenas = ArenaJobs(load_settings(home=home))
    while (job := arenas.last()) is None or job.state in ("queued", "running"):
        time.sleep(0.2)
    assert not page.exception and job.kind == KIND and job.state == "failed"
    page = opened("batch_page")
    assert "**failed**" in texts(page) and "Go on" in {button.label for button in page.button}
