"""What goes into a library comes out again, found by any of its names."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catena.benchmarks import synthetic
from catena.errors import AmbiguousDocument, DocumentNotFound, LibraryCorrupt, LibraryError, LibraryTooNew
from catena.files.atomic_files import write_file
from catena.library.database import Database
from catena.library.library import Library
from catena.types import Document, OutlineEntry, PageRef


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


def add(library: Library, folder: Path, seed: int = 1, num_pages: int = 2) -> Document:
    return synthetic.add(library, folder / f"{seed}.pdf", seed, num_pages)


def test_pages_come_back_as_they_were(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path, num_pages=70)
    expected = [page for page, _ in synthetic.pages(1, 70)]
    assert list(library.pages(document.id)) == expected
    assert library.page(PageRef(document.id, 2)) == expected[1]
    assert [page.text for page in library.texts(document.id, [70])] == [expected[69].text]


def test_passages_come_back_with_their_text(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path)
    expected = [passage for _, own in synthetic.pages(1, 2) for passage in own]
    assert library.passages(document.id) == expected
    assert library.passages(document.id, [4, 1, 4, 99]) == [expected[1], expected[4]]
    assert library.passages(document.id, []) == []
    assert library.lexical_index(document.id) == synthetic.token(1).encode()


def test_documents_keep_what_is_known_of_them(library: Library) -> None:
    given = Document("ab" * 32, "Title", "/x/a.pdf", "pdf", "partial", 5, 3, message="repaired")
    given = replace(given, outline=(OutlineEntry(1, "Äpfel", 2),), parser_version="7", added_at=12.5)
    with library.writing(given):
        pass
    assert library.documents() == [given]
    assert library.get("ab" * 32) == given
    assert library.get("cd" * 32) is None


def test_the_same_file_under_two_names_is_stored_once(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path)
    (tmp_path / "copy.pdf").write_bytes(synthetic.file_bytes(1))
    again = library.store_original(tmp_path / "copy.pdf")
    library.add_source(again, str(tmp_path / "copy.pdf"), "Copy")
    library.add_source(again, str(tmp_path / "copy.pdf"), "Better title")
    assert again == document.id
    paths = [(str(tmp_path / "1.pdf"), "Document 1"), (str(tmp_path / "copy.pdf"), "Better title")]
    assert library.sources(document.id) == paths
    assert library.find("better TITLE") == document


@pytest.mark.parametrize("name", ["{id}", "{path}", "document 1", "DOC", "1.PDF", "{prefix}", "{upper}"])
def test_documents_are_found_by_name(library: Library, tmp_path: Path, name: str) -> None:
    document = add(library, tmp_path)
    given = name.format(
        id=document.id, path=document.path, prefix=document.id[:4], upper=document.id[:9].upper()
    )
    assert library.find(given) == document


def test_a_relative_path_finds_its_document_from_there_alone(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document = add(library, Path("."))
    assert library.find("./1.pdf") == document
    monkeypatch.chdir("/")
    assert library.find(str(tmp_path / "1.pdf")) == document
    with pytest.raises(DocumentNotFound):
        library.find("./1.pdf")


def test_a_path_means_the_last_file_that_was_there(library: Library, tmp_path: Path) -> None:
    synthetic.add(library, tmp_path / "report.pdf", 1)
    newer = synthetic.add(library, tmp_path / "report.pdf", 2)
    assert library.find(str(tmp_path / "report.pdf")) == newer
    with pytest.raises(AmbiguousDocument):
        library.find("report.pdf")


def test_an_exact_title_goes_before_a_part_of_one(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, 11)
    document = add(library, tmp_path, 1)
    assert library.find("Document 1") == document
    with pytest.raises(AmbiguousDocument, match=document.id[:12]):
        library.find("document")


@pytest.mark.parametrize("name", ["", "no such title", "abc", "%", "/x/y.pdf"])
def test_an_unknown_name_is_not_found(library: Library, tmp_path: Path, name: str) -> None:
    add(library, tmp_path)
    with pytest.raises(DocumentNotFound, match="catena ls"):
        library.find(name)


def test_unknown_documents_and_pages_are_not_found(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path)
    for ask in (library.document, library.passages, library.sources, library.vectors.of, library.remove):
        with pytest.raises(DocumentNotFound):
            ask("ab" * 32)
    with pytest.raises(DocumentNotFound, match="no page 3"):
        library.page(PageRef(document.id, 3))
    with pytest.raises(DocumentNotFound):
        list(library.pages("ab" * 32))


def test_search_ranks_documents_and_keeps_to_those_asked(library: Library, tmp_path: Path) -> None:
    one, two, three = (add(library, tmp_path, seed) for seed in (1, 2, 3))
    asked = [synthetic.token(1), synthetic.token(2), "ordinal4"]
    (first, best), *others = library.search(asked)
    assert {first, others[0][0]} == {one.id, two.id}
    assert [found for found, _ in others][1:] == [three.id]
    assert best >= others[0][1] > others[1][1]
    assert [found for found, _ in library.search(asked, [three.id, "ab" * 32])] == [three.id]
    assert library.search([]) == library.search(asked, []) == []


def test_a_term_of_more_passages_says_more_of_a_document(library: Library, tmp_path: Path) -> None:
    pages = list(synthetic.pages(1, 2))
    for seed, times in ((1, 4), (2, 2), (3, 0)):
        with library.writing(synthetic.document(seed, 2, tmp_path)) as writer:
            for place, (page, passages) in enumerate(pages):
                holds = [place * 3 + i < times for i in range(3)]
                writer.add(page, passages, ["whale whale" if one else "sea" for one in holds])
    assert [found for found, _ in library.search(["whale"])] == [synthetic.file_id(1), synthetic.file_id(2)]


@pytest.mark.parametrize(
    "term", ["été", "日本", "हिन्दी", "שלום", "3.5", "c++", "a_b", "½", "👍", "and", 'x"y', "straße"]
)
def test_terms_of_any_script_pass_unchanged(library: Library, tmp_path: Path, term: str) -> None:
    document = synthetic.document(1, 1, tmp_path / "1.pdf")
    with library.writing(document) as writer:
        for page, passages in synthetic.pages(1, 1):
            writer.add(page, passages, [f"other {term}", f"{term}x", "nothing"])
    assert [found for found, _ in library.search([term])] == [document.id]
    assert library.search([term + "y"]) == []


def test_an_error_while_writing_leaves_what_was_there(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path)
    with pytest.raises(RuntimeError), library.writing(replace(document, title="New")) as writer:
        writer.add(*next(synthetic.pages(1, 1)), ["a", "b", "c"])
        raise RuntimeError("parser")
    assert library.document(document.id) == document
    assert library.check() == []


@pytest.mark.parametrize("change", [{"ordinal": 7}, {"text": "else"}, {"ref": PageRef("ab" * 32, 1)}])
def test_passages_that_do_not_fit_their_page_are_refused(
    library: Library, tmp_path: Path, change: dict[str, object]
) -> None:
    page, passages = next(synthetic.pages(1, 1))
    wrong = replace(passages[0], **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError), library.writing(synthetic.document(1, 1, tmp_path)) as writer:
        writer.add(page, [wrong], ["terms"])
    assert library.documents() == []


def test_a_document_parsed_anew_replaces_the_old_text(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path, num_pages=3)
    library.vectors.put(document.id, [0], synthetic.vectors(1, 1))
    before = library.passage_range(document.id)[0]
    add(library, tmp_path, num_pages=1)
    assert library.passage_range(document.id)[1] == len(library.passages(document.id)) == 3
    assert [found for found, _ in library.search([synthetic.token(1)])] == [document.id]
    assert library.search(["ordinal5"]) == []
    assert library.vectors.counts([document.id]) == (0, 3)
    assert library.passage_range(document.id)[0] > before
    assert library.check() == []


def test_a_failed_try_does_not_replace_a_ready_document(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path)
    with library.writing(replace(document, status="failed", reason="needs_password")):
        pass
    assert library.document(document.id) == document
    assert len(library.passages(document.id)) == 6


def test_a_failed_document_is_recorded_and_retried(library: Library, tmp_path: Path) -> None:
    failed = replace(synthetic.document(1, 0, tmp_path / "1.pdf"), status="failed", reason="timeout")
    (tmp_path / "1.pdf").write_bytes(synthetic.file_bytes(1))
    library.store_original(tmp_path / "1.pdf")
    with library.writing(failed):
        pass
    assert library.document(failed.id).reason == "timeout"
    assert library.check() == []
    assert add(library, tmp_path).status == library.documents()[0].status == "ready"


def test_folders_and_files_are_the_owners_alone(library: Library, home: Path, tmp_path: Path) -> None:
    add(library, tmp_path)
    write_file(home / "faiss" / "index", b"x")
    for path in [home, *home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_newer_library_is_refused(home: Path) -> None:
    Library(home).close()
    with sqlite3.connect(home / "library.db") as raw:
        raw.execute("PRAGMA user_version = 99")
        raw.execute("UPDATE counters SET value = 99 WHERE name = 'schema'")
    raw.close()
    with pytest.raises(LibraryTooNew, match="Upgrade"):
        Library(home)


@pytest.mark.parametrize("version", [0, 2, 4, 5, 6, 15, 99, 7 + (1 << 20)])
def test_a_version_that_a_bit_has_turned_is_damage(home: Path, tmp_path: Path, version: int) -> None:
    with Library(home) as library:
        add(library, tmp_path)
    with sqlite3.connect(home / "library.db") as raw:
        raw.execute(f"PRAGMA user_version = {version}")
    raw.close()
    with pytest.raises(LibraryCorrupt, match="--repair"):
        Library(home)


def test_an_older_library_is_migrated_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    Database(path, version=1).close()
    steps: list[int] = []
    migrations = {1: lambda connection: steps.append(1), 2: lambda connection: steps.append(2)}
    Database(path, version=3, migrations=migrations).close()
    Database(path, version=3, migrations=migrations).close()
    assert steps == [1, 2]


def test_a_library_of_the_first_schema_is_migrated(home: Path, tmp_path: Path) -> None:
    with Library(home) as library:
        document = add(library, tmp_path)
    with sqlite3.connect(home / "library.db") as raw:
        raw.executescript(
            "DROP TABLE word_rows; DROP TABLE word_totals; DROP TABLE vector_files; PRAGMA user_version = 1;"
            "DELETE FROM counters WHERE name = 'schema';"
            "CREATE VIRTUAL TABLE passage_terms USING fts5(terms);"
        )
        rows = [(n, f"{synthetic.token(1)} ordinal{n - 1}") for n in range(1, 7)]
        raw.executemany("INSERT INTO passage_terms (rowid, terms) VALUES (?, ?)", rows)
    raw.close()
    with Library(home) as library:
        assert [found for found, _ in library.search(["ordinal4"])] == [document.id]
        assert library.check() == []


@pytest.mark.parametrize("damage", [b"this is no database" * 99, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_damaged_library_says_what_to_do(home: Path, damage: bytes) -> None:
    home.mkdir()
    (home / "library.db").write_bytes(damage)
    with pytest.raises(LibraryCorrupt, match="originals"):
        Library(home)


def test_a_full_disk_changes_nothing(library: Library, home: Path, tmp_path: Path) -> None:
    document = add(library, tmp_path)
    pages = "PRAGMA max_page_count = "
    with library.database.read() as connection:
        connection.exec_driver_sql(pages + "10")
    with pytest.raises(LibraryError, match="No space"):
        add(library, tmp_path, 2, num_pages=50)
    with library.database.read() as connection:
        connection.exec_driver_sql(pages + "1000000")
    assert [one.id for one in library.documents()] == [document.id]
    assert library.check() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_a_library_error(home: Path) -> None:
    home.mkdir(mode=0o500)
    with pytest.raises(LibraryError, match="owns the folder"):
        Library(home)


def test_a_home_that_is_a_file_is_a_library_error(home: Path) -> None:
    home.write_bytes(b"")
    with pytest.raises(LibraryError):
        Library(home)


def test_threads_write_at_once(library: Library, tmp_path: Path) -> None:
    threads = [threading.Thread(target=add, args=(library, tmp_path, seed)) for seed in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(library.documents()) == 4
    assert library.check() == []


def test_two_threads_add_the_same_file(library: Library, tmp_path: Path) -> None:
    threads = [threading.Thread(target=add, args=(library, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(library.documents()) == 1
    assert len(library.search([synthetic.token(1)])) == 1
    assert library.check() == []


_PROCESS = """
import sys; from pathlib import Path
from catena.benchmarks import synthetic; from catena.library.library import Library
first, folder = int(sys.argv[1]), Path(sys.argv[2])
with Library(folder / "catena-home") as library:
    for seed in range(first, first + 5):
        document = synthetic.add(library, folder / f"{seed}.pdf", seed)
        library.vectors.put(document.id, range(6), synthetic.vectors(seed, 6))
        if seed % 2:
            library.remove(document.id)
"""


def test_processes_that_start_and_write_at_once(tmp_path: Path, home: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", _PROCESS, str(first), str(tmp_path)])
        for first in (10, 20, 30)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    with Library(home) as library:
        assert len(library.documents()) == 9
        assert library.check() == []


def test_a_reader_sees_the_old_text_until_the_new_is_whole(library: Library, tmp_path: Path) -> None:
    document = add(library, tmp_path, num_pages=2)
    with library.writing(document) as writer:
        writer.add(*next(synthetic.pages(1, 1)), ["a", "b", "c"])
        with Library(library.home) as other:
            assert len(other.passages(document.id)) == 6
    assert len(library.passages(document.id)) == 3


@pytest.mark.parametrize(("ordinals", "limit"), [(None, 2.5), ([3, 700, 1999], 1.0)])
def test_passages_of_a_long_document_are_quick(
    library: Library, tmp_path: Path, ordinals: list[int] | None, limit: float
) -> None:
    document = add(library, tmp_path, num_pages=667)
    seconds = []
    for _ in range(5):
        began = time.process_time()
        library.passages(document.id, ordinals)
        seconds.append(time.process_time() - began)
    assert min(seconds) < limit  # 0.03 and 0.003 on an idle machine
