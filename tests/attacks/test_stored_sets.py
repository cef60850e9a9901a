"""Sets of questions, and what servers of KV pages hold: damage of their files is named, mended, and not believed."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from catena.agents.run_store import Checkpoints
from catena.bookqa import book_sets
from catena.bookqa.batch_processes import JOB, SET, Batches
from catena.bookqa.book_set_runs import GenerateOptions, journal_path
from catena.bookqa.generator import Order
from catena.bookqa.items import read_items, to_json, write_items
from catena.bookqa.result_store import SCHEMA, Journal
from catena.errors import CatenaError, LibraryCorrupt
from catena.jobs.job_store import STORE
from catena.kv.client.served_ids import IDS, Key, ServedIds, check_served
from catena.settings import load_settings
from tests.bookqa.test_items import ITEM

KEY = Key("http://127.0.0.1:9/v1", "recall", "d" * 64, "full", "text")
NAME = "abc123"
Damage = Callable[[bytearray, random.Random], bytes]


def flip(data: bytearray, drawn: random.Random) -> bytes:
    data[drawn.randrange(len(data))] ^= 1 << drawn.randrange(8)
    return bytes(data)


def cut(data: bytearray, drawn: random.Random) -> bytes:
    return bytes(data[: drawn.randrange(1, len(data))])


def empty(data: bytearray, drawn: random.Random) -> bytes:
    return b""


def set_of_one_item(home: Path) -> None:
    """Leave a set as a process does that made it."""
    folder = home / "batches" / NAME
    folder.mkdir(parents=True)
    asked = {
        "books": ["book"],
        "order": asdict(Order(1, ("local",))),
        "options": asdict(GenerateOptions()),
        "started_at": 1.0,
    }
    (folder / JOB).write_text(json.dumps(asked))
    with Journal(journal_path(folder / SET)) as journal:
        journal.put("item", {"item": to_json(ITEM)})
        journal.put(f"{book_sets.BOOKS}1", {"book": "book", "keys": ["item"]})
        write_items(folder / SET, book_sets.items(journal))


@pytest.fixture
def batches(home: Path) -> Batches:
    set_of_one_item(home)
    return Batches(load_settings())


@pytest.mark.parametrize("damage", [flip, cut, empty])
def test_a_damaged_set_is_written_again_of_what_its_journal_holds(
    batches: Batches, home: Path, damage: Damage
) -> None:
    path, drawn = home / "batches" / NAME / SET, random.Random(3)
    whole = path.read_bytes()
    for _ in range(12):
        path.write_bytes(damage(bytearray(whole), drawn))
        (problem,) = batches.check(repair=False)
        assert NAME in problem.message and problem.can_repair
        assert batches.check(repair=True) == [] and path.read_bytes() == whole


@pytest.mark.parametrize("damage", [flip, cut, empty])
def test_a_damaged_journal_is_named_and_lies_about_no_item(
    batches: Batches, home: Path, damage: Damage
) -> None:
    path, drawn = journal_path(home / "batches" / NAME / SET), random.Random(4)
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    whole = path.read_bytes()
    for _ in range(20):
        path.write_bytes(damage(bytearray(whole), drawn))
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        try:
            with Journal(path) as journal:
                assert [*book_sets.items(journal)] in ([ITEM], [])
        except CatenaError as error:
            assert error.message and error.remedy


def test_a_store_in_the_place_of_another_is_damaged(batches: Batches, home: Path) -> None:
    journal, runs = journal_path(home / "batches" / NAME / SET), home / STORE
    Checkpoints(runs).rows("SELECT 1")
    for path in (journal, runs):
        sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    kept = journal.read_bytes()
    journal.write_bytes(runs.read_bytes())
    runs.write_bytes(kept)
    assert Checkpoints(runs).check(repair=True) == [] and Checkpoints(runs).unfinished() == []
    with pytest.raises(LibraryCorrupt, match="damaged"):
        Journal(journal)


@pytest.mark.parametrize("version", [0, 3, 6, SCHEMA + (1 << 20)])
def test_a_journals_version_that_a_bit_has_turned_is_put_back(
    batches: Batches, home: Path, version: int
) -> None:
    path = journal_path(home / "batches" / NAME / SET)
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {version}")
    raw.close()
    assert batches.items(NAME) == [ITEM] and batches.check(repair=False) == []


@pytest.mark.parametrize("damage", [flip, cut, empty])
def test_what_servers_hold_is_known_or_said_to_be_lost(home: Path, damage: Damage) -> None:
    home.mkdir()
    ids, drawn = ServedIds(home / IDS), random.Random(5)
    ids.put(KEY, "kept-there")
    whole = (home / IDS).read_bytes()
    for _ in range(30):
        (home / IDS).write_bytes(damage(bytearray(whole), drawn))
        with pytest.raises(LibraryCorrupt, match="not known"):
            ids.get(KEY)
        (problem,) = check_served(home, repair=False)
        assert problem.can_repair and "--repair" in problem.remedy
        assert check_served(home, repair=True) == [] and ids.get(KEY) is None


def test_a_file_of_an_older_version_is_read(home: Path) -> None:
    home.mkdir()
    (home / IDS).write_text(json.dumps([[*KEY, "kept-there"]]))
    assert ServedIds(home / IDS).get(KEY) == "kept-there"


def test_a_line_that_is_no_item_is_an_error_with_its_number(batches: Batches, home: Path) -> None:
    path = home / "batches" / NAME / SET
    path.write_bytes(path.read_bytes().replace(b'"kind"', b'"kinx"'))
    with pytest.raises(CatenaError, match="Line 1"):
        list(read_items(path))
