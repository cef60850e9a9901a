from __future__ import annotations

import json
from pathlib import Path

import pytest

from catena.benchmarks.stories import NovelQuestion, Told, measure_stories, read_novel_questions, to_markdown
from catena.client import Catena
from catena.settings import load_settings

NOVEL = (
    "CHAPTER I\n\n" + "Mr. Silas Thorne mended the lantern. Nancy sang all day long in the garden.\n\n" * 3
)
ASKED = NovelQuestion("novel", "Who mended the lantern?", ("Thorne",))


@pytest.mark.parametrize(
    ("short", "quotes", "is_at_once", "is_quoted"),
    [
        ("Silas Thorne", ("He mended it.",), True, True),
        ("", ("Thorne mended it.", "So they say."), True, True),
        ("", ("So they say.", "Thorne mended it."), False, True),
        ("", (), False, False),
    ],
)
def test_what_is_told_first_counts_and_the_other_quotes_apart(
    short: str, quotes: tuple[str, ...], is_at_once: bool, is_quoted: bool
) -> None:
    told = Told("Catena", ASKED, short, quotes, 0.1)
    assert (told.is_at_once, told.is_quoted) == (is_at_once, is_quoted)


def test_every_question_is_asked_of_the_reader_and_of_the_peer(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_text(NOVEL)
    row = {"file": ASKED.file, "question": ASKED.text, "answers": list(ASKED.accepted)}
    (tmp_path / "asked.jsonl").write_text(json.dumps(row) + "\n")
    asked = read_novel_questions(tmp_path / "asked.jsonl")
    with Catena(settings=load_settings(home=tmp_path / "home", background=False)) as catena:
        told = list(measure_stories(catena, tmp_path, asked))
    assert [one.way for one in told] == ["Catena", "BM25 + MiniLM sentences"]
    assert all(one.is_at_once for one in told)
    assert "| Catena | 1 | 1.000 (1.00 to 1.00) |" in to_markdown(told)
