"""What is removed is gone: from the tables, the files, and the bytes SQLite does not use any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.benchmarks import synthetic
from catena.files.atomic_files import write_file
from catena.jobs.job_queue import open_jobs
from catena.library.library import Library


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


def answer_about(*document_ids: str) -> dict[str, object]:
    documents = [{"document_id": one} for one in document_ids]
    return {"question": "What?", "text": "That.", "citations": documents, "coverage": {"documents": []}}


def traces(home: Path, seed: int) -> list[Path]:
    word = synthetic.token(seed).encode()
    return [path for path in home.rglob("*") if path.is_file() and word in path.read_bytes()]


def test_no_byte_of_a_removed_document_is_left(library: Library, home: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        synthetic.add(library, tmp_path / f"{seed}.pdf", seed, num_pages=30)
    write_file(home / "faiss" / "index", synthetic.token(1).encode())
    assert len(traces(home, 1)) > 1
    library.remove(synthetic.file_id(1))
    assert not library.original(synthetic.file_id(1)).exists()
    assert traces(home, 1) == []
    assert [found for found, _ in library.search([synthetic.token(2)])] == [synthetic.file_id(2)]
    assert library.check() == []


def test_answers_calls_and_jobs_go_with_their_document(library: Library, tmp_path: Path) -> None:
    one, two = (synthetic.add(library, tmp_path / f"{n}.pdf", n).id for n in (1, 2))
    jobs = open_jobs(library.home)
    library.on_remove.append(jobs.forget)
    for run, about in (("a", [one]), ("b", [two]), ("c", [one, two])):
        library.history.save_answer(run, "thread", answer_about(*about))
        library.history.put_call(run, "{}", about)
        jobs.enqueue("x", {"documents": about})
    library.remove(one)
    assert [answer.run_id for answer in library.history.answers()] == ["b"]
    assert [library.history.get_call(run) for run in "abc"] == [None, "{}", None]
    assert [job.payload["documents"] for job in jobs.list()] == [[two]]


def test_others_are_told_before_a_document_goes(library: Library, tmp_path: Path) -> None:
    document = synthetic.add(library, tmp_path / "1.pdf", 1)
    told: list[tuple[str, bool]] = []
    library.on_remove.append(lambda one: told.append((one, library.get(one) is not None)))
    library.remove(document.id)
    assert told == [(document.id, True)]


def test_a_removed_document_can_be_added_again(library: Library, tmp_path: Path) -> None:
    document = synthetic.add(library, tmp_path / "1.pdf", 1)
    library.remove(document.id)
    synthetic.add(library, tmp_path / "1.pdf", 1)
    assert library.document(document.id).title == "Document 1"
    assert library.check() == []


def test_a_file_that_another_process_is_adding_is_not_removed_under_it(
    library: Library, home: Path, tmp_path: Path
) -> None:
    document = synthetic.add(library, tmp_path / "1.pdf", 1)
    with Library(home) as other:
        other.store_original(tmp_path / "1.pdf")
        library.remove(document.id)
        with other.writing(synthetic.document(1, 0, tmp_path / "1.pdf")):
            pass
    assert library.check() == []


def test_a_reader_delays_the_wiping_but_not_the_removal(library: Library, home: Path, tmp_path: Path) -> None:
    document = synthetic.add(library, tmp_path / "1.pdf", 1)
    with library.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM documents").fetchall()
        library.remove(document.id)
    assert library.documents() == []
    assert [problem.name for problem in library.check()] == ["removal"]
    with Library(home) as other:
        assert other.check() == []
    assert traces(home, 1) == []


def test_history_is_newest_first_and_one_run_is_one_answer(library: Library) -> None:
    library.history.save_answer("a", "t", answer_about())
    library.history.save_answer("b", "u", '{"question": "Why?"}')
    library.history.save_answer("a", "t", answer_about() | {"text": "This."})
    assert [(one.run_id, one.question) for one in library.history.answers()] == [
        ("a", "What?"),
        ("b", "Why?"),
    ]
    assert [one.run_id for one in library.history.answers(thread_id="u")] == ["b"]
    stored = library.history.answer("a")
    assert stored is not None and stored.data["text"] == "This."
    assert library.history.answer("z") is None


def test_a_call_is_kept_until_it_is_put_again(library: Library) -> None:
    assert library.history.get_call("k") is None
    library.history.put_call("k", "1")
    library.history.put_call("k", "2", [os.urandom(4).hex()])
    assert library.history.get_call("k") == "2"
