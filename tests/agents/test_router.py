"""Which strategy a question gets."""

from __future__ import annotations

import pytest

from catena.agents.document_view import DocumentView
from catena.agents.reasoner import Question
from catena.agents.router import route, scope_of, task_of
from catena.errors import OptionError
from catena.options import AskOptions
from catena.types import Strategy
from tests.agents.shelf import DOC, MemoryShelf, make_page

BOOK = DocumentView(MemoryShelf([make_page(n, [("text", "Rain fell.")]) for n in range(1, 30)]), [DOC])


@pytest.mark.parametrize(
    ("question", "whole", "max_paths", "strategy"),
    [
        ("Where does the fox live?", None, 5, "retrieve"),
        ("Where does the fox live?", 9_000, 5, "full"),
        ("Where does the fox live?", 60_000, 5, "retrieve"),
        ("How many times does Toad sing?", None, 5, "chain"),
        ("Summarize the book.", None, 1, "chain"),
        ("In what order did the towns fall?", 60_000, 5, "chain"),
        ("Who is the wife of the man whose car Toad stole from the inn?", None, 5, "chain"),
        ("Who is the wife of the man whose car Toad stole from the inn?", None, 1, "retrieve"),
        ("How many times does Toad sing?", None, 0, "retrieve"),
    ],
)
def test_scope_diffusion_and_size_choose(
    question: str, whole: int | None, max_paths: int, strategy: str
) -> None:
    scope = scope_of(question)
    chosen, reason = route(
        Question(question, AskOptions()), BOOK, whole=whole, max_paths=max_paths, scope=scope
    )
    assert chosen == strategy and reason


@pytest.mark.parametrize(
    ("strategy", "paths", "max_paths"), [("full", 1, 5), ("chain", 1, 0), ("chain", 2, 1)]
)
def test_what_a_reader_cannot_do_is_refused(strategy: Strategy, paths: int, max_paths: int) -> None:
    question = Question("Why?", AskOptions(strategy=strategy, paths=paths))
    with pytest.raises(OptionError):
        route(question, BOOK, max_paths=max_paths)


@pytest.mark.parametrize(
    ("question", "task"),
    [
        ("Where does the fox live?", "answer"),
        ("List the towns that fell.", "list"),
        ("Whose idea was it to name the towns after saints?", "answer"),
        ("In which order did the towns fall?", "list"),
        ("How many towns fell?", "count"),
        ("What is the book about?", "summary"),
        ("Give me a summary of chapter 2.", "summary"),
    ],
)
def test_the_task_decides_what_the_answer_looks_like(question: str, task: str) -> None:
    assert task_of(question) == task


def test_few_pages_are_read_whole_by_the_embedded_reader_alone() -> None:
    few = DocumentView(MemoryShelf([make_page(1, [("text", "Rain fell.")])]), [DOC])
    question = Question("Where does the fox live?", AskOptions())
    assert [route(question, few, max_paths=paths)[0] for paths in (1, 5)] == ["chain", "retrieve"]
