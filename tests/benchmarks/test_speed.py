"""The benchmarks run, on a document of three pages; their figures are of big ones (docs/benchmarks.md)."""

from __future__ import annotations

import re
from pathlib import Path

from catena.benchmarks import speed
from catena.benchmarks.timing import Row, spread, table


def number(row: Row) -> float:
    found = re.match(r"[\d.]+", row.reached)
    assert found, row
    return float(found[0])


def test_a_table_names_the_machine_and_the_targets() -> None:
    printed = table([Row("adding", "≥ 0.5", "0.6")])
    assert "cores of" in printed.splitlines()[0]
    assert printed.endswith("| adding | ≥ 0.5 | 0.6 |")


def test_the_spread_is_of_all_runs() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 s (1.00 to 3.00, 3 runs)"


def test_help_is_slower_than_nothing() -> None:
    ours, nothing = speed.help_rows(2)
    assert 10 > number(ours) > number(nothing) > 0


def test_adding_is_compared_with_bare_extraction(manual: Path) -> None:
    (row,) = speed.add_rows([manual], 1)
    assert row.what == "manual.pdf, 3 pages"
    assert 0 < number(row) < 1


def test_the_steps_of_a_cold_start_make_the_whole(manual: Path) -> None:
    whole, *steps = speed.start_rows(manual, "How long does the battery last?", 1)
    assert re.search(r"3 pages, [1-9] citations", whole.what)
    assert len(steps) == 4
    assert abs(number(whole) - sum(map(number, steps))) < 0.1


def test_questions_are_timed_without_and_with_vectors(manual: Path) -> None:
    cold, warm = speed.question_rows(manual, ["How long does the battery last?"])
    assert ("0%" in cold.what, "100%" in warm.what) == (True, True)
    assert number(cold) > 0 < number(warm)
