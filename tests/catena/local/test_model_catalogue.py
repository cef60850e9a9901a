"""The catalogue, and what fits a machine."""

from __future__ import annotations

import pytest

from catena.errors import OptionError
from catena.local.memory_fit import (
    OVERHEAD,
    available_memory,
    choose_window,
    fit,
    needed,
    num_threads,
    total_memory,
)
from catena.local.model_catalogue import known, known_models
from catena.local.model_listing import rows
from catena.local.stored_models import NAME, Shelf
from tests.catena.local.conftest import MakeGGUF

OPEN = {"Apache-2.0", "MIT"}
GIB = 1 << 30


def test_the_catalogue_has_open_models_of_all_sizes() -> None:
    models = list(known_models().values())
    assert 8 <= len(models) <= 12
    assert {one.licence for one in models} <= OPEN
    assert (models[0].billions, models[-1].billions) == (0.135, 32.8)
    assert [one.gigabytes for one in models] == sorted(one.gigabytes for one in models)
    assert all(NAME.fullmatch(one.name) for one in models)


def test_files_have_the_size_of_their_models() -> None:
    """Four to five bits a weight, and more in very small models, whose vocabulary weighs most."""
    for one in known_models().values():
        bits = one.gigabytes * 8 / one.billions
        assert 4.4 <= bits <= (8 if one.billions < 2 else 5.4), one.name


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(OptionError, match="catena model ls"):
        known("gpt-4o")


@pytest.mark.parametrize(
    ("available", "mark"), [(4 * GIB, "fits"), (2 * GIB, "tight"), (2 * GIB - 1, "tight"), (0, "tight")]
)
def test_what_fits_is_marked(available: int, mark: str) -> None:
    assert fit(3 * GIB, available=available, total=8 * GIB) == mark
    assert fit(8 * GIB, available=available, total=8 * GIB) == "too large"


def test_a_window_shrinks_by_halves_until_it_fits() -> None:
    of_8192 = needed(GIB, 1 << 16, 8192)
    assert choose_window(GIB, 1 << 16, 8192, of_8192) == 8192
    assert choose_window(GIB, 1 << 16, 8192, of_8192 - 1) == 4096
    assert choose_window(GIB, 1 << 16, 8192, GIB + OVERHEAD) == 0


def test_this_machine_is_measured() -> None:
    assert 0 < available_memory() <= total_memory()
    assert num_threads() >= 1


def test_the_list_has_what_is_here_first(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    shelf.add(make_gguf(), "qwen3-4b")
    found = rows(shelf)
    assert [one.name for one in found if one.is_here] == [found[0].name] == ["qwen3-4b"]
    assert len(found) == len(known_models())
    assert found[0].note == known("qwen3-4b").good_for
