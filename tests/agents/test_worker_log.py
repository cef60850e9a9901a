"""What workers leave behind: each fact once, read back by a process that goes on."""

from __future__ import annotations

from pathlib import Path

from catena.agents.chain_nodes import PathProgress
from catena.agents.run_store import Checkpoints, Journal
from catena.agents.state import added_to_note, longer_note
from catena.types import Evidence, Fact, Note, PageRef, Span

FACTS = tuple(
    Fact(n, f"fact {n}", Evidence((Span(PageRef("d", n), 0, 5),), f"quote {n}", 1.0)) for n in (1, 2, 3)
)
NOTES = (Note("first", ledger=FACTS[:1]), Note("second", ledger=FACTS))


def test_an_entry_holds_the_new_facts_alone() -> None:
    added = added_to_note(*NOTES)
    assert [one["number"] for one in added["ledger"]] == [2, 3]
    assert longer_note(NOTES[0], added) == NOTES[1]


def test_a_path_goes_on_after_its_last_entry(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    entries = [
        {"stretch": 0, "failed": "", "added": added_to_note(Note(""), NOTES[0])},
        {"stretch": 1, "failed": "gone", "added": added_to_note(NOTES[0], NOTES[0])},
        {"stretch": 2, "failed": "", "added": added_to_note(*NOTES)},
    ]
    journal = Journal(Checkpoints(path), "run")
    for place, entry in enumerate(entries):
        journal.write(1, place, entry)
    journal.write(2, 0, entries[0])
    again, other = (Journal(Checkpoints(path), run_id) for run_id in ("run", "other"))
    assert PathProgress.resumed(again.entries(1)) == PathProgress(3, NOTES[1], [(1, "gone")])
    assert len(again.last()) == 2 and other.entries(1) == []


def test_the_rows_of_a_run_go_with_it(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints.db")
    journal = Journal(checkpoints, "run")
    journal.write(1, 0, {"stretch": 0})
    checkpoints.finish("run")
    assert journal.entries(1) == []
