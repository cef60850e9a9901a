"""What a checkpoint holds is read back, also as an older version wrote it."""

from __future__ import annotations

import json

import numpy as np

from catena.agents.reasoner import Draft, DraftStatement
from catena.agents.state import plain, value_of
from catena.types import Evidence, Fact, Note, PageRef, Span

AT = PageRef("d" * 64, 3)
EVIDENCE = Evidence((Span(AT, 5, 9), Span(PageRef("d" * 64, 4), 0, 2)), "a quote", 0.5)
NOTE = Note("text", (EVIDENCE,), (Fact(7, "a claim", EVIDENCE),))
DRAFT = Draft(
    (DraftStatement("said", (EVIDENCE,), "supported"),),
    (EVIDENCE,),
    confidence="likely",
    warnings=("look", "out"),
    pages=(AT, AT),
)
OLD_EVIDENCE = {"spans": [["d" * 64, 3, 5, 9], ["d" * 64, 4, 0, 2]], "text": "a quote", "score": 0.5}


def test_values_survive_a_checkpoint() -> None:
    assert value_of(Note, json.loads(json.dumps(plain(NOTE)))) == NOTE
    assert value_of(Draft, json.loads(json.dumps(plain(DRAFT)))) == DRAFT
    assert value_of(Draft, plain(Draft(()))) == Draft(())


def test_scores_of_numpy_become_plain_numbers() -> None:
    scored = Evidence(EVIDENCE.spans, "a quote", float(np.float64(0.5)))
    odd = Evidence(EVIDENCE.spans, "a quote", np.float32(0.5))  # type: ignore[arg-type]
    assert json.dumps(plain(odd)) == json.dumps(plain(scored)) == json.dumps(plain(EVIDENCE))


def test_what_an_older_version_left_is_read() -> None:
    note = {
        "text": "text",
        "evidence": [OLD_EVIDENCE],
        "ledger": [{"number": 7, "claim": "a claim", "evidence": OLD_EVIDENCE}],
    }
    draft = {
        "statements": [{"text": "said", "evidence": [OLD_EVIDENCE], "support": "supported"}],
        "closest": [OLD_EVIDENCE],
        "confidence": "likely",
        "short": "",
        "is_refusal": False,
        "warnings": ["look", "out"],
        "model": "",
        "pages": [["d" * 64, 3], ["d" * 64, 3]],
        "missing": "",
    }
    assert value_of(Note, note) == NOTE and value_of(Draft, draft) == DRAFT
