"""A model that obeys what documents say (`python -m catena.benchmarks.obedience`): a small run, over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from catena.benchmarks.obedience import PLANTED, Watch, look, measure
from catena.types import Answer


def test_a_model_that_obeys_documents_does_no_harm(tmp_path: Path) -> None:
    counts = asyncio.run(measure(tmp_path, 12))
    assert counts["runs"] == 12 and counts["obeyed"] > 6
    assert {name: count for name, count in counts.items() if count} == {
        "runs": 12,
        "obeyed": counts["obeyed"],
    }


@pytest.mark.parametrize("planted", PLANTED[:5])
def test_what_is_planted_would_be_noticed(planted: str, tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    look(Answer("Q", "A", "answered", "r", "t", "full", "", "m", 0.0), planted.format(n=1), watch)
    assert watch.counts["remote images"] or watch.counts["links"]
