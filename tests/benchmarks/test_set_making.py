"""The measurements of sets, small: planted items, kills, and quotes of real novels."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from catena.benchmarks.bookkills import run
from catena.benchmarks.bookplants import planted
from catena.benchmarks.set_making import plumbing


def test_filters_throw_away_what_was_planted_and_keep_the_good() -> None:
    for name, (wanted, counts) in asyncio.run(planted(10)).items():
        assert counts[wanted] >= (10 if wanted else 9.5), (name, counts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "num_kills", "num_books", "concurrency"),
    [("sets", 10, 20, 4), ("sets", 3, 5, 1), ("runs", 3, 3, 4)],
)
def test_a_killed_job_ends_as_if_it_had_not_been(
    what: str, num_kills: int, num_books: int, concurrency: int
) -> None:
    found = run(what, num_kills, num_books, concurrency, seed=1)
    assert found.wrong == [] and found.repeated.total() >= num_kills
    # A child may die before it has made again all that the one before lost, so the sum is what kills bound.
    assert sum(again * times for again, times in found.repeated.items()) <= concurrency * num_kills


@pytest.mark.data
@pytest.mark.slow
def test_every_quote_of_a_set_stands_in_the_novel_as_it_came(data: Path) -> None:
    rows = {row.what: row.reached for row in plumbing(data, 1, 16)}
    found, _, all_quotes = rows["quotes that stand literally in the files"].partition(" of ")
    assert found == all_quotes != "0"
