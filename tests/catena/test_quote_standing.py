"""Quotes of an answer that was given, held against the documents as they are now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catena import Catena, OptionError
from catena.quote_standing import _places, recheck
from tests.app.test_cli import run as run  # the command line in this process

TEXT = "The Tower\n\nThe tower of Arvik is 120 metres high. It was built by Ane Holt.\n\nThe lift carries eight.\n"
QUESTION = "How high is the tower of Arvik?"
QUOTE = "The tower of Arvik is 120 metres high."


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    path = tmp_path / "tower.txt"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize(
    ("old", "new", "state", "now"),
    [
        ("Holt", "Lund", "stands", QUOTE),
        ("120 metres high", "150 metres high", "changed", "The tower of Arvik is 150 metres high."),
        ("120", "1120", "changed", "The tower of Arvik is 1120 metres high."),
        (QUOTE, "", "gone", None),
        ("The tower", f"{'A new sentence stands here. ' * 200}\n\nThe tower", "stands", QUOTE),
    ],
)
def test_a_quote_stands_is_changed_or_gone(
    tower: Path, old: str, new: str, state: str, now: str | None
) -> None:
    with Catena() as c:
        c.add(tower)
        answer = c.ask(QUESTION)
        tower.write_text(TEXT.replace(old, new, 1))
        last = c.add(tower)
        asked, (found, *_) = recheck(c.library, answer.run_id[:10])
    assert (asked.run_id, found.quote, found.state) == (answer.run_id, QUOTE, state)
    assert (found.now.text if found.now else None, found.document_id) == (now, last.id)


def test_a_quote_that_moved_on_is_found_on_its_page(tower: Path) -> None:
    with Catena() as c:
        c.add(tower)
        answer = c.ask(QUESTION)
        tower.write_text("A new sentence stands here. " * 400 + "\n\n" + TEXT)
        number = c.add(tower).num_pages
        _, (found, *_) = recheck(c.library, answer.run_id)
    assert found.page == 1 and found.now is not None and found.now.page == number > 1


@pytest.mark.parametrize(
    ("wanted", "text", "holds"),
    [
        ("20 men", "120 men", False),
        ("5 km", "1.5 km", False),
        ("5 km", "\u22125 km", False),
        ("it is 40", "it is 40.5", False),
        ("it is 40", "it is 40.", True),
        ("20 men", "(20 men)", True),
        ("\u5c71\u3002", "\u5c71\u3002\u5ddd", True),
    ],
)
def test_words_and_numbers_are_whole(wanted: str, text: str, holds: bool) -> None:
    assert any(True for _ in _places(wanted, text)) is holds


def test_an_answer_that_nobody_gave_is_an_error(home: Path) -> None:
    with Catena() as c, pytest.raises(OptionError, match="No answer begins"):
        recheck(c.library, "abc")


def test_the_commands_say_the_same_as_json(run: Any, tower: Path) -> None:
    run("add", tower)
    asked = json.loads(run("ask", QUESTION, "--json")[1])
    assert run("recheck", asked["run_id"])[0] == 0
    assert run("diff", tower)[0] == 1
    tower.write_text(TEXT.replace("120", "150"))
    run("add", tower)
    code, out, _ = run("diff", tower, "--json")
    assert code == 0 and [one["words"] for one in json.loads(out)["changes"]] == [[["120", "150"]]]
    assert "+ The tower of Arvik is 150" in run("diff", tower, "--versions", "1", "2")[1]
    assert "1 to 2" in run("diff", tower, "--versions", "1", "3")[2]
    assert "120" in run("ask", QUESTION, "--doc", tower, "--version", "1")[1]
    assert "120" in run("show", tower, "--version", "1", "--page", "1")[1]
    assert run("search", "Arvik", "--version", "1")[0] == 1
    assert [one["version"] for one in json.loads(run("ls", "--versions", "--json")[1])] == [1, 2]
    assert "version 2 of 2" in run("ls", "--versions")[1]
    code, out, _ = run("recheck", asked["run_id"], "--json")
    assert code == 1 and json.loads(out)["counts"]["changed"] == 1
    assert "now: The tower of Arvik is 150" in run("recheck", asked["run_id"][:8])[1]
