"""Recordings in the library: who said what when, in answers, scripts and subtitles."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catena.app import cli
from catena.client import Catena
from catena.ingest.formats.subtitles import captions_of
from catena.library.library import Library
from catena.render.answer_json import from_json, to_json
from catena.render.answer_markdown import to_markdown
from catena.settings import load_settings

TALK = """WEBVTT - Volcanoes of Sicily

00:00:01.000 --> 00:00:04.000
<v Ana>Welcome to the show about volcanoes.

00:00:07.200 --> 00:00:12.000
<v Ben>Yes. I climbed Etna in June, when it

00:00:12.000 --> 00:00:16.500
<v Ben>was erupting from the south-east crater.

00:12:10.000 --> 00:12:15.000
<v Ana>Stromboli lies in the sea.
"""
Call = Callable[..., tuple[int, str]]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.vtt"
    path.write_text(TALK)
    return path


@pytest.fixture
def client(home: Path) -> Iterator[Catena]:
    with Catena(settings=load_settings(home=home, background=False, parser_processes=1)) as client:
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


def test_what_somebody_said_and_when(client: Catena, talk: Path) -> None:
    answer = client.ask("What did Ben say about Etna, and when?", documents=[client.add(talk)])
    part = answer.citations[0].parts[0]
    assert "climbed Etna in June, when it was erupting" in answer.citations[0].quote
    assert (part.start_s, part.end_s, part.speaker, part.label) == (7.2, 16.5, "Ben", "00:00:07, Ben")
    assert part.boxes and from_json(to_json(answer)) == answer
    assert "p. 1 (00:00:07, Ben)" in to_markdown(answer)


def test_the_cues_come_back(client: Catena, talk: Path, home: Path) -> None:
    document = client.add(talk)
    assert (document.kind, document.title) == ("transcript", "Volcanoes of Sicily")
    cues = [(one.start_s, one.speaker, one.text) for one in captions_of(client.library.pages(document.id))]
    assert cues[1:3] == [
        (7.2, "Ben", "Yes. I climbed Etna in June, when it"),
        (12.0, "Ben", "was erupting from the south-east crater."),
    ]
    with Library(home) as library:
        assert library.check() == []


def test_script_and_subtitles(run: Call, talk: Path, tmp_path: Path) -> None:
    run("add", talk)
    assert "00:00:07  Ben: Yes. I climbed Etna in June" in run("show", "talk.vtt", "--script")[1]
    cues = json.loads(run("show", "talk.vtt", "--script", "--json")[1])["cues"]
    assert cues[3] == {
        "start_s": 730.0,
        "end_s": 735.0,
        "speaker": "Ana",
        "text": "Stromboli lies in the sea.",
    }
    run("show", "talk.vtt", "--subtitles", tmp_path / "talk.srt")
    assert "4\n00:12:10,000 --> 00:12:15,000\n[Ana]: Strom" in (tmp_path / "talk.srt").read_text()


def test_what_is_no_recording_has_no_script(run: Call, manual: Path) -> None:
    run("add", manual)
    assert run("show", manual.name, "--script")[0] == 1


def test_times_that_cannot_be_name_the_cue(run: Call, tmp_path: Path) -> None:
    path = tmp_path / "bad.vtt"
    path.write_text(TALK + "\n00:00:02.000 --> 00:00:03.000\nToo late.\n")
    code, out = run("add", path, "--json")
    assert code == 1 and "Cue 5 (00:00:02.000) stands behind Cue 4 (00:12:10.000)" in out
