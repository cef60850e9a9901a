"""One question of a set with its answer and evidence, and the one JSON form of it: a line of `set.jsonl`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from catena.errors import OptionError
from catena.files.atomic_files import durable_file
from catena.render.answer_json import adapter, citation_from_json, citation_to_json, require_schema
from catena.types import Citation

SCHEMA = 1
Json = dict[str, Any]

ItemKind = Literal["arc", "consequence", "order", "comparison", "number", "facts", "local", "unanswerable"]
"""A change in somebody; an act and what comes of it late; what came first; two people or places; a number over
chapters; facts of several segments. These want a long span. A fact of one passage; what the book does not say."""
LONG_KINDS: tuple[ItemKind, ...] = ("arc", "consequence", "order", "comparison", "number", "facts")
KINDS: tuple[ItemKind, ...] = (*LONG_KINDS, "local", "unanswerable")
NOT_SAID = "The book does not say."

Difficulty = Literal["easy", "medium", "hard"]
Scope = Literal["none", "passage", "section", "book"]
"""Extent of the evidence: none; one passage; passages within a tenth of the book; passages further apart."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of the item: the model ("none": rules), the version of the prompts, and the seed of the set."""

    model: str
    prompts: str
    seed: int


@dataclass(frozen=True, slots=True)
class Item:
    """A question about one book. `citations` are the evidence; an unanswerable question has none.

    `book` is the document's id. `span` is where the evidence begins and ends and `position` its middle, as shares
    of the book from 0 to 1; None where there is no evidence. `places` are the shares at which the quotes begin, in
    the order of `citations`. `diffusion` is the share of the book's tenths in
    which there is evidence.
    """

    id: str
    book: str
    title: str
    kind: ItemKind
    question: str
    answer: str
    difficulty: Difficulty
    is_answerable: bool
    citations: tuple[Citation, ...]
    scope: Scope
    diffusion: float
    span: tuple[float, float] | None
    position: float | None
    provenance: Provenance
    places: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.is_answerable != bool(self.citations):
            raise ValueError("an answerable item has evidence, an unanswerable one none")

    @property
    def reply(self) -> str:
        """The right reply: the answer, or that the book does not say."""
        return self.answer if self.is_answerable else NOT_SAID


def item_id(book: str, kind: ItemKind, question: str) -> str:
    """Sixteen hexadecimal digits, the same for the same question about the same book."""
    told = "\n".join((book, kind, " ".join(question.casefold().split())))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def to_json(item: Item) -> Json:
    """Return the item as plain JSON values, schema 1."""
    plain = adapter(Item).dump_python(item, mode="json", exclude={"citations"})
    return {"schema": SCHEMA, **plain, "citations": [citation_to_json(one) for one in item.citations]}


def from_json(data: Mapping[str, Any]) -> Item:
    """Read an item back. Raises OptionError for another schema."""
    require_schema(data, "item", SCHEMA)
    citations = tuple(map(citation_from_json, data["citations"]))
    item: Item = adapter(Item).validate_python({**data, "citations": citations})
    return item


def write_items(path: Path, items: Iterable[Item]) -> int:
    """Write a set, an item a line, all of it or nothing; return how many. One item is in memory at a time."""
    count = 0
    with durable_file(path) as file:
        for item in items:
            file.write(_line(item))
            count += 1
    return count


def holds_items(path: Path, items: Iterable[Item]) -> bool:
    """Tell whether a file is a set of just these items, as it was written."""
    with path.open("rb") as file:
        return all(file.readline() == _line(item) for item in items) and not file.readline()


def _line(item: Item) -> bytes:
    return json.dumps(to_json(item), ensure_ascii=False).encode() + b"\n"


def read_items(path: Path) -> Iterator[Item]:
    """Read a set line by line. Raises OptionError for a line that is no item, or a file that cannot be read."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"The set {path} cannot be read: {error}.", "Check its path.") from error


def _read(path: Path, number: int, line: str) -> Item:
    try:
        return from_json(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OptionError(
            f"Line {number} of {path} is no item: {type(error).__name__}: {error}.",
            "Make the set with `catena generate`.",
        ) from error
