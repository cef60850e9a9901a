"""Every option is checked where it is given: the error names it, its value and what is allowed, and says what to do."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catena import (
    AddOptions,
    AskOptions,
    Catena,
    CatenaError,
    Citation,
    CitationPart,
    Limits,
    OptionError,
    PageRef,
)
from catena.add_queue import AddQueue
from catena.arena_runs import AnswerOptions, ArenaOptions
from catena.bookqa.book_set_runs import GenerateOptions
from catena.bookqa.generator import Order
from catena.library.votes import Vote
from catena.portal import Stream
from catena.questions import Questions
from catena.threads import Threads

PARTS = {"": Catena, "questions.": Questions, "threads.": Threads, "queue.": AddQueue}
METHODS = {
    prefix + name: method
    for prefix, part in PARTS.items()
    for name, method in inspect.getmembers(part, inspect.isfunction)
    if not name.startswith("_")
}
ARGUMENTS = [
    (name, argument)
    for name, method in METHODS.items()
    for argument in inspect.signature(method).parameters
    if argument != "self"
]
VALUES: dict[type, dict[str, Any]] = {
    AskOptions: {},
    Limits: {},
    AddOptions: {},
    GenerateOptions: {},
    AnswerOptions: {},
    ArenaOptions: {},
    Order: {"kinds": ("local", "order")},
    Vote: {"question": "Q", "first": "a", "second": "b", "winner": None},
}
OPTIONS = [(kind, name) for kind in VALUES for name in kind.__dataclass_fields__]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catena]:
    folder = tmp_path_factory.mktemp("arguments")
    book = folder / "lantern.txt"
    book.write_text("The battery of the lantern lasts forty hours.\n\nThe warranty covers five years.\n")
    with Catena(folder / "home") as c:
        c.add(book)
        yield c


def called(library: Catena, name: str, /, **arguments: Any) -> Any:
    """Call a method to its end, whatever kind of it there is."""
    needed = {
        one.name: NEEDED[one.name]
        for one in inspect.signature(METHODS[name]).parameters.values()
        if one.default is one.empty and one.name != "self"
    }
    done = attrgetter(name)(library)(**{**needed, **arguments})
    if isinstance(done, Coroutine):
        return library._portal.run(done)
    if isinstance(done, AsyncGenerator):
        return list(library._portal.each(done))
    return list(done) if isinstance(done, Iterator | Stream) else done


class Nothing:
    """A value that no option takes."""


NOTHING = Nothing()
NEEDED: dict[str, Any] = {
    "question": "How long does the battery last?",
    "query": "battery",
    "document": "lantern",
    "name": "lantern",
    "number": 1,
    "path": "lantern.txt",
    "paths": [],
    "target": "lantern.txt",
    "books": ["lantern"],
    "order": Order(1, ("local",)),
    "out": "set.jsonl",
    "destination": "backup",
    "run_id": "0",
    "job_id": 1,
    "thread_id": "0",
    "citation": Citation(
        "lantern", "", "", "verified", "text", (CitationPart(PageRef("lantern", 1), "1", 0, 1, ()),)
    ),
}


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_no_method_takes_a_value_of_another_kind(library: Catena, name: str, argument: str) -> None:
    with pytest.raises(OptionError, match=argument) as raised:
        called(library, name, **{argument: NOTHING})
    assert raised.value.remedy


@pytest.mark.parametrize(("kind", "name"), OPTIONS)
def test_no_option_takes_a_value_of_another_kind(kind: type, name: str) -> None:
    with pytest.raises(OptionError, match=name) as raised:
        kind(**{**VALUES[kind], name: NOTHING})
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("kind", "wrong", "allowed"),
    [
        (AskOptions, {"strategy": "retreive"}, "Did you mean retrieve"),
        (AskOptions, {"strategy": "nope"}, "'auto', 'retrieve', 'chain', 'full', 'kv'"),
        (AskOptions, {"max_words": 0}, "1 or more"),
        (AskOptions, {"max_sentences": True}, "whole number"),
        (AskOptions, {"paths": 3}, "1, 2, 5"),
        (AskOptions, {"demos": -3}, "0, 3, 5"),
        (AskOptions, {"check": "nobody"}, "'code', 'model'"),
        (AskOptions, {"rewrite": 1}, "True or False"),
        (AskOptions, {"kv_budget": 0}, "above 0"),
        (AskOptions, {"kv_budget": 1.5}, "from 0 to 1"),
        (AskOptions, {"thread_id": " "}, "a text"),
        (Limits, {"max_calls": 1.5}, "whole number"),
        (Limits, {"max_cost_usd": -1}, "0 or more"),
        (Limits, {"max_seconds": float("nan")}, "0 or more"),
        (Limits, {"max_seconds": float("inf")}, "0 or more"),
        (AddOptions, {"as_kind": "PDF"}, "'pdf'"),
        (GenerateOptions, {"engine": "rays"}, "ray"),
        (GenerateOptions, {"ray_address": "127.0.0.1:6379"}, 'engine="ray"'),
        (GenerateOptions, {"concurrency": 0}, "1 or more"),
        (ArenaOptions, {"budget": 0}, "1 or more"),
        (Order, {"kinds": ("locale",)}, "Did you mean local"),
        (Order, {"num": 10**12}, "whole number"),
        (Vote, {"winner": "c"}, "'a', 'b', None"),
    ],
)
def test_the_error_says_what_is_allowed(kind: type, wrong: dict[str, Any], allowed: str) -> None:
    with pytest.raises(OptionError) as raised:
        kind(**{**VALUES[kind], **wrong})
    assert allowed in str(raised.value)
    assert all(name in str(raised.value) for name in wrong)


@pytest.mark.parametrize(
    ("method", "wrong", "said"),
    [
        ("search", {"k": -1}, "k must be a whole number of 1 or more, not -1"),
        ("search", {"k": 10**30}, "k must be"),
        ("ask", {"documents": []}, "documents"),
        ("ask", {"documents": b"lantern"}, "documents must be a sequence"),
        ("ask", {"question": "  "}, "empty"),
        ("ask", {"options": AskOptions(demos=3)}, "demos"),
        ("ask", {"options": AskOptions(rewrite=True, check="model")}, "rewrite, check"),
        ("plan", {"options": AskOptions("retrieve", kv_budget=0.5)}, "kv_budget"),
        ("page", {"number": 0}, "number must be a whole number of 1 or more, not 0"),
        ("page_image", {"boxes": [(1, 2, 3)]}, "four numbers"),
        ("history", {"limit": 0}, "limit"),
        ("threads.all", {"limit": -1}, "limit"),
        ("add", {"path": ""}, "path"),
        ("add", {"path": "a\0b"}, "path"),
        ("generate", {"books": []}, "books"),
        ("questions.start", {"keys": {"KEY": 3}}, "keys"),
        ("questions.resume_here", {"run_id": "nosuchrun"}, "No unfinished run"),
        ("questions.trace", {"run_id": "../x"}, "no id of a run"),
    ],
)
def test_a_value_out_of_range_is_refused(
    library: Catena, method: str, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(OptionError) as raised:
        called(library, method, **wrong)
    assert said in raised.value.message and raised.value.remedy


@pytest.mark.parametrize("name", [NOTHING, "p4ss\ud800"])
def test_a_secret_is_not_shown(name: object) -> None:
    with pytest.raises(OptionError) as raised:
        AddOptions(password=name)  # type: ignore[arg-type]
    assert "p4ss" not in str(raised.value)


def test_one_name_is_one_document(library: Catena) -> None:
    question = NEEDED["question"]
    (document,) = library.documents()
    named: list[Any] = ["lantern", document, ["lantern", document]]
    kept = [library.ask(question, documents=one).text for one in named]
    assert kept[0] and len(set(kept)) == 1
    with pytest.raises(CatenaError, match="'3M'"):
        library.ask(question, documents="3M")


def test_one_path_is_one_file(library: Catena, tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("One file is added.")
    assert [added.path for added in library.add_all(path)] == [path]
    library.remove("one")


SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=8)
)
ANY = st.one_of(
    SIMPLE,
    st.lists(SIMPLE, max_size=3),
    st.tuples(SIMPLE, SIMPLE),
    st.dictionaries(st.text(max_size=3), SIMPLE, max_size=2),
    st.characters(categories=["Cs"]),
)
QUIET = [
    "ask",
    "search",
    "plan",
    "history",
    "page",
    "document",
    "resume",
    "citation_images",
    "stream",
    "questions.search",
    "questions.trace",
    "threads.all",
    "threads.answers",
    "threads.delete",
    "queue.all",
]
HARMLESS = [one for one in ARGUMENTS if one[0] in QUIET]


def tried(work: Callable[[], Any]) -> None:
    """Work, or be refused by name: no KeyError, AttributeError or ValueError from inside."""
    with suppress(CatenaError):
        work()


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(OPTIONS), ANY)
def test_any_value_of_an_option_works_or_is_refused(option: tuple[type, str], value: object) -> None:
    kind, name = option
    tried(lambda: kind(**{**VALUES[kind], name: value}))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(HARMLESS), ANY)
def test_any_argument_works_or_is_refused(library: Catena, one: tuple[str, str], value: object) -> None:
    name, argument = one
    tried(lambda: called(library, name, **{argument: value}))


def test_page_nought_is_no_page() -> None:
    with pytest.raises(OptionError, match="no page 0: pages are counted from 1"):
        PageRef("a" * 64, 0)
