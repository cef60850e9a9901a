"""The benchmark of the way to a model, on a small scale."""

from __future__ import annotations

from catena.benchmarks import model_calls


def test_no_cap_is_overspent_by_calls_at_once() -> None:
    rows = model_calls.budget_rows()
    assert len(rows) == 3 and all(row.reached.startswith("0 (") for row in rows)
    assert all(", 0 refused" not in row.reached for row in rows)


def test_an_overhead_is_told_and_nothing_is_lost_or_crossed() -> None:
    *_, last = model_calls.overhead_rows(3000, 0.0)
    assert last.reached == "0, 0"
