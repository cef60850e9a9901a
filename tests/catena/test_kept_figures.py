"""Figures in the library: kept with checksums, made again from the original, shown and listed."""

from __future__ import annotations

import json
import sqlite3
import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from catena.app import cli
from catena.client import Catena
from catena.library.library import Library
from catena.settings import Settings, load_settings
from catena.types import Document, Figure
from tests.ingest.charts import bars, captioned
from tests.ingest.printing import column, save_pdf


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home, background=False, parser_processes=1)


@pytest.fixture
def client(settings: Settings) -> Iterator[Catena]:
    with Catena(settings=settings) as client:
        yield client


@pytest.fixture
def report(tmp_path: Path) -> Path:
    plain = partial(column, x=40, y=80, texts=["No figure stands here, see Figure 2."] * 5)
    return save_pdf(tmp_path / "report.pdf", partial(captioned, draw=bars), plain)


@pytest.fixture
def document(client: Catena, report: Path) -> Document:
    return client.add(report)


def damage(home: Path, statement: str) -> None:
    raw = sqlite3.connect(home / "library.db")
    raw.executescript(statement)
    raw.close()


def test_a_figure_comes_back_as_it_was_read(client: Catena, document: Document) -> None:
    (figure,) = client.library.figures(document.id)
    assert (figure.number, figure.ref.number, figure.label, figure.state) == (1, 1, "Figure 2", "read")
    assert {one.text for one in figure.texts} >= {"Krems", "70"}
    pages = {page.ref: page.text for page in client.library.pages(document.id)}
    said = [pages[span.ref][span.start : span.end] for span in figure.mentions]
    assert len(said) == 9 and set(said) == {"Figure 2"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE document_figures SET data = replace(data, '\"70\"', '\"71\"')",
        "UPDATE document_figures SET data = 7",
        "DELETE FROM document_figures",
    ],
)
def test_damaged_figures_are_read_again_from_the_original(
    client: Catena, document: Document, home: Path, statement: str
) -> None:
    truth = client.library.figures(document.id)
    damage(home, statement)
    assert [one.name for one in client.library.check()] == ["damage"]
    assert client.library.figures(document.id) == truth
    assert client.health(repair=True).problems == ()


def test_removal_takes_the_figures(client: Catena, document: Document, home: Path) -> None:
    client.remove(document)
    raw = sqlite3.connect(home / "library.db")
    assert raw.execute("SELECT count(*) FROM document_figures").fetchone() == (0,)
    raw.close()


def test_an_older_library_has_none_until_it_is_read_again(
    settings: Settings, report: Path, home: Path
) -> None:
    with Catena(settings=settings) as client:
        document = client.add(report)
        truth: list[Figure] = client.library.figures(document.id)
    damage(
        home,
        "DROP TABLE document_figures; ALTER TABLE documents DROP COLUMN figures_checksum; PRAGMA user_version = 7;"
        "UPDATE counters SET value = 7 WHERE name = 'schema'",
    )
    with Library(home) as library:
        assert (library.figures(document.id), library.check()) == ([], [])
    with Catena(settings=settings) as again:
        again.reindex(document)
        assert again.library.figures(document.id) == truth


def test_a_figure_is_cut_out_of_its_page(client: Catena, document: Document) -> None:
    (figure,) = client.library.figures(document.id)
    png = client.page_image(document, 1, clip=figure.box, dpi=72)
    width, height = struct.unpack(">II", png[16:24])
    x0, y0, x1, y1 = figure.box
    assert (width, height) == (round(x1) - round(x0), round(y1) - round(y0))
    assert client.page_image(document, 1, clip=(9_000, 9_000, 9_001, 9_001)).startswith(b"\x89PNG")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    def call(*arguments: str | Path) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["catena", *map(str, arguments)])
        with pytest.raises(SystemExit):
            cli.main()
            sys.exit(0)
        return capsys.readouterr()

    return call


def test_the_commands_say_what_was_read(run: object, report: Path, tmp_path: Path) -> None:
    assert callable(run)
    assert "1 figure: 1 read" in run("add", report)[1]
    out, told = run("figures", report, "--render", tmp_path / "out")
    assert "p. 1 Figure 2" in out and "printed in it: " in out and "p. 2: No figure stands here" in out
    assert (tmp_path / "out" / "1_p1.png").read_bytes().startswith(b"\x89PNG")
    (figure,) = json.loads(run("figures", report, "--json")[0])["figures"]
    assert (figure["label"], figure["page"], figure["texts"][0]["source"]) == ("Figure 2", 1, "text")


def test_a_document_without_figures_says_so(run: object, tmp_path: Path) -> None:
    assert callable(run)
    (tmp_path / "a.txt").write_text("No figure stands here.")
    assert "No figures were found." in run("figures", tmp_path / "a.txt")[0]
    assert "no document" in run("figures", "nothing")[1]
