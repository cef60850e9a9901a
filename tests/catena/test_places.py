"""A path that holds other bytes is a new version: the one before is kept, and answers only when it is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catena.client import Catena
from catena.errors import DocumentError
from catena.healing import rebuild
from catena.library.backup import restore
from catena.library.checksums import covered, digest_of
from catena.library.schema import sources
from catena.options import AskOptions
from catena.settings import Settings, load_settings
from catena.types import Document

QUESTION = "How high is the tower of Arle?"
Write = Callable[[int], Document]


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home, background=False, parser_processes=1)


@pytest.fixture
def client(settings: Settings) -> Iterator[Catena]:
    with Catena(settings=settings) as client:
        yield client


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    return tmp_path / "tower.txt"


@pytest.fixture
def add(client: Catena, tower: Path) -> Write:
    return lambda metres: write(client, tower, metres)


def write(client: Catena, tower: Path, metres: int) -> Document:
    tower.write_text(f"The tower of Arle is {metres} metres high. It was built in 1903.\n")
    return client.add(tower)


def successors(client: Catena) -> dict[str, str | None]:
    return {one.id: one.successor for one in client.documents(versions=True)}


@pytest.mark.parametrize("strategy", ["retrieve", "chain"])
def test_a_changed_file_answers_for_itself_alone(client: Catena, add: Write, strategy: str) -> None:
    old, new = add(120), add(150)
    answer = client.ask(QUESTION, options=AskOptions(strategy))  # type: ignore[arg-type]
    assert {one.document_id for one in answer.citations} == {new.id}
    assert "150" in answer.text and "120" not in answer.text
    assert client.documents() == [client.document(new.id)]
    assert successors(client) == {old.id: new.id, new.id: None}


def test_search_leaves_out_what_was_superseded_unless_it_is_named(client: Catena, add: Write) -> None:
    old, new = add(120), add(150)
    assert {hit.ref.document_id for hit in client.search("tower")} == {new.id}
    assert client.library.search(["tower"]) == client.library.search(["tower"], [new.id])
    assert {hit.ref.document_id for hit in client.search("tower", documents=old.id)} == {old.id}
    assert "120" in client.ask(QUESTION, documents=old.id).text


def test_names_mean_the_version_that_stands(client: Catena, add: Write, tower: Path) -> None:
    old, new = add(120), add(150)
    assert [client.document(name).id for name in ("tower", str(tower), "tower.txt")] == [new.id] * 3
    assert client.document(old.id[:10]).successor == new.id


def test_bytes_that_come_back_stand_again(client: Catena, add: Write) -> None:
    old, new, again = add(120), add(150), add(120)
    assert (again.id, again.successor) == (old.id, None)
    assert successors(client) == {old.id: None, new.id: old.id}


def test_the_same_bytes_under_another_name_are_one_document(
    client: Catena, add: Write, tower: Path, tmp_path: Path
) -> None:
    old = add(120)
    copy = tmp_path / "copy.txt"
    copy.write_bytes(tower.read_bytes())
    assert client.add(copy).id == old.id
    new = add(150)
    assert successors(client) == {old.id: None, new.id: None}  # the copy still says so
    copy.write_bytes(tower.read_bytes())
    client.add(copy)
    assert successors(client) == {old.id: new.id, new.id: None}


def test_two_ways_to_a_file_are_one_place(client: Catena, add: Write, tower: Path, tmp_path: Path) -> None:
    old = add(120)
    (tmp_path / "way").symlink_to(tmp_path)
    tower.write_text("The tower of Arle is 150 metres high.")
    new = client.add(tmp_path / "way" / "tower.txt")
    assert successors(client) == {old.id: new.id, new.id: None}


def test_a_version_that_cannot_be_read_supersedes_nothing(client: Catena, add: Write, tower: Path) -> None:
    old = add(120)
    tower.write_bytes(b"%PDF-1.7\nbroken")
    with pytest.raises(DocumentError):
        client.add(tower)
    assert "120" in client.ask(QUESTION).text
    new = add(150)
    assert {one.id for one in client.documents()} == {new.id}
    assert successors(client)[old.id] == new.id


def test_files_of_the_same_name_elsewhere_are_documents_of_their_own(
    client: Catena, add: Write, tmp_path: Path
) -> None:
    old = add(120)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tower.txt").write_text("The tower of Bern is 150 metres high.")
    client.add(tmp_path / "other" / "tower.txt")
    assert successors(client)[old.id] is None


def test_removal_leaves_versions_linked_and_none_of_them_answers(client: Catena, add: Write) -> None:
    first, second, third = add(120), add(150), add(180)
    client.remove(second)
    assert successors(client) == {first.id: third.id, third.id: None}
    client.remove(third)
    assert (client.documents(), successors(client)) == ([], {first.id: ""})
    assert client.library.check() == []


def test_a_conversation_goes_on_with_the_newer_version(client: Catena, add: Write) -> None:
    old = add(120)
    asked = client.ask(QUESTION, documents=old, options=AskOptions(thread_id="t"))
    new = add(150)
    answer = client.ask("How high is it?", options=AskOptions(thread_id="t"))
    assert [one.document_id for one in asked.coverage.documents] == [old.id]
    assert [one.document_id for one in answer.coverage.documents] == [new.id]


def test_a_new_version_is_where_the_one_before_was(client: Catena, add: Write) -> None:
    old = add(120)
    client.library.collections.put("Towers", [old.id])
    client.library.collections.tag(old.id, ["high"])
    new = add(150)
    assert client.documents("in:Towers tag:high") == [client.document(new.id)]
    assert add(120).id == old.id
    assert [one.id for one in client.documents("Towers")] == [old.id]


def test_reading_an_old_version_again_changes_no_order(client: Catena, add: Write) -> None:
    old, new = add(120), add(150)
    client.reindex(old)
    assert successors(client) == {old.id: new.id, new.id: None}


@pytest.mark.parametrize("change", ["successor = NULL", "title = 'x'", "path = '/x'", "successor = ''"])
def test_a_damaged_place_lets_no_old_version_answer(
    client: Catena, add: Write, home: Path, change: str
) -> None:
    old, new = add(120), add(150)
    with sqlite3.connect(home / "library.db") as raw:
        raw.execute(f"UPDATE sources SET {change} WHERE successor IS NOT NULL")
    assert [one.id for one in client.documents()] == [new.id]
    assert successors(client)[old.id] == new.id
    assert client.library.check() == []


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_lost_row_comes_back_as_the_version_that_it_was(
    client: Catena, add: Write, home: Path, which: str
) -> None:
    versions = {"old": add(120), "new": add(150)}
    with sqlite3.connect(home / "library.db") as raw:
        raw.execute("UPDATE documents SET title = 'x' WHERE id = ?", (versions[which].id,))
    assert successors(client) == {versions["old"].id: versions["new"].id, versions["new"].id: None}


def test_a_rebuilt_library_and_a_restored_one_keep_the_versions(
    settings: Settings, home: Path, tmp_path: Path, tower: Path
) -> None:
    with Catena(settings=settings) as client:
        old, new = write(client, tower, 120), write(client, tower, 150)
        client.backup(tmp_path / "kept")
    rebuild(home)
    with Catena(settings=settings) as again:
        again.library.repair()
        assert successors(again) == {old.id: new.id, new.id: None}
    restore(tmp_path / "kept", home, replace=True)
    with Catena(settings=settings) as again:
        assert successors(again) == {old.id: new.id, new.id: None}


def test_a_library_of_the_schema_before_is_migrated(settings: Settings, tower: Path, home: Path) -> None:
    with Catena(settings=settings) as client:
        old = write(client, tower, 120)
    _downgrade(home)
    with Catena(settings=settings) as again:
        assert (again.library.check(), again.documents()) == ([], [old])
        new = write(again, tower, 150)
        assert successors(again) == {old.id: new.id, new.id: None}


def _downgrade(home: Path) -> None:
    """Make the places what they were in schema 11, with the checksums of that."""
    names = [column.name for column in covered(sources) if column.name != "successor"]
    with sqlite3.connect(home / "library.db") as raw:
        rows = raw.execute(f"SELECT rowid, {', '.join(names)} FROM sources").fetchall()
        sums = [(digest_of(values), row) for row, *values in rows]
        raw.executemany("UPDATE sources SET checksum = ? WHERE rowid = ?", sums)
        raw.executescript(
            "DROP INDEX sources_by_path; ALTER TABLE sources DROP COLUMN successor; PRAGMA user_version = 11;"
            "UPDATE counters SET value = 11 WHERE name = 'schema'"
        )
