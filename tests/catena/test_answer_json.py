from __future__ import annotations

import json

import pytest

from catena.errors import OptionError
from catena.render.answer_json import citation_to_json, from_json, to_json
from catena.types import (
    Answer,
    Citation,
    CitationPart,
    Coverage,
    DocumentCoverage,
    PageRef,
    RoleUsage,
    Statement,
    Usage,
)

DOC = "d" * 64
PARTS = (
    CitationPart(PageRef(DOC, 61), "59", 10, 20, ((1.0, 2.0, 3.0, 4.0),)),
    CitationPart(PageRef(DOC, 62), "60", 0, 5, ()),
)
ANSWER = Answer(
    question="Who?",
    text="He did.",
    status="answered",
    run_id="r",
    thread_id="t",
    strategy="retrieve",
    strategy_reason="asked for",
    model="m",
    seconds=1.5,
    statements=(Statement("He did.", "supported", (0,)),),
    citations=(Citation(DOC, "Book", "He did.", "verified", "text", PARTS),),
    coverage=Coverage((DocumentCoverage(DOC, 100, 98, 2, ((1, 60), (63, 100))),), 0.5),
    usage=Usage(1, 2, 3, None, 4),
    roles=(RoleUsage("worker", "m", Usage(1, 2, 3, None, 4)),),
    warnings=("Look out.",),
)
USAGE = {"calls": 1, "prompt_tokens": 2, "completion_tokens": 3, "cost_usd": None, "cached": 4}
KEYS = (
    "schema run_id thread_id question read_as text status stopped strategy strategy_reason model seconds warnings"
    " statements citations coverage usage roles verified marks short confidence"
)
CITATION_KEYS = "document_id title page label quote status source reference url fetched_at parts"


def test_an_answer_survives_json() -> None:
    assert from_json(json.loads(json.dumps(to_json(ANSWER)))) == ANSWER


def test_the_keys_are_those_of_the_schema() -> None:
    data = to_json(ANSWER)
    assert sorted(data) == sorted(KEYS.split())
    assert sorted(data["citations"][0]) == sorted(CITATION_KEYS.split())
    assert (data["citations"][0]["page"], data["citations"][0]["label"]) == (61, "59")
    assert data["citations"][0]["parts"][0]["boxes"] == [[1.0, 2.0, 3.0, 4.0]]
    assert data["coverage"]["documents"][0]["unread"] == [[1, 60], [63, 100]]
    assert (data["coverage"]["pages_total"], data["coverage"]["pages_read"]) == (100, 2)


def test_another_schema_is_refused() -> None:
    with pytest.raises(OptionError, match="schema 3"):
        from_json({**to_json(ANSWER), "schema": 3})


def test_an_answer_of_schema_1_is_read() -> None:
    old = {key: value for key, value in to_json(ANSWER).items() if key not in ("short", "confidence")}
    assert from_json({**old, "schema": 1}) == ANSWER


def test_the_line_that_an_older_version_wrote_is_read_and_written_alike() -> None:
    old = {
        "schema": 2,
        **{
            "run_id": "r",
            "thread_id": "t",
            "question": "Who?",
            "read_as": "",
            "text": "He did.",
            "short": "",
        },
        **{"confidence": None, "status": "answered", "stopped": None, "strategy": "retrieve", "model": "m"},
        **{"strategy_reason": "asked for", "seconds": 1.5, "warnings": ["Look out."], "verified": 1.0},
        "statements": [{"text": "He did.", "support": "supported", "citations": [0]}],
        "citations": [citation_to_json(ANSWER.citations[0])],
        "marks": {"supported": 1.0},
        "coverage": {
            **{"pages_total": 100, "pages_searched": 98, "pages_read": 2, "vectors_filled": 0.5},
            "documents": [
                {
                    **{"document_id": DOC, "pages_total": 100, "pages_searched": 98, "pages_read": 2},
                    "unread": [[1, 60], [63, 100]],
                }
            ],
        },
        "usage": USAGE,
        "roles": [{"role": "worker", "model": "m", "usage": USAGE}],
    }
    assert from_json(old) == ANSWER and to_json(ANSWER) == old
