"""Collections and tags: kept, found, renamed, and gone with their documents; damage of them is seen and mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catena import (
    AddOptions,
    Catena,
    CollectionNotFound,
    Document,
    DocumentNotFound,
    Filter,
    OptionError,
    Problem,
)
from catena.chosen_documents import within
from catena.healing import examine
from catena.library.backup import backup, restore
from catena.library.library import Library
from catena.settings import Settings, load_settings


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


@pytest.fixture
def two(library: Library) -> list[Document]:
    for letter, name in (("f", "fern"), ("e", "moss")):
        document = Document(letter * 64, name, f"/plants/{name}.txt", "text", "ready")
        with library.writing(document, ["Plants"], [name]):
            pass
    return library.documents()


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home, background=False, parser_processes=1)


@pytest.fixture
def read(settings: Settings, tmp_path: Path) -> list[Document]:
    """The same two documents in a library whose originals are there."""
    with Catena(settings=settings) as client:
        for name, text in (("fern", "Ferns bear spores."), ("moss", "Moss has no roots.")):
            (tmp_path / f"{name}.txt").write_text(f"{text}\n")
            client.add(tmp_path / f"{name}.txt", options=AddOptions(collections=("Plants",), tags=(name,)))
        return client.documents()


def found(library: Library, wanted: str) -> list[str]:
    return titles(within(library, wanted))


def problems(settings: Settings, *, repair: bool) -> tuple[Problem, ...]:
    return examine(settings, lambda given: Catena(settings=given), repair=repair).problems


def titles(found: list[Document]) -> list[str]:
    return [one.title for one in found]


def damage(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "library.db") as raw:
        raw.executescript(statement)
    raw.close()


def test_a_document_is_in_several_collections(library: Library, two: list[Document]) -> None:
    library.collections.put("Green", [two[0].id, two[0].id])
    library.collections.put("plants", [two[0].id])  # the same, as case makes no other name
    assert [(one.name, one.num_documents) for one in library.collections.all(two)] == [
        ("Green", 1),
        ("Plants", 2),
    ]
    assert found(library, "green") == ["fern"]
    library.collections.take("Plants", [two[0].id])
    assert found(library, "Plants") == ["moss"]


def test_a_kept_filter_finds_what_comes_later(library: Library, two: list[Document]) -> None:
    library.collections.save("Mosses", Filter.parse("in:plants title:moss"))
    assert found(library, "Mosses") == ["moss"]
    with library.writing(Document("d" * 64, "mosses", "/m.txt", "text", "ready"), ["Plants"]):
        pass
    assert found(library, "Mosses") == ["moss", "mosses"]


def test_an_unknown_name_lists_near_ones(library: Library, two: list[Document]) -> None:
    with pytest.raises(CollectionNotFound, match="Did you mean 'Plants'"):
        within(library, "Plnats")
    with pytest.raises(CollectionNotFound, match="catena collection ls"):
        within(library, "Zebra")


@pytest.mark.parametrize("name", ["", "a:b", " a", "a  b", "a\nb", "x" * 201])
def test_what_is_no_name_is_refused(library: Library, name: str) -> None:
    with pytest.raises(OptionError, match="name"):
        library.collections.put(name, [])
    with pytest.raises(OptionError, match="name"):
        AddOptions(tags=(name,))


def test_names_are_not_taken_twice(library: Library, two: list[Document]) -> None:
    kept = library.collections
    kept.save("Mosses", Filter.parse("in:Plants title:moss"))
    changes: list[Callable[[], object]] = [
        lambda: kept.save("plants", Filter(title="x")),
        lambda: kept.rename("Mosses", "plants"),
        lambda: kept.put("mosses", [two[0].id]),
        lambda: kept.save("New", Filter("Mosses")),
        lambda: kept.delete("Plants"),  # a filter needs it
    ]
    for change in changes:
        with pytest.raises(OptionError):
            change()
    with pytest.raises(DocumentNotFound):
        kept.put("Lost", ["0" * 64])
    assert [one.name for one in kept.all(two)] == ["Mosses", "Plants"]


def test_a_renamed_collection_keeps_its_documents(library: Library, two: list[Document]) -> None:
    library.collections.save("Mosses", Filter.parse("in:Plants title:moss"))
    library.collections.rename("plants", "Flora")
    assert found(library, "Flora") == ["fern", "moss"]
    assert found(library, "Mosses") == ["moss"]
    library.collections.rename("Flora", "flora")
    assert [one.name for one in library.collections.all(two)] == ["Mosses", "flora"]


def test_a_deleted_collection_leaves_its_documents(library: Library, two: list[Document]) -> None:
    library.collections.delete("plants")
    assert library.collections.all(two) == []
    assert library.documents() == two
    assert all(not said.collections for said in library.collections.described().values())


def test_tags_are_given_and_taken(library: Library, two: list[Document]) -> None:
    assert library.collections.tag(two[0].id, ["Wet", "wet"], ["FERN"]).tags == ("Wet",)
    with pytest.raises(DocumentNotFound):
        library.collections.tag("0" * 64, ["a"])


def test_another_process_is_noticed(library: Library, two: list[Document], home: Path) -> None:
    assert found(library, "Plants") == ["fern", "moss"]
    with Library(home) as other:
        other.collections.take("Plants", [two[0].id])
    assert found(library, "Plants") == ["moss"]


def test_what_is_said_of_a_document_goes_with_it(settings: Settings, read: list[Document]) -> None:
    with Catena(settings=settings) as client:
        client.reindex(read[1])
        client.add(read[1].path, options=AddOptions(collections=("Plants", "Two")))
        said = client.library.collections.description(read[1].id)
        assert (said.tags, said.collections) == (("moss",), ("Plants", "Two"))
        client.remove(read[0])
        assert list(client.library.collections.described()) == [read[1].id]


def test_a_question_is_asked_of_a_collection(
    settings: Settings, read: list[Document], tmp_path: Path
) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with Catena(settings=settings) as client:
        list(client.add_all([tmp_path / "broken.pdf"], options=AddOptions(collections=("Plants",))))
        assert len(client.documents("Plants")) == 3
        answer = client.ask("What do ferns bear?", documents=Filter("Plants"))
        assert len(answer.coverage.documents) == 2
        hits = client.search("spores roots", documents=Filter(tags=("fern",)))
        assert {hit.ref.document_id for hit in hits} == {read[0].id}
        with pytest.raises(OptionError, match="No document to ask fits 'tag:none'"):
            client.ask("What?", documents=Filter(tags=("none",)))


def test_a_backup_holds_collections(library: Library, two: list[Document], tmp_path: Path) -> None:
    backup(library.home, tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "back")
    with Library(tmp_path / "back") as back:
        assert found(back, "Plants") == ["fern", "moss"]


FERN = "WHERE tags = '[\"fern\"]'"


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        (f"UPDATE descriptions SET tags = '[]' {FERN}", ["moss"]),
        (f"DELETE FROM descriptions {FERN}", ["moss"]),
        ("UPDATE collections SET name = 'Plans'", ["fern", "moss"]),
        ("DELETE FROM collections", ["fern", "moss"]),
        ("DELETE FROM counters WHERE name IN ('descriptions', 'collections')", ["fern", "moss"]),
        ("DELETE FROM documents WHERE title = 'fern'", ["moss", "fern"]),
        ("UPDATE counters SET value = 3 WHERE name = 'schema'", ["fern", "moss"]),  # all is made anew
    ],
)
def test_damage_is_seen_and_what_is_left_stays(
    settings: Settings, read: list[Document], statement: str, left: list[str]
) -> None:
    damage(settings.home, statement)
    assert problems(settings, repair=False)
    assert not problems(settings, repair=True)
    with Catena(settings=settings) as client:
        assert sorted(titles(client.documents("Plants"))) == sorted(left)


def test_a_question_meets_the_damage_first(settings: Settings, read: list[Document]) -> None:
    damage(settings.home, f"UPDATE descriptions SET checksum = 1 {FERN}")
    with Catena(settings=settings) as client:
        assert titles(client.documents("Plants")) == ["moss"]
        assert client.health().problems == ()
    assert "fern" in next((settings.home / "lost+found").rglob("descriptions.jsonl")).read_text()


def test_a_library_of_the_schema_before_is_migrated(
    library: Library, two: list[Document], home: Path
) -> None:
    library.close()
    damage(
        home,
        "DROP TABLE descriptions; DROP TABLE collections; PRAGMA user_version = 9;"
        "DELETE FROM counters WHERE name IN ('descriptions', 'collections');"
        "UPDATE counters SET value = 9 WHERE name = 'schema'",
    )
    with Library(home) as opened:
        opened.collections.put("Plants", [two[0].id])
        assert found(opened, "Plants") == ["fern"]
