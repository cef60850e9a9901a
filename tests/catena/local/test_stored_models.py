"""Models that are taken, listed, found and removed; files that are none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from catena.errors import OptionError
from catena.local.gguf import facts_of
from catena.local.stored_models import Shelf, name_for
from tests.catena.local.conftest import MakeGGUF, gguf_bytes


def test_a_file_says_what_it_is(make_gguf: MakeGGUF) -> None:
    facts = facts_of(make_gguf(general__license="mit", general__name="Tiny"))
    assert (facts.architecture, facts.trained, facts.has_template) == ("llama", 4096, True)
    assert (
        facts.kv_bytes == 2 * 2 * (16 + 16) * 2
    )  # layers, key heads, keys and values of 16 numbers, 2 bytes
    assert (facts.licence, facts.title) == ("mit", "Tiny")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"general__architecture": "bert"}, "writes no text"),
        ({"general__architecture": None}, "names no architecture"),
        ({"llama__context_length": None}, "names no context length"),
    ],
)
def test_a_model_that_cannot_answer_is_refused(make_gguf: MakeGGUF, keys: dict[str, Any], why: str) -> None:
    with pytest.raises(OptionError, match=why):
        facts_of(make_gguf(**keys))


@pytest.mark.parametrize("end", range(0, len(gguf_bytes()), 7))
def test_a_header_that_is_cut_is_refused(tmp_path: Path, end: int) -> None:
    (tmp_path / "cut.gguf").write_bytes(gguf_bytes()[:end])
    with pytest.raises(OptionError, match="no language model"):
        facts_of(tmp_path / "cut.gguf")


def test_a_header_that_lies_about_lengths_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.gguf").write_bytes(b"GGUF\x03\0\0\0" + b"\0" * 8 + b"\x01" + b"\0" * 7 + b"\xff" * 8)
    with pytest.raises(OptionError, match="damaged"):
        facts_of(tmp_path / "long.gguf")


def test_a_model_is_linked_for_its_owner_alone(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    path = make_gguf("My Model-Q4_K_M.gguf")
    added = shelf.add(path)
    assert added.name == "my-model-q4_k_m"
    assert added.path.samefile(path)
    assert shelf.models() == [added] == [shelf.get("local/my-model-q4_k_m")]
    assert os.stat(shelf.folder / added.name).st_mode & 0o777 == 0o700


def test_what_is_removed_stays_where_it_came_from(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    path = make_gguf()
    shelf.add(path, "tiny")
    shelf.rm("tiny")
    assert path.is_file()
    assert shelf.models() == []


def test_a_link_whose_file_was_moved_is_named(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    added = shelf.add(make_gguf(), "tiny")
    added.path.unlink()
    with pytest.raises(OptionError, match="is gone"):
        shelf.get("tiny")
    assert not shelf.models()[0].is_whole


def test_all_pieces_of_a_model_are_taken(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    first, last = make_gguf("big-00001-of-00002.gguf"), make_gguf("big-00002-of-00002.gguf")
    added = shelf.add(first.parent, "big")
    assert added.path.name == first.name
    assert added.num_bytes == first.stat().st_size + last.stat().st_size


def test_a_missing_piece_is_named(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    with pytest.raises(OptionError, match="big-00002-of-00002.gguf is not here"):
        shelf.add(make_gguf("big-00001-of-00002.gguf"))


def test_a_folder_with_two_models_is_ambiguous(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    make_gguf("a.gguf")
    with pytest.raises(OptionError, match="has 2 models"):
        shelf.add(make_gguf("b.gguf").parent)


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", ".x", "x" * 65])
def test_a_name_is_no_path(shelf: Shelf, name: str, make_gguf: MakeGGUF) -> None:
    with pytest.raises(OptionError, match="cannot be a model's name"):
        shelf.check_free(name)
    assert shelf.find(name) is None


def test_a_name_that_is_taken_is_refused(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    shelf.add(make_gguf(), "tiny")
    with pytest.raises(OptionError, match="already"):
        shelf.add(make_gguf(), "tiny")


def test_a_damaged_card_hides_its_model_alone(shelf: Shelf, make_gguf: MakeGGUF) -> None:
    shelf.add(make_gguf(), "tiny")
    kept = shelf.add(make_gguf(), "other")
    (shelf.folder / "tiny" / "model.json").write_text(json.dumps([1]))
    assert shelf.models() == [kept]


def test_an_unknown_name_is_answered_by_what_to_do(shelf: Shelf) -> None:
    with pytest.raises(OptionError, match="catena model get qwen3-4b"):
        shelf.get("local/qwen3-4b")


def test_names_are_made_of_files() -> None:
    assert name_for(Path("Qwen 3 (4B)-00001-of-00003.gguf")) == "qwen-3-4b"
