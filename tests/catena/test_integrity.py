"""The doctor sees what is wrong, mends what can be mended, and says what to do about the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.benchmarks import synthetic
from catena.errors import LibraryError
from catena.files.atomic_files import write_file
from catena.health import Problem
from catena.library.library import Library
from catena.types import Document


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


@pytest.fixture
def document(library: Library, tmp_path: Path) -> Document:
    document = synthetic.add(library, tmp_path / "1.pdf", 1)
    library.vectors.put(document.id, range(6), synthetic.vectors(1, 6))
    return document


def names(problems: list[Problem]) -> set[str]:
    return {problem.name for problem in problems}


def damage(library: Library, statement: str) -> None:
    raw = sqlite3.connect(library.database.path)
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.executescript(statement)
    raw.close()


def test_a_sound_library_has_no_problems(library: Library, document: Document) -> None:
    assert library.check() == library.repair() == []


def test_a_changed_original_is_seen(library: Library, document: Document) -> None:
    data = bytearray(library.original(document.id).read_bytes())
    data[100] ^= 1
    library.original(document.id).write_bytes(data)
    (problem,) = library.check()
    assert "was changed" in problem.message and document.path in problem.remedy
    assert library.repair() == [problem]


def test_a_missing_original_is_seen_and_comes_back_with_the_file(
    library: Library, document: Document, tmp_path: Path
) -> None:
    library.original(document.id).unlink()
    (problem,) = library.check()
    assert (problem.name, problem.document_id, problem.can_repair) == ("original", document.id, False)
    library.add_source(library.store_original(tmp_path / "1.pdf"), str(tmp_path / "1.pdf"), "Document 1")
    assert library.check() == []


def test_a_file_without_a_document_is_removed(library: Library, document: Document) -> None:
    stray = library.original("ab" * 32)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"x")
    assert names(library.check()) == {"original"}
    assert library.repair() == []
    assert not stray.exists()


@pytest.mark.parametrize(
    ("statement", "mended"),
    [
        ("DELETE FROM documents", True),
        ("DELETE FROM passages WHERE ordinal = 3", False),
        ("DELETE FROM pages WHERE number = 1", False),
        ("DELETE FROM page_words WHERE page_key = 1", False),
        ("DELETE FROM word_rows WHERE bucket = 1", False),
        ("DELETE FROM word_totals", True),
        ("DELETE FROM sources", True),
    ],
)
def test_rows_that_do_not_belong_together_are_seen(
    library: Library, document: Document, statement: str, mended: bool
) -> None:
    damage(library, statement)
    problems = library.check()
    assert problems and all(problem.can_repair or problem.remedy for problem in problems)
    assert (library.repair() == []) is mended


def test_what_cannot_be_mended_is_by_adding_again(
    library: Library, document: Document, tmp_path: Path
) -> None:
    damage(library, "DELETE FROM page_words WHERE page_key = 1; DELETE FROM word_rows WHERE document_key = 1")
    library.repair()
    synthetic.add(library, tmp_path / "1.pdf", 1)
    assert library.check() == []


def test_a_damaged_database_is_seen(library: Library, document: Document, home: Path) -> None:
    library.close()
    data = bytearray((home / "library.db").read_bytes())
    data[4096 * 3 : 4096 * 12] = b"\x5a" * (4096 * 9)
    (home / "library.db").write_bytes(data)
    try:
        with Library(home) as again:
            assert "database" in names(again.check())
    except LibraryError as error:
        assert error.remedy


def test_a_cache_that_others_find_bad_is_deleted(library: Library, home: Path) -> None:
    write_file(home / "faiss" / "index", b"bad")
    bad = Problem("cache", "The FAISS file is damaged.", can_repair=True)
    library.checks.append(lambda: [bad] if (home / "faiss").exists() else [])
    assert library.check() == [bad]
    assert library.repair() == []
    assert not (home / "faiss").exists()
