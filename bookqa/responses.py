"""Replies of systems to the questions of a set: one line of JSON each, one file for each system."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from catena.bookqa.executor import Ended, Ledger, run
from catena.bookqa.items import Item
from catena.bookqa.result_store import Journal
from catena.errors import OptionError
from catena.files.atomic_files import durable_file
from catena.render.answer_json import adapter, citation_from_json, citation_to_json, require_schema
from catena.types import Citation, Usage

SCHEMA = 1
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Response:
    """A reply to one item; `model` is who wrote it, and empty where nobody did. `is_refusal`: "it does not say"."""

    item: str
    system: str
    text: str
    is_refusal: bool
    citations: tuple[Citation, ...] = ()
    model: str = ""
    seconds: float = 0.0
    usage: Usage = Usage()

    @property
    def quotes(self) -> tuple[str, ...]:
        return tuple(citation.quote for citation in self.citations)


class Reader(Protocol):
    """A system that is ranked: it answers the question of an item from its book."""

    @property
    def name(self) -> str: ...

    async def read(self, item: Item) -> Response:
        """Raises ModelError, Stopped, DocumentNotFound, …: what `run` of catena.bookqa knows to handle."""


@dataclass(frozen=True, slots=True)
class _Question:
    item: Item

    @property
    def key(self) -> str:
        return self.item.id


async def respond(
    items: Iterable[Item],
    reader: Reader,
    ledger: Ledger,
    *,
    concurrency: int = 8,
    on_end: Ended = lambda key, result: None,
) -> None:
    """Have a reader answer every item that the ledger lacks; each response is kept as it comes, under the item's id.

    Raises Stopped at a cap, ModelRefused and OptionError; what fails for one item is noted in the ledger.
    """

    async def work(question: _Question) -> Json:
        return to_json(await reader.read(question.item))

    await run(map(_Question, items), work, ledger, concurrency=concurrency, on_end=on_end)


def to_json(response: Response) -> dict[str, Any]:
    """Return the response as plain JSON values, schema 1."""
    plain = adapter(Response).dump_python(response, mode="json", exclude={"citations"})
    return {"schema": SCHEMA, **plain, "citations": [citation_to_json(one) for one in response.citations]}


def from_json(data: Json) -> Response:
    """Read a response back. Raises OptionError for another schema."""
    require_schema(data, "response", SCHEMA)
    citations = tuple(map(citation_from_json, data["citations"]))
    response: Response = adapter(Response).validate_python({**data, "citations": citations})
    return response


def write_responses(path: Path, journal: Journal) -> int:
    """Write what a journal holds so far, all of it or nothing; return how many."""
    count = 0
    with durable_file(path) as file:
        for _, data in journal.results():
            file.write(json.dumps(data, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def read_responses(path: Path) -> Iterator[Response]:
    """Read a system's file line by line. Raises OptionError for a line that is no response."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield from_json(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise OptionError(
                    f"Line {number} of {path} is no response: {type(error).__name__}: {error}.",
                    "Make the file with `catena answer`.",
                ) from error
