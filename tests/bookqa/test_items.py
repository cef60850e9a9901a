"""Items and their one JSON form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from catena.bookqa.items import (
    Item,
    Provenance,
    from_json,
    item_id,
    read_items,
    to_json,
    write_items,
)
from catena.errors import OptionError
from catena.types import Citation, CitationPart, PageRef

PART = CitationPart(PageRef("book", 3), "3", 10, 22, ((1.0, 2.0, 3.0, 4.0),))
CITATION = Citation("book", "A Book", "He went home", "verified", "text", (PART,))
ITEM = Item(
    id=item_id("book", "local", "Where did he go?"),
    book="book",
    title="A Book",
    kind="local",
    question="Where did he go?",
    answer="He went home.",
    difficulty="easy",
    is_answerable=True,
    citations=(CITATION,),
    scope="passage",
    diffusion=0.1,
    span=(0.2, 0.2),
    position=0.2,
    provenance=Provenance("none", "0", 1),
    places=(0.2,),
)


def test_an_item_is_the_same_after_json() -> None:
    assert from_json(to_json(ITEM)) == ITEM


def test_a_set_is_the_same_after_the_file(tmp_path: Path) -> None:
    other = replace(
        ITEM,
        id="2",
        kind="unanswerable",
        is_answerable=False,
        citations=(),
        scope="none",
        span=None,
        position=None,
    )
    assert write_items(tmp_path / "set.jsonl", iter([ITEM, other])) == 2
    assert list(read_items(tmp_path / "set.jsonl")) == [ITEM, other]


def test_an_id_is_of_book_kind_and_question() -> None:
    ids = {
        item_id("book", "local", "Where?"),
        item_id("book", "facts", "Where?"),
        item_id("other", "local", "Where?"),
        item_id("book", "local", "When?"),
    }
    assert len(ids) == 4
    assert item_id("book", "local", "where?  ") in ids


def test_an_answerable_item_needs_evidence() -> None:
    with pytest.raises(ValueError, match="evidence"):
        replace(ITEM, citations=())


@pytest.mark.parametrize("line", ["{}", "[]", "no json", '{"schema": 2}', '{"schema": 1}'])
def test_a_line_that_is_no_item_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(OptionError):
        list(read_items(path))
