"""The SDK, end to end on small documents."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import Any, get_args, get_type_hints

import pytest

import catena
from catena import AddOptions, AskOptions, Catena, DocumentError, OptionError
from catena.add_queue import AddQueue
from catena.client import MOVED
from catena.events import Event
from catena.questions import Questions
from catena.threads import Threads
from tests.agents.shelf import WordEmbedder


def test_two_lines_to_the_first_answer(manual: Path) -> None:
    with Catena() as c:
        document = c.add(manual)
        answer = c.ask("How long does the battery of the lantern last?", documents=[document])
    citation = answer.citations[0]
    assert answer.status == "answered"
    assert "forty hours" in citation.quote
    assert citation.status == "verified"
    assert citation.parts[0].ref.number == 2
    assert citation.parts[0].boxes


def test_quote_is_the_page_text_at_its_offsets(manual: Path) -> None:
    with Catena() as c:
        document = c.add(manual)
        answer = c.ask("Who makes the lantern?", documents=[document])
        for citation in answer.citations:
            for part in citation.parts:
                assert c.page(document, part.ref.number).text[part.start : part.end] in citation.quote


def test_ask_works_inside_a_running_loop(manual: Path) -> None:
    async def inside() -> str:
        return c.ask("Who makes the lantern?").status

    with Catena() as c:
        c.add(manual)
        assert asyncio.run(inside()) == "answered"


def test_events_tell_what_is_done(manual: Path) -> None:
    events: list[Event] = []
    with Catena() as c:
        c.add(manual)
        c.ask("Who makes the lantern?", on_event=events.append)
    assert [event.kind for event in events][0] == "route"
    assert events[-1].kind == "done"


def test_chain_reads_every_page(manual: Path) -> None:
    with Catena() as c:
        c.add(manual)
        answer = c.ask("How long does the battery last?", options=AskOptions(strategy="chain"))
    assert answer.coverage.pages_read == answer.coverage.pages_total == 3


def test_answers_are_kept(manual: Path) -> None:
    with Catena() as c:
        c.add(manual)
        answer = c.ask("Who makes the lantern?")
        assert c.history() == [answer]


def test_adding_what_cannot_be_read_raises_with_reason(tmp_path: Path) -> None:
    file = tmp_path / "picture.pdf"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with Catena() as c, pytest.raises(DocumentError) as raised:
        c.add(file)
    assert raised.value.reason in ("not_a_document", "unsupported", "wrong_type")
    assert raised.value.remedy
    assert "picture.pdf" in raised.value.message


def test_one_bad_file_stops_nothing(tmp_path: Path, manual: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.7\nnothing")
    with Catena() as c:
        statuses = {added.path.name: added.document.status for added in c.add_all([bad, manual])}
    assert statuses == {"bad.pdf": "failed", "manual.pdf": "ready"}


def test_same_bytes_under_another_name_are_kept_once(tmp_path: Path, manual: Path) -> None:
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(manual.read_bytes())
    with Catena() as c:
        first = c.add(manual)
        assert c.add(copy).id == first.id
        assert len(c.documents()) == 1
        assert c.document("copy").id == first.id


def test_reindex_gives_the_same_document(manual: Path) -> None:
    with Catena() as c:
        document = c.add(manual, options=AddOptions(title="Lantern"))
        assert c.reindex(document).title == "Lantern"
        assert c.ask("Who makes the lantern?").status == "answered"


def test_empty_question_and_empty_library_are_errors() -> None:
    with Catena() as c:
        with pytest.raises(OptionError, match="empty"):
            c.ask(" ")
        with pytest.raises(OptionError, match="no document"):
            c.ask("Anything?")


def test_the_client_is_learned_in_an_afternoon() -> None:
    assert len([name for name in dir(Catena) if not name.startswith("_")]) <= 21


def test_a_name_of_before_still_works_and_says_the_new_one(manual: Path) -> None:
    with Catena() as c:
        c.add(manual)
        with pytest.warns(DeprecationWarning, match=r"Catena\.ask_async is now Catena\.questions\.ask"):
            answer = asyncio.run(c.ask_async("Who makes the lantern?"))  # type: ignore[attr-defined]
        assert c.history() == [answer]
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            _ = c.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", MOVED.values())
def test_every_name_that_moved_leads_somewhere(place: str) -> None:
    with Catena() as c:
        assert callable(attrgetter(place)(c))


def test_an_embedder_of_your_own_embeds(manual: Path) -> None:
    with Catena(embedder=WordEmbedder()) as c:
        document = c.add(manual)
        assert c.search("How long does the battery last?")
        assert c.library.vectors.counts([document.id])[0]


def test_everything_named_is_there() -> None:
    assert catena.__all__ == sorted(catena.__all__)
    assert all(getattr(catena, name) for name in catena.__all__)


PUBLIC = [
    method
    for part in (Catena, Questions, Threads, AddQueue)
    for name, method in inspect.getmembers(part, inspect.isfunction)
    if not name.startswith("_") or part is Catena and name == "__init__"
]
EXPORTED = {name: getattr(catena, name) for name in catena.__all__}


def ours(hint: Any, outer: tuple[type, ...] = ()) -> Iterator[type]:
    """The classes of ours that a type is made of, each with those of its fields; a type may have itself in a field."""
    for part in hint if isinstance(hint, list) else get_args(hint):
        yield from ours(part, outer)
    if isinstance(hint, type) and hint.__module__.startswith("catena.") and hint not in outer:
        yield hint
        fields = get_type_hints(hint, None, EXPORTED) if is_dataclass(hint) else {}
        for field in fields.values():
            yield from ours(field, (*outer, hint))


@pytest.mark.parametrize("method", PUBLIC, ids=lambda method: method.__name__)
def test_what_the_client_takes_and_returns_can_be_imported(method: FunctionType) -> None:
    hints = get_type_hints(method, None, EXPORTED)  # a NameError names what is not exported
    assert {one.__name__ for hint in hints.values() for one in ours(hint)} - EXPORTED.keys() == set()
    words = re.findall(r"\bOn[A-Z]\w+", " ".join(inspect.get_annotations(method).values()))
    assert set(words) - EXPORTED.keys() == set(), "callbacks are aliases, which the hints have no names of"


def test_file_names_of_any_bytes_do_no_harm(tmp_path: Path) -> None:
    names = (b"\xff\xfe.txt", b"-dash\nline.txt", b"a" * 240 + b".txt", "نص.txt".encode())
    for number, name in enumerate(names):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text(f"Cat {number} is called Tom.")
    with Catena() as c:
        outcomes = list(c.add_all(sorted(tmp_path.glob("*.txt"))))
        assert {added.document.status for added in outcomes} == {"ready"}
        assert all(document.title.isprintable() for document in c.documents())


def test_looking_at_the_first_outcome_only_does_no_harm(tmp_path: Path, manual: Path) -> None:
    text = tmp_path / "note.txt"
    text.write_text("The lantern was painted green.")
    with Catena() as c:
        next(c.add_all([manual]))
        assert c.add(text).status == "ready"
