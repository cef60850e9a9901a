"""The state of one run as plain JSON (ids, offsets, short texts), so that any checkpoint can be read back."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any, TypedDict, TypeVar

from catena.agents.segments import Stretch
from catena.options import AskOptions, Limits
from catena.render.answer_json import adapter
from catena.types import Note, PageHit, PageRef, PassageKey

Json = dict[str, Any]
T = TypeVar("T")


def later(one: Json, other: Json) -> Json:
    """Of two readings of the meter, as branches that ran side by side took them, the later one."""
    return max(other, one, key=num_calls)


def num_calls(meter: Mapping[str, Any]) -> int:
    return sum(usage["calls"] + usage["cached"] for _, _, usage in meter.get("roles", ()))


class State(TypedDict, total=False):
    """`readings` is what each path of a chain brought."""

    question: str
    said: str
    turns: list[list[str]]
    document_ids: list[str]
    options: Json
    run_id: str
    thread_id: str
    query: str
    rounds: int
    missing: str | None
    strategy: str
    strategy_reason: str
    hits: list[Json]
    reply: Json
    segments: list[list[list[Any]]]
    note: Json
    pages_read: list[list[Any]]
    stretches: list[list[Any]]
    readings: Annotated[list[Json], operator.add]
    meter: Annotated[Json, later]
    draft: Json
    statements: list[Json]
    citations: list[Json]
    stopped: str | None
    answer: Json


class PathState(TypedDict):
    """Start state of one path: `order` holds indices of `stretches`."""

    question: str
    options: Json
    path: int
    stretches: list[list[Any]]
    order: list[int]


def options_to_json(options: AskOptions) -> Json:
    return asdict(options)


def options_from_json(data: Mapping[str, Any]) -> AskOptions:
    turns = tuple((question, answer) for question, answer in data.get("turns", ()))
    return AskOptions(**{**data, "limits": Limits(**data["limits"]), "turns": turns})


def hit_to_json(hit: PageHit) -> Json:
    return {
        "document_id": hit.ref.document_id,
        "page": hit.ref.number,
        "score": float(hit.score),
        "retriever": hit.retriever,
        "passages": [list(passage.key) for passage in hit.passages],
    }


def passage_ranks(hits: list[Json]) -> dict[PassageKey, int]:
    """The place of each passage among those that earned its page its place, best first."""
    return {(key[0], key[1]): rank for hit in hits for rank, key in enumerate(hit["passages"])}


def page_scores(hits: list[Json]) -> dict[PageRef, float]:
    return {PageRef(hit["document_id"], hit["page"]): hit["score"] for hit in hits}


def plain(value: object) -> Json:
    """A value as plain JSON; scores are of NumPy."""
    form: Json = adapter(type(value)).dump_python(value, mode="json", warnings=False, fallback=float)
    return form


def value_of(kind: type[T], data: Mapping[str, Any]) -> T:
    """The value again of which `plain` made the form, or an older version did."""
    value: T = adapter(kind).validate_python(_as_now(data))
    return value


def _as_now(data: Any) -> Any:
    """Places were lists in checkpoints of older versions: document and page, then start and end."""
    if isinstance(data, Mapping):
        return {name: _as_now(value) for name, value in data.items()}
    if not isinstance(data, list):
        return data
    if len(data) in (2, 4) and isinstance(data[0], str) and isinstance(data[1], int):
        ref = {"document_id": data[0], "number": data[1]}
        return {"ref": ref, "start": data[2], "end": data[3]} if len(data) == 4 else ref
    return [_as_now(value) for value in data]


def added_to_note(earlier: Note, note: Note) -> Json:
    """A note without the facts that stood in the one before: a ledger only grows, at its end."""
    return plain(replace(note, ledger=note.ledger[len(earlier.ledger) :]))


def longer_note(earlier: Note, added: Mapping[str, Any]) -> Note:
    """The note again of which `added_to_note` kept what is new."""
    note = value_of(Note, added)
    return replace(note, ledger=(*earlier.ledger, *note.ledger))


def stretch_to_json(stretch: Stretch) -> list[Any]:
    return [stretch.document_id, stretch.first, stretch.last]


def stretch_from_json(data: list[Any]) -> Stretch:
    return Stretch(*data)
