"""A small planted book (`python -m catena.benchmarks.planted`), over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from catena.benchmarks.bookreader import reply
from catena.benchmarks.planted import SYSTEMS, Result, longest_rise, measure, table
from catena.benchmarks.planted_books import make

NUM_WORDS = 12_000


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    systems = [one for one in SYSTEMS if "20 pages" in one.name or "0.1" in one.name]
    folder: Path = tmp_path_factory.mktemp("planted")
    return {one.system: one for one in asyncio.run(measure(folder, NUM_WORDS, ["list"], systems))}


def test_the_ledger_keeps_what_a_forgetful_reader_drops(results: dict[str, Result]) -> None:
    assert results["chain, p = 0.1, with ledger"].found >= 0.95
    assert results["chain, p = 0.1, no ledger"].found <= 0.5
    assert results["retrieve, 20 pages"].found <= 0.8  # of 40 pages or so, sifted
    assert "0.1, with ledger | 1.00" in table(list(results.values()))


def test_each_passage_is_read_once_within_window_and_note_budget(results: dict[str, Result]) -> None:
    assert [one.wrong for one in results.values()] == [()] * len(results)


def test_the_same_seed_writes_the_same_book() -> None:
    assert make(3000) == make(3000) != make(3000, seed=2)


def test_a_reader_answers_from_what_it_is_sent_alone() -> None:
    task = make(3000).tasks[0]
    system = {"role": "system", "content": "You answer questions"}
    shown = f"[7]\n| A book · page 1\n| Rain fell. {task.facts[0]}"
    for passages, said in ((shown, f"- {task.facts[0]} [7]"), ("[7]\n| Rain fell.", "NOT IN THE DOCUMENT")):
        user = {"role": "user", "content": f"{passages}\n\nQuestion: {task.question}"}
        assert reply({"messages": [system, user]}).endswith(said)


def test_the_longest_rise_counts_what_is_in_order() -> None:
    assert [longest_rise(places) for places in ([], [1, 2, 3], [3, 1, 2], [3, 2, 1])] == [0, 3, 2, 1]
