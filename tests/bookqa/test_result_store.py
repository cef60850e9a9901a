"""What a journal keeps, and who may write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena.bookqa.result_store import Failure, Journal
from catena.errors import DocumentError, LibraryError, ModelTimeout, OptionError


def test_a_result_is_kept_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "job.db") as journal:
        assert journal.put("a", {"value": 1})
        assert not journal.put("a", {"value": 2})
        assert journal.get("a") == {"value": 1}


def test_results_come_in_the_order_of_their_keys(tmp_path: Path) -> None:
    with Journal(tmp_path / "job.db") as journal:
        for number in (*range(150, 0, -1), 1000):
            journal.put(f"item/{number:04}", {"number": number})
        journal.put("book/1", {})
        found = [value["number"] for _, value in journal.results("item/")]
        assert found == [*range(1, 151), 1000]
        assert [key for key, _ in journal.results("item/", after="item/0149")] == ["item/0150", "item/1000"]
        assert (journal.count("item/"), journal.count()) == (151, 152)


def test_notes_are_kept_with_a_result(tmp_path: Path) -> None:
    with Journal(tmp_path / "job.db") as journal:
        journal.put("a", {}, {"usage": {"calls": 3}})
        assert journal.note("usage") == {"calls": 3}
        assert journal.note("other") is None


def test_a_failure_says_why_until_the_unit_is_done(tmp_path: Path) -> None:
    with Journal(tmp_path / "job.db") as journal:
        journal.fail("a", DocumentError("damaged", "It is damaged.", "Mend it."))
        journal.fail("b", ModelTimeout("Too late."))
        assert journal.failures() == [
            Failure("a", "damaged", "It is damaged.", "Mend it."),
            Failure("b", "ModelTimeout", "Too late."),
        ]
        journal.put("b", {})
        assert [one.key for one in journal.failures()] == ["a"]


def test_two_processes_do_not_run_one_job(tmp_path: Path) -> None:
    with Journal(tmp_path / "job.db") as journal, Journal(tmp_path / "job.db") as other:
        with (
            journal.working({"seed": 1}),
            pytest.raises(LibraryError, match="Another process"),
            other.working({"seed": 1}),
        ):
            pass
        with other.working({"seed": 1}):
            assert other.note("job") == {"seed": 1}


def test_another_job_in_the_same_file_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "job.db") as journal:
        with journal.working({"seed": 1, "kinds": ("arc",)}):
            pass
        with journal.working({"seed": 1, "kinds": ("arc",)}):
            pass
        with (
            pytest.raises(OptionError, match="another seed"),
            journal.working({"seed": 2, "kinds": ("arc",)}),
        ):
            pass


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "job.db").write_text("no database at all, but long enough to be looked at\n" * 9)
    with pytest.raises(LibraryError, match="job.db"):
        Journal(tmp_path / "job.db")
