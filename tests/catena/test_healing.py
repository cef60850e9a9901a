"""What the disk changed is seen, read again from its original, or named; a repair destroys nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from catena.client import Catena
from catena.errors import DocumentError, LibraryCorrupt, LibraryError
from catena.healing import LOCK, examine
from catena.health import Health
from catena.library.database import Database
from catena.library.schema import COUNTERS, sources
from catena.settings import Settings, load_settings
from catena.types import Document, PageRef

TEXT = "The bridge will survive the flood of the year 1911.\n\n" * 30


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home, background=False, parser_processes=1)


@pytest.fixture
def document(settings: Settings, tmp_path: Path) -> Iterator[Document]:
    (tmp_path / "bridge.txt").write_text(TEXT)
    with Catena(settings=settings) as catena:
        found = catena.add(tmp_path / "bridge.txt")
    yield found


def damage(home: Path, statement: str) -> None:
    raw = sqlite3.connect(home / "library.db")
    raw.executescript(statement)
    raw.close()


def doctor(settings: Settings, *, repair: bool) -> Health:
    return examine(settings, lambda given: Catena(settings=given), repair=repair)


UNOWNED = {"document_key": 7, "path": "a", "title": "a", "added_at": 0.0, "checksum": 0}
LIE = "UPDATE pages SET text = replace(text, 'survive', 'perish!')"


@pytest.mark.parametrize(
    "statement",
    [
        LIE,
        "UPDATE page_words SET words = zeroblob(24)",
        "UPDATE passages SET start = 1 WHERE ordinal = 0",
        "UPDATE documents SET outline = '[[broken'",
        "UPDATE documents SET title = 'Another'",
        "UPDATE documents SET id = 'ab' || substr(id, 3)",
        "UPDATE lexical_indexes SET data = 'none'",
        "UPDATE word_rows SET terms = zeroblob(9) WHERE bucket % 2",
        "UPDATE word_totals SET num_documents = 7",
        "DELETE FROM word_rows WHERE bucket < 60",
        "DELETE FROM word_totals",
        "DELETE FROM pages WHERE number = 1",
        "DELETE FROM documents",
    ],
)
def test_a_damaged_row_is_read_again_from_its_original(
    home: Path, settings: Settings, document: Document, statement: str
) -> None:
    with Catena(settings=settings) as catena:
        truth = list(catena.library.pages(document.id))
    damage(home, statement)
    assert doctor(settings, repair=False).problems
    with Catena(settings=settings) as catena:
        assert [one.title for one in catena.documents()] == [document.title]
        catena.library.search(["bridge"])
        catena.library.lexical_index(document.id)
        catena.library.passages(document.id)
        assert list(catena.library.pages(document.id)) == truth
    assert doctor(settings, repair=True).problems == ()


def test_an_original_that_was_altered_is_not_read(settings: Settings, document: Document) -> None:
    with Catena(settings=settings) as catena:
        catena.library.original(document.id).write_text(TEXT.replace("survive", "perish"))
        with pytest.raises(DocumentError, match="not the file"):
            catena.reindex(document)
        with pytest.raises(DocumentError, match="not the file"):
            catena.page_image(document, 1)
        assert "survive" in catena.page(document, 1).text


def test_a_document_that_is_lost_answers_nothing_until_it_is_added_again(
    home: Path, settings: Settings, document: Document, tmp_path: Path
) -> None:
    damage(home, LIE)
    with Catena(settings=settings) as catena:
        catena.library.original(document.id).unlink()
        with pytest.raises(DocumentError, match="damaged"):
            catena.library.page(PageRef(document.id, 1))
        assert catena.document(document.id).status == "damaged"
        with pytest.raises(DocumentError, match="bridge|damaged"):
            catena.ask("Will the bridge survive?", documents=[document.id])
        assert catena.add(tmp_path / "bridge.txt").status == "ready"
    assert doctor(settings, repair=False).problems == ()


@pytest.mark.parametrize("data", [None, b"", b"no database" * 999])
def test_a_lost_database_is_made_anew_and_no_original_goes(
    home: Path, settings: Settings, document: Document, data: bytes | None
) -> None:
    (home / "library.db").unlink()
    if data is not None:
        (home / "library.db").write_bytes(data)
    with pytest.raises(LibraryCorrupt, match="--repair"):
        Catena(settings=settings)
    assert doctor(settings, repair=False).problems
    assert doctor(settings, repair=True).problems == ()
    with Catena(settings=settings) as catena:
        assert [one.id for one in catena.documents()] == [document.id]
        assert "survive" in catena.page(document.id, 1).text
        assert catena.library.original(document.id).is_file()


@pytest.fixture
def exchanged(home: Path, settings: Settings, document: Document) -> Path:
    """The database lies in the original's place, and the original in its."""
    original = home / "originals" / document.id[:2] / document.id
    original.rename(home / "between")
    (home / "library.db").rename(original)
    (home / "between").rename(home / "library.db")
    return original


def test_files_that_changed_places_are_put_back(
    exchanged: Path, settings: Settings, document: Document
) -> None:
    assert doctor(settings, repair=False).problems
    health = doctor(settings, repair=True)
    assert "had changed places" in health.mended[0].message and not health.problems
    with Catena(settings=settings) as catena:
        assert catena.document(document.id).title == "bridge"


@pytest.mark.parametrize("num_moves", [1, 2])
def test_an_exchange_that_was_killed_is_finished(
    exchanged: Path, home: Path, settings: Settings, document: Document, num_moves: int
) -> None:
    (home / "tmp").mkdir(exist_ok=True)
    exchanged.rename(home / "tmp" / f"{document.id}.library.db.exchanged")
    if num_moves == 2:
        (home / "library.db").rename(exchanged)
    assert doctor(settings, repair=True).problems == ()
    with Catena(settings=settings) as catena:
        assert catena.document(document.id).title == "bridge"


def test_a_row_that_misses_its_owner_is_damage_where_the_file_is_not_in_order(tmp_path: Path) -> None:
    database = Database(tmp_path / "library.db")
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(sources.insert(), UNOWNED)
    database.close()
    raw = sqlite3.connect(tmp_path / "library.db")
    ((root,),) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'votes'")
    raw.close()
    blocks = (tmp_path / "library.db").read_bytes()
    zeroed = blocks[: (root - 1) * 4096] + bytes(4096) + blocks[root * 4096 :]
    (tmp_path / "library.db").write_bytes(zeroed)
    database = Database(tmp_path / "library.db")
    with pytest.raises(LibraryCorrupt, match="damaged"), database.write() as connection:
        connection.execute(sources.insert(), UNOWNED)


def test_a_schema_that_is_no_text_is_named(home: Path, settings: Settings, document: Document) -> None:
    data = (home / "library.db").read_bytes()
    (home / "library.db").write_bytes(
        data.replace(b"CREATE TABLE documents", b"CRE\xda\xffE TABLE documents")
    )
    assert doctor(settings, repair=False).problems
    assert doctor(settings, repair=True).problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        *(f"UPDATE counters SET value = 'x' WHERE name = '{name}'" for name in (*COUNTERS, "schema")),
        "UPDATE sqlite_sequence SET seq = 'x'",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = 0",
        "DELETE FROM sqlite_sequence",
    ],
)
def test_a_count_that_is_none_is_named_and_mended(
    home: Path, settings: Settings, document: Document, tmp_path: Path, statement: str
) -> None:
    damage(home, statement)
    (tmp_path / "tower.txt").write_text("The tower is 90 feet high.")
    with suppress(LibraryCorrupt), Catena(settings=settings) as catena:
        catena.add(tmp_path / "tower.txt")
    doctor(settings, repair=False)
    assert doctor(settings, repair=True).problems == ()
    with Catena(settings=settings) as catena:
        assert catena.add(tmp_path / "tower.txt").status == "ready"
        assert len(catena.documents()) == 2


def rewrite_schema(home: Path, table: str, sql: str) -> None:
    raw = sqlite3.connect(home / "library.db", isolation_level=None)
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
    raw.execute("PRAGMA schema_version = 999999")
    raw.close()


@pytest.mark.parametrize(
    "change", ["id = 7", "id = x'ff00'", "id = NULL", "title = 7", "path = 7", "status = 7"]
)
def test_a_value_of_another_kind_is_damage(
    home: Path, settings: Settings, document: Document, change: str
) -> None:
    """SQLite turns a number in a column of text into text; a damaged block does not."""
    raw = sqlite3.connect(home / "library.db")
    ((sql,),) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'documents'").fetchall()
    raw.close()
    rewrite_schema(home, "documents", re.sub("(VARCHAR|TEXT) NOT NULL", "BLOB", sql))
    damage(home, f"UPDATE documents SET {change}")
    rewrite_schema(home, "documents", sql)
    assert doctor(settings, repair=False).problems
    assert doctor(settings, repair=True).problems == ()


def test_a_repair_that_can_write_nothing_says_so(home: Path, settings: Settings, document: Document) -> None:
    (home / LOCK).mkdir()
    with pytest.raises(LibraryError, match="cannot be used"):
        doctor(settings, repair=True)


def test_broken_checkpoints_stop_nothing(home: Path, settings: Settings, document: Document) -> None:
    (home / "checkpoints.db").write_bytes(b"broken" * 5000)
    with Catena(settings=settings) as catena:
        assert catena.questions.unfinished() == []
    assert list((home / "lost+found").rglob("checkpoints.db"))
