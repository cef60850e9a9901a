"""The one JSON form of an `Answer`, the same for every face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from catena.errors import OptionError
from catena.types import (
    Answer,
    Citation,
    CitationPart,
    Coverage,
    DocumentCoverage,
    PageRef,
    Plan,
    RoleUsage,
    Statement,
    Usage,
)

SCHEMA = 2
"""2 added `short`, `confidence`, the status `refused`, and the marks `quoted` and `unchecked`."""
Json = dict[str, Any]


def to_json(answer: Answer) -> Json:
    """Return the answer as plain JSON values, schema 2. Boxes are PDF points, origin top left."""
    return {
        "schema": SCHEMA,
        "run_id": answer.run_id,
        "thread_id": answer.thread_id,
        "question": answer.question,
        "read_as": answer.read_as,
        "text": answer.text,
        "short": answer.short,
        "confidence": answer.confidence,
        "status": answer.status,
        "stopped": answer.stopped,
        "strategy": answer.strategy,
        "strategy_reason": answer.strategy_reason,
        "model": answer.model,
        "seconds": answer.seconds,
        "warnings": list(answer.warnings),
        "statements": [statement_to_json(statement) for statement in answer.statements],
        "citations": [citation_to_json(citation) for citation in answer.citations],
        "verified": answer.verified,
        "marks": answer.marks,
        "coverage": coverage_to_json(answer.coverage),
        "usage": asdict(answer.usage),
        "roles": [asdict(role) for role in answer.roles],
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
    return Answer(
        question=data["question"],
        text=data["text"],
        status=data["status"],
        run_id=data["run_id"],
        thread_id=data["thread_id"],
        strategy=data["strategy"],
        strategy_reason=data["strategy_reason"],
        model=data["model"],
        seconds=data["seconds"],
        statements=tuple(statement_from_json(statement) for statement in data["statements"]),
        citations=tuple(citation_from_json(citation) for citation in data["citations"]),
        coverage=coverage_from_json(data["coverage"]),
        usage=Usage(**data["usage"]),
        roles=tuple(
            RoleUsage(one["role"], one["model"], Usage(**one["usage"])) for one in data.get("roles", ())
        ),
        warnings=tuple(data["warnings"]),
        stopped=data["stopped"],
        read_as=data.get("read_as", ""),
        short=data.get("short", ""),
        confidence=data.get("confidence"),
    )


def statement_to_json(statement: Statement) -> Json:
    return {"text": statement.text, "support": statement.support, "citations": list(statement.citations)}


def statement_from_json(data: Mapping[str, Any]) -> Statement:
    return Statement(data["text"], data["support"], tuple(data["citations"]))


def citation_to_json(citation: Citation) -> Json:
    """`page` and `label` are those of the first part."""
    first = citation.parts[0]
    return {
        "document_id": citation.document_id,
        "title": citation.title,
        "page": first.ref.number,
        "label": first.label,
        "quote": citation.quote,
        "status": citation.status,
        "source": citation.source,
        "parts": [
            {
                "page": part.ref.number,
                "label": part.label,
                "start": part.start,
                "end": part.end,
                "boxes": [list(box) for box in part.boxes],
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
        )
        for part in data["parts"]
    )
    return Citation(data["document_id"], data["title"], data["quote"], data["status"], data["source"], parts)


def coverage_to_json(coverage: Coverage) -> Json:
    return {
        "pages_total": coverage.pages_total,
        "pages_searched": coverage.pages_searched,
        "pages_read": coverage.pages_read,
        "vectors_filled": coverage.vectors_filled,
        "documents": [
            {
                "document_id": document.document_id,
                "pages_total": document.pages_total,
                "pages_searched": document.pages_searched,
                "pages_read": document.pages_read,
                "unread": [list(pages) for pages in document.unread],
            }
            for document in coverage.documents
        ],
    }


def coverage_from_json(data: Mapping[str, Any]) -> Coverage:
    documents = tuple(
        DocumentCoverage(
            document["document_id"],
            document["pages_total"],
            document["pages_searched"],
            document["pages_read"],
            tuple((first, last) for first, last in document["unread"]),
        )
        for document in data["documents"]
    )
    return Coverage(documents, data["vectors_filled"])
