"""docs/prompts.md is what is really sent."""

from __future__ import annotations

from catena.benchmarks.prompt_examples import page
from tests.conftest import ROOT


def test_the_prompts_in_the_docs_are_those_sent() -> None:
    assert (ROOT / "docs" / "prompts.md").read_text(encoding="utf-8") == page(), (
        "run: python -m catena.benchmarks.prompt_examples"
    )
