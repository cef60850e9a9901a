"""Documents from the web in the library: their address and version are kept, shown and asked for again."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catena.app import cli
from catena.client import Catena
from catena.errors import DocumentError
from catena.ingest.web import download as module
from catena.render.answer_json import from_json, to_json
from catena.settings import Settings, load_settings
from tests.ingest.web.web_server import PAGE, TAG, Stranger, stranger

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with stranger() as address:
        monkeypatch.setattr(module, "TESTED_PORTS", frozenset({int(address.rpartition(":")[2])}))
        yield f"{address}/page"


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home, background=False, parser_processes=1)


@pytest.fixture
def client(settings: Settings) -> Iterator[Catena]:
    with Catena(settings=settings) as client:
        yield client


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    def call(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["catena", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        return int(ended.value.code or 0), capsys.readouterr().out

    return call


def test_an_address_is_kept_with_what_its_server_called_it(client: Catena, page: str) -> None:
    document = client.add(f"{page}#top")
    (copy,) = client.library.web.of(document.id)
    assert (document.path, document.title, document.kind) == (page, "Etna", "html")
    assert (copy.url, copy.final_url, copy.etag, copy.fetched_at > 0) == (page, page, TAG, True)
    assert client.document(page) == document and client.library.sources(document.id)[0][0] == page


def test_the_same_version_is_not_sent_again_and_a_new_one_is_added(client: Catena, page: str) -> None:
    first = client.add(page)
    assert client.add(page) == first
    assert [asked.get("if-none-match") for asked in Stranger.seen] == [None, TAG]
    Stranger.body, Stranger.tag = PAGE.replace(b"3,357", b"3,403"), '"v2"'
    second = client.add(page)
    assert second.id != first.id and client.library.web.of(second.id)[0].etag == '"v2"'
    client.add(page)
    assert [asked.get("if-none-match") for asked in Stranger.seen[2:]] == [TAG, '"v2"']


def test_an_answer_says_where_it_is_from(client: Catena, page: str) -> None:
    document = client.add(page)
    answer = client.ask("How high is Etna?", documents=[document])
    assert (answer.citations[0].url, answer.citations[0].fetched_at) == (page, document.added_at)
    assert from_json(to_json(answer)) == answer


def test_a_damaged_row_is_seen_and_the_page_is_fetched_anew(client: Catena, page: str, home: Path) -> None:
    document = client.add(page)
    raw = sqlite3.connect(home / "library.db")
    raw.executescript("UPDATE web_copies SET etag = 'other'")
    raw.close()
    assert client.library.web.of(document.id) == [] and client.library.check() != []
    assert client.add(page) == document and client.library.web.of(document.id)[0].etag == TAG
    assert client.library.check() == []


def test_it_is_read_again_and_goes_with_its_document(client: Catena, page: str) -> None:
    document = client.add(page)
    assert client.reindex(document).path == page
    client.remove(document)
    assert client.library.web.latest(page) is None


def test_offline_nothing_is_fetched(home: Path, page: str) -> None:
    with Catena(settings=load_settings(home=home, offline=True, background=False)) as client:
        for add in (client.add, client.queue.add):
            with pytest.raises(DocumentError, match="was not fetched: CATENA_OFFLINE"):
                add(page)
    assert Stranger.seen == []


def test_from_the_command_line(run: Call, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (added,) = json.loads(run("add", page, "--json")[1])
    assert (added["path"], added["status"], added["is_new"]) == (page, "ready", True)
    assert f"web     {page} fetched 20" in run("show", page)[1]
    assert json.loads(run("show", page, "--json")[1])["web"][0]["etag"] == TAG
    assert run("ask", "How high is Etna?", "--doc", page)[0] == 0
    assert len(Stranger.seen) == 1  # what is known is not fetched to be asked
    code, out = run("add", "http://127.0.0.1:1/x", "ftp://x.org/y", "--json")
    refused = json.loads(out)
    assert code == 1 and {one["reason"] for one in refused} == {"not_allowed"}
    assert {one["path"] for one in refused} == {"http://127.0.0.1:1/x", "ftp://x.org/y"}
    monkeypatch.setenv("CATENA_OFFLINE", "1")
    assert "CATENA_OFFLINE" in run("add", page, "--json")[1]


def test_a_web_page_in_place_of_a_pdf_is_named(client: Catena, page: str) -> None:
    with pytest.raises(DocumentError, match=r"page\.pdf is HTML by its content, not a PDF"):
        client.add(f"{page}.pdf")
