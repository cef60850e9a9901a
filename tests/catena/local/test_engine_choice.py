"""Which engine serves a model: the copy in bfloat16 where processor and memory allow, else the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena.local import engine_choice, processor
from catena.local.engine_choice import choose_engine, may_copy
from catena.local.imported_models import ImportedModel, ImportedModels, write_card
from catena.local.stored_models import LocalModel, Shelf
from tests.catena.local.conftest import MakeGGUF

GIB = 1 << 30


@pytest.fixture
def copied(shelf: Shelf, make_gguf: MakeGGUF) -> LocalModel:
    """A model with a copy of 3 GiB."""
    shelf.note_hash(shelf.add(make_gguf(), "tiny"), "a" * 64)
    folder = ImportedModels(shelf.folder).folder / ("a" * 64)
    folder.mkdir(parents=True)
    write_card(folder, ImportedModel("tiny", "tiny.gguf", "a" * 64, 3 * GIB))
    return shelf.get("tiny")


@pytest.mark.parametrize(
    ("wants", "available", "engine"),
    [(True, 8 * GIB, "kv"), (True, 2 * GIB, "llama.cpp"), (False, 8 * GIB, "llama.cpp")],
)
def test_the_copy_is_served_where_it_is_faster_and_fits(
    copied: LocalModel,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    wants: bool,
    available: int,
    engine: str,
) -> None:
    monkeypatch.setattr(engine_choice, "wants_copy", lambda: wants)
    found = choose_engine(shelf, copied, 4096, available)
    assert (found.engine, found.window) == (engine, 4096)


def test_without_a_copy_the_file_is_served(
    shelf: Shelf, make_gguf: MakeGGUF, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_choice, "wants_copy", lambda: True)
    assert choose_engine(shelf, shelf.add(make_gguf(), "tiny"), 4096, 8 * GIB).engine == "llama.cpp"


@pytest.mark.parametrize(
    ("said", "multiplies"),
    [
        ("processor: 0\nflags\t\t: fpu avx512_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx2\nbugs\t\t: amx_bf16\n", False),
        ("", False),
    ],
)
def test_the_processor_says_what_it_multiplies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, multiplies: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(said)
    monkeypatch.setattr(processor, "_LISTED", tmp_path / "cpuinfo")
    assert processor.multiplies_bfloat16() is multiplies


def test_no_copy_is_made_of_what_memory_could_not_hold(
    copied: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_choice, "wants_copy", lambda: True)
    monkeypatch.setattr(engine_choice, "total_memory", lambda: GIB)
    assert not may_copy(copied)
