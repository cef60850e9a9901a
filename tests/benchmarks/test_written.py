from __future__ import annotations

import json
from pathlib import Path

import pytest

from catena.benchmarks.absent import Item
from catena.benchmarks.written import (
    EMBEDDED,
    PEER,
    Written,
    ask_all,
    judge,
    llama_index,
    ours,
    replies,
    report,
)
from catena.benchmarks.written import read_questions as read
from catena.client import Catena
from catena.settings import load_settings
from catena.testing import StubModel

TEXT = "# The lamp\n\nThe lamp in the kitchen is green. It was bought in Trieste in 1931 by Anna Weiss.\n"
PRESENT = {"question": "Who bought the lamp?", "value": "Anna Weiss", "page": [1], "there": True}
ABSENT = {"question": "Who stole the lamp?", "value": "", "page": [], "there": False}
ASKED = [{"id": "1", "doc": "lamp.md"} | PRESENT, {"id": "2", "doc": "lamp.md"} | ABSENT]


@pytest.fixture
def asked(tmp_path: Path) -> list[Item]:
    (tmp_path / "lamp.md").write_text(TEXT)
    (tmp_path / "asked.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in ASKED))
    return list(read(tmp_path / "asked.jsonl"))


def test_every_way_is_asked_once_and_a_second_run_goes_on(tmp_path: Path, asked: list[Item]) -> None:
    kept = tmp_path / "written.jsonl"
    with (
        StubModel(["Anna Weiss bought it."] * 9) as stub,
        Catena(settings=load_settings(home=tmp_path / "home", background=False, api_base=stub.url)) as catena,
    ):
        model = "openai/stub"
        ways = {name: ours(catena, name, model) for name in (EMBEDDED, "retrieve")}
        ask_all(catena, {**ways, PEER: llama_index(catena, model)}, asked, tmp_path, kept)
        made = len(stub.requests())
        ask_all(catena, {**ways, PEER: llama_index(catena, model)}, asked, tmp_path, kept)
        assert len(stub.requests()) == made
    found = replies(kept)
    assert [(one.way, one.item) for one in found[:3]] == [(EMBEDDED, "1"), ("retrieve", "1"), (PEER, "1")]
    assert all(judge(asked[0], one) for one in found[:3])
    assert found[2].pages == (1,)
    assert found[2].read > 0
    assert f"| {PEER} | 1 | 1.00 |" in report(asked, found)


@pytest.mark.parametrize(
    ("reply", "is_right"),
    [
        (Written("w", "1", "Anna Weiss", "Anna Weiss"), True),
        (Written("w", "1", "In 1931 Anna Weiss bought it."), True),
        (Written("w", "1", "Somebody did."), False),
        (Written("w", "1", "Anna Weiss", is_refused=True), False),
        (Written("w", "1", problem="The model wrote no answer."), False),
    ],
)
def test_a_reply_is_right_by_its_words(asked: list[Item], reply: Written, is_right: bool) -> None:
    assert judge(asked[0], reply) is is_right
