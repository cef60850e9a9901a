"""Votes of people on two answers: kept, listed, and gone with what they are about."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from catena import Catena, OptionError
from catena.library.library import Library
from catena.library.votes import Vote


def test_votes_are_kept_in_their_order(home: Path) -> None:
    given = [Vote("Q", "retrieve", "chain", winner) for winner in ("chain", None, "retrieve")]
    with Catena(home) as c:
        for vote in given:
            c.library.votes.save(vote)
        assert c.library.votes.all() == given


def test_a_vote_goes_with_a_document_that_it_is_about(home: Path, manual: Path) -> None:
    with Catena(home) as c:
        document = c.add(manual)
        c.library.votes.save(Vote("Q", "a", "b", "a", ("0" * 64, document.id)))
        c.library.votes.save(Vote("R", "a", "b", None))
        assert set(c.library.votes.all()[0].document_ids) == {"0" * 64, document.id}
        c.remove(document)
        assert [vote.question for vote in c.library.votes.all()] == ["R"]


@pytest.mark.parametrize(("second", "winner"), [("a", "a"), ("b", "c")])
def test_a_vote_is_for_one_of_two_systems(second: str, winner: str) -> None:
    with pytest.raises(OptionError, match="system|winner"):
        Vote("Q", "a", second, winner)


def test_a_library_from_before_votes_gets_their_tables(home: Path) -> None:
    Library(home).close()
    with sqlite3.connect(home / "library.db") as raw:
        raw.executescript(
            "DROP TABLE vote_documents; DROP TABLE votes; DELETE FROM counters WHERE name = 'schema';"
            "PRAGMA user_version = 2"
        )
    raw.close()
    with Library(home) as library:
        assert library.votes.all() == []
