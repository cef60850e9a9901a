"""The one JSON form of an `Answer`, the same for every face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from catena.errors import OptionError
from catena.types import Answer, Citation, CitationPart, PageRef, Plan

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 2
"""2 added `short`, `confidence`, the status `refused`, and the marks `quoted` and `unchecked`."""
Json = dict[str, Any]


def _made(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # a tenth of a second that `catena --help` does not need

    return TypeAdapter(kind)


adapter: Callable[[Any], TypeAdapter[Any]] = cache(_made)
"""The form of a class of values, made when it is first needed: that takes milliseconds."""


def to_json(answer: Answer) -> Json:
    """Return the answer as plain JSON values, schema 2. Boxes are PDF points, origin top left."""
    said, coverage = adapter(Answer).dump_python(answer, mode="json", exclude={"citations"}), answer.coverage
    sums = {name: getattr(coverage, name) for name in ("pages_total", "pages_searched", "pages_read")}
    return {
        "schema": SCHEMA,
        **said,
        "citations": [citation_to_json(citation) for citation in answer.citations],
        "coverage": {**sums, **said["coverage"]},
        "verified": answer.verified,
        "marks": answer.marks,
    }


def plan_to_json(plan: Plan) -> Json:
    """Return a plan as plain JSON values, schema 2."""
    return {"schema": SCHEMA, **asdict(plan)}


def require_schema(data: Mapping[str, Any], what: str, schema: int) -> None:
    """Raise OptionError for JSON that another version of Catena wrote."""
    if data.get("schema") != schema:
        found = data.get("schema")
        raise OptionError(f"This {what} has schema {found!r}; this version of Catena reads schema {schema}.")


def from_json(data: Mapping[str, Any]) -> Answer:
    """Read an answer back, one of schema 1 too, which has no confidence. Raises OptionError for another schema."""
    if data.get("schema") != 1:
        require_schema(data, "answer", SCHEMA)
    citations = tuple(map(citation_from_json, data["citations"]))
    answer: Answer = adapter(Answer).validate_python({**data, "citations": citations})
    return answer


def citation_to_json(citation: Citation) -> Json:
    """`page` and `label` are those of the first part; `sheet` and `cells` are empty but in spreadsheets."""
    first = citation.parts[0]
    return {
        "document_id": citation.document_id,
        "title": citation.title,
        "page": first.ref.number,
        "label": first.label,
        "quote": citation.quote,
        "status": citation.status,
        "source": citation.source,
        "reference": citation.reference,
        "url": citation.url,
        "fetched_at": citation.fetched_at,
        "parts": [
            {
                "page": part.ref.number,
                "label": part.label,
                "start": part.start,
                "end": part.end,
                "boxes": [list(box) for box in part.boxes],
                "sheet": part.sheet,
                "cells": part.cells,
                "start_s": part.start_s,
                "end_s": part.end_s,
                "speaker": part.speaker,
            }
            for part in citation.parts
        ],
    }


def citation_from_json(data: Mapping[str, Any]) -> Citation:
    parts = tuple(
        CitationPart(
            PageRef(data["document_id"], part["page"]),
            part["label"],
            part["start"],
            part["end"],
            tuple((box[0], box[1], box[2], box[3]) for box in part["boxes"]),
            part.get("sheet", ""),
            part.get("cells", ""),
            part.get("start_s"),
            part.get("end_s"),
            part.get("speaker", ""),
        )
        for part in data["parts"]
    )
    names = ("document_id", "title", "quote", "status", "source")
    return Citation(
        **{name: data[name] for name in names},
        parts=parts,
        reference=data.get("reference", ""),
        url=data.get("url", ""),
        fetched_at=data.get("fetched_at"),
    )
