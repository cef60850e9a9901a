from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from catena.benchmarks.intervals import interval
from catena.benchmarks.pages import Asked, Outcome, questions
from catena.benchmarks.retrieval import difference, report
from catena.benchmarks.tuning import GRID, choose, leave_one_out
from catena.retrieval.hybrid import WEIGHTS

ASKED = [Asked("Who?", f"{name}.pdf", frozenset({2, 5})) for name in ("a", "a", "b")]


def outcome(*found: int) -> Outcome:
    return Outcome(ASKED[0], found)


@pytest.mark.parametrize(
    ("found", "any_gold", "all_gold", "any_near", "all_near"),
    [
        ((2, 9, 5), True, True, True, True),
        ((9, 2, 8), True, False, True, False),
        ((1, 4, 9), False, False, True, True),
        ((9, 8, 7), False, False, False, False),
    ],
)
def test_any_and_all_gold_pages_strict_and_one_page_off(
    found: tuple[int, ...], any_gold: bool, all_gold: bool, any_near: bool, all_near: bool
) -> None:
    one = outcome(*found)
    assert (one.any_at(3), one.all_at(3)) == (any_gold, all_gold)
    assert (one.any_at(3, slack=1), one.all_at(3, slack=1)) == (any_near, all_near)
    assert not one.any_at(0)


def test_an_interval_draws_whole_documents() -> None:
    alike = interval([1, 1, 1, 0, 0, 0], ["a", "a", "a", "b", "b", "b"])
    assert alike == (0.0, 1.0)  # two documents: one, the other, or both
    apart = interval([1, 1, 1, 0, 0, 0], list("abcdef"))
    assert 0.0 < apart[0] < 0.5 < apart[1] < 1.0


def test_questions_without_readable_evidence_are_left_out(tmp_path: Path) -> None:
    row = {"set": "mmlongbench-doc", "question": "Who?", "docs": ["a.pdf"], "answerable": True}
    rows = [
        {**row, "evidence": [{"page": 3}], "modality": ["Table", "Chart"]},
        {**row, "evidence": [{"page": 3}], "modality": ["Chart"]},
        {**row, "evidence": [], "modality": ["Table"]},
        {**row, "evidence": [{"page": 3}], "modality": ["Table"], "answerable": False},
        {"set": "fairytaleqa", "answerable": True, "evidence": [{"section": 1}]},
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert questions(tmp_path, "mmlongbench-doc") == [Asked("Who?", "a.pdf", frozenset({3}))]


def test_the_table_sets_us_beside_peers() -> None:
    rows = iter([("hybrid, 0%", lambda *_: [2, 5]), ("peer: blind", lambda *_: [9])])
    lines = list(report(ASKED, {"a.pdf": "a", "b.pdf": "b"}, rows))
    assert lines[1].startswith("| hybrid, 0% | 1.000 (1.00 to 1.00) |")
    assert lines[-1].startswith("| blind | hybrid, 0% | +1.000")
    same = [outcome(2)]
    assert difference(same, same).startswith("+0.000")


def test_weights_are_chosen_without_the_document() -> None:
    sets, files = np.array(["s"] * 4), np.array(["a", "a", "b", "b"])
    found = np.zeros((len(GRID), 4, 2, 2))
    found[0, :2], found[1, 2:] = 1, 1  # the first is perfect on a, the second on b
    assert leave_one_out(found, sets, files).tolist() == [1, 1, 0, 0]
    assert GRID[choose(np.ones_like(found), sets)] == WEIGHTS  # among equals, those we ship
