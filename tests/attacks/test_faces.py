"""Nasty strings as title, text, file name, reply, error and name of a model, to each face that shows them.

CATENA_ATTACKS=1 tries 5,000; else a hundred.
"""

from __future__ import annotations

import ast
import io
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from catena.add_document import Added
from catena.app.cli import console, terminal
from catena.app.process_border import guarded, print_json
from catena.app.ui.labels import plain
from catena.errors import ModelError
from catena.render.answer_html import to_html
from catena.render.answer_json import to_json
from catena.render.answer_markdown import to_markdown
from catena.render.harmless import HarmlessFormatter, harmless, one_line
from catena.types import (
    Answer,
    Citation,
    CitationPart,
    Coverage,
    Description,
    Document,
    DocumentCoverage,
    PageRef,
    Statement,
)
from tests.attacks.nasty import strings

NUMBER = 5000 if os.environ.get("CATENA_ATTACKS") else 100
CODES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
TURNING = re.compile("[\u202a-\u202e\u2066\u2067]")
CLI = Path(console.__file__).parent


@pytest.fixture(scope="module")
def nasty() -> list[str]:
    return list(strings(NUMBER, seed=17))


def answer_of(text: str) -> Answer:
    """An answer in which the text stands wherever others may write."""
    part = CitationPart(PageRef("d" * 64, 1), text, 0, 1, ())
    citation = Citation("d" * 64, text, text, "verified", "text", (part,))
    return Answer(
        question=text,
        text=text,
        status="answered",
        run_id="r",
        thread_id=text,
        strategy="retrieve",
        strategy_reason=text,
        model=text,
        seconds=1.0,
        short=f"{text} short",
        statements=(Statement(text, "supported", (0,)),),
        citations=(citation,),
        coverage=Coverage((DocumentCoverage("d" * 64, 3, 3, 1),)),
        warnings=(text,),
        read_as=text,
        stopped=text,
    )


def document_of(text: str) -> Document:
    return Document("d" * 64, text, f"/home/{text}", "pdf", "partial", message=text, remedy=text, num_pages=3)


def is_safe(shown: str) -> bool:
    """No code, no mark that turns, every isolate closed on its line."""
    lines = shown.split("\n")
    return not (CODES.search(shown) or TURNING.search(shown)) and all(
        line.count("\u2068") == line.count("\u2069") for line in (lines if len(lines) < 2 else [shown])
    )


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u2068\u2069]+", "", text)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], str]:
    """What the command line prints, as its console lays it out for a file."""

    def printed(work: Callable[[], object]) -> str:
        stream, errors = io.StringIO(), io.StringIO()
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("sys.stderr", errors)
        try:
            work()
        finally:
            monkeypatch.undo()
        return stream.getvalue() + errors.getvalue()

    return printed


def test_the_command_line(nasty: list[str], printed: Callable[[Callable[[], object]], str]) -> None:
    for text in nasty:
        document = document_of(text)
        answer = printed(lambda text=text: terminal.print_answer(answer_of(text)))  # type: ignore[misc]
        added = printed(lambda d=document: terminal.print_added(  # type: ignore[misc]
            Added(Path(d.path), d, True), console.HarmlessConsole(soft_wrap=True)
        ))  # fmt: skip
        listed = printed(lambda d=document: terminal.print_documents([d], {}))  # type: ignore[misc]
        shown = printed(lambda d=document: terminal.print_document(d, Description(d.id)))  # type: ignore[misc]
        assert all(map(is_safe, (answer, added, listed, shown))), ascii(text)
        # As it is: no code of an emoji was replaced, no markup swallowed.
        assert squeezed(answer).count(squeezed(harmless(text))) >= 9, ascii(text)
        assert squeezed(one_line(text)) in squeezed(shown), ascii(text)


def test_errors_on_the_command_line(nasty: list[str], printed: Callable[[Callable[[], object]], str]) -> None:
    from catena.app import cli

    def failing(error: Exception) -> Callable[[], object]:
        def work() -> None:
            raise error

        def run() -> None:
            with pytest.raises(SystemExit):
                guarded(work, lambda found: cli._fail(found, cli.ExitCode.FAILED))

        return run

    for text in nasty:
        for error in (ModelError(text, text), OSError(2, text, text), RuntimeError(text)):
            said = printed(failing(error))
            assert is_safe(said), ascii(text)
            assert said.startswith("error: ") or said.startswith("\u2068error: ")


def test_json(nasty: list[str], printed: Callable[[Callable[[], object]], str]) -> None:
    for text in nasty:
        data = to_json(answer_of(text))
        line = printed(lambda data=data: print_json(data))  # type: ignore[misc]
        assert is_safe(line) and "\u2068" not in line, ascii(text)
        assert json.loads(line) == json.loads(json.dumps(data)), ascii(text)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


def test_html(nasty: list[str]) -> None:
    def page(text: str) -> str:
        return to_html(answer_of(text), lambda part: b"PNG")

    plain_page = parsed(page("plain"))
    for text in nasty:
        found = page(text)
        assert is_safe(found), ascii(text)
        tags = parsed(found)
        assert (tags.tags, tags.attributes) == (plain_page.tags, plain_page.attributes), ascii(text)


@pytest.fixture(scope="module")
def renderer() -> MarkdownIt:
    """Markdown as most renderers take it, raw HTML allowed, which is the worst of them."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def test_markdown(nasty: list[str], renderer: MarkdownIt) -> None:
    allowed = {"p", "strong", "em", "ul", "ol", "li"}
    for text in nasty:
        found = to_markdown(answer_of(text))
        assert is_safe(found.replace("\u2068", "").replace("\u2069", "")), ascii(text)
        assert set(parsed(renderer.render(found)).tags) <= allowed, ascii(text)


def test_the_page(nasty: list[str], renderer: MarkdownIt) -> None:
    """What Streamlit is given: Markdown without markup, and none of Streamlit's own codes."""
    for text in nasty:
        given = plain(text)
        assert is_safe(given.replace("\u2068", "").replace("\u2069", "")), ascii(text)
        assert not re.search(r"(?<!\\):[\w-]+[:\[]", given), ascii(text)
        drawn = renderer.render(f"x{given}")
        assert set(parsed(drawn).tags) <= {"p", "br"}, ascii(text)
        assert squeezed(unescape(re.sub(r"</?p>|<br ?/?>", "", drawn))) == squeezed(f"x{harmless(text)}"), (
            ascii(text)
        )


def test_logs(nasty: list[str]) -> None:
    formatter = HarmlessFormatter("%(levelname)s %(message)s")
    for text in nasty:
        record = logging.LogRecord("x", logging.WARNING, "", 0, "%s", (text,), None)
        lines = formatter.format(record).split("\n")
        assert not any(map(CODES.search, lines)), ascii(text)
        assert lines[0].startswith("WARNING ") and all(line.startswith("    ") for line in lines[1:])


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_the_command_line_prints_by_its_border_alone() -> None:
    own = {"console.py": {"Console"}}
    ways = {
        "print",
        "typer.echo",
        "click.echo",
        "Console",
        "rich.print",
        "sys.stdout.write",
        "sys.stderr.write",
    }
    found = {
        path.name: used
        for path in CLI.glob("*.py")
        if (used := ways & set(calls(path)) - own.get(path.name, set()))
    }
    assert found == {}


def test_what_is_harmless_stays_as_it_is() -> None:
    assert harmless(harmless("שכר 2031")) == harmless("שכר 2031") == "\u2068שכר 2031\u2069"
    assert harmless("Æble & grød\n\t:100: [red]") == "Æble & grød\n\t:100: [red]"
    assert harmless("a\x1b[31mb\x9bc\ud800") == "a\ufffd[31mb\ufffdc\ufffd"


def test_the_strings_are_nasty(nasty: list[str]) -> None:
    """Each kind is among them, or the tests above say nothing."""
    whole = "".join(strings(5000, seed=17))
    assert all(one in whole for one in ("\x1b[31m", "\ud800", ":100:", "[red]", "<script>", "\u202e", "\x9b"))
    assert any(not is_safe(text) for text in nasty)
