"""Transcripts as pages: whole cues, their times and speakers; what cannot be is refused, nothing is said twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catena.errors import DocumentError
from catena.ingest.formats.file_kind import sniff
from catena.ingest.formats.subtitles import clock
from catena.ingest.formats.transcripts import parse_transcript, read_transcript
from catena.types import Page
from tests.ingest.conftest import Parse

WHISPERX = {
    "segments": [
        {
            "start": 0.5,
            "end": 2.0,
            "text": " Hello there.",
            "speaker": "SPEAKER_00",
            "words": [{"word": "Hello"}],
        },
        {"start": 2.5, "end": 4.25, "text": " Hi.", "speaker": "SPEAKER_01"},
    ],
    "word_segments": [],
}
JSON3 = {
    "wireMagic": "pb3",
    "events": [
        {"tStartMs": 0, "dDurationMs": 900_000, "id": 1, "wpWinPosId": 1},
        {
            "tStartMs": 500,
            "dDurationMs": 4_000,
            "segs": [{"utf8": "so"}, {"utf8": " today", "tOffsetMs": 300}],
        },
        {"tStartMs": 2_000, "dDurationMs": 3_000, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 2_010, "dDurationMs": 4_000, "segs": [{"utf8": "we climb"}]},
    ],
}
SNIPPETS = [
    {"text": "so today", "start": 0.5, "duration": 4.0},
    {"text": "we climb", "start": 2.01, "duration": 4.0},
]


def srt(*cues: tuple[float, float, str]) -> str:
    """SRT of cues; seconds below an hour."""
    stamps = [
        f"{clock(start)},{round(start * 1000) % 1000:03} --> {clock(end)},{round(end * 1000) % 1000:03}"
        for start, end, _ in cues
    ]
    return "\n".join(
        f"{n}\n{stamp}\n{cue[2]}\n" for n, (stamp, cue) in enumerate(zip(stamps, cues, strict=True), 1)
    )


def said(text: str) -> list[tuple[float, float, str, str]]:
    return [(one.start_s, one.end_s, one.speaker, one.text) for one in parse_transcript(text)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (WHISPERX, [(0.5, 2.0, "SPEAKER_00", "Hello there."), (2.5, 4.25, "SPEAKER_01", "Hi.")]),
        (JSON3, [(0.5, 4.5, "", "so today"), (2.01, 6.01, "", "we climb")]),
        (SNIPPETS, [(0.5, 4.5, "", "so today"), (2.01, 6.01, "", "we climb")]),
    ],
)
def test_json_of_programs(data: object, expected: object, tmp_path: Path) -> None:
    text = json.dumps(data, indent=1)
    assert said(text) == expected
    (tmp_path / "a.json").write_text(text)
    assert sniff(tmp_path / "a.json") == "transcript"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.srt", srt((1, 2, "Hello.")), "transcript"),
        ("a.txt", "\ufeff\n" + srt((1, 2, "Hello.")), "transcript"),
        ("a", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello.", "transcript"),
        (
            "whisper.json",
            json.dumps({"text": "x" * 70_000, "segments": [{"start": 0, "end": 1, "text": "x"}]}),
            "transcript",
        ),
        ("prose.txt", "A cue is written so:\n\n1\n00:00:01,000 --> 00:00:02,000\nHello.", "text"),
        ("other.json", json.dumps({"segments": 3, "start": 1}), "text"),
        ("rows.json", json.dumps([{"name": "Etna", "height": 3357}]), "text"),
        ("how.md", srt((1, 2, "Hello.")), "markdown"),
        ("WEBVTTs.txt", "WEBVTTs are files.", "text"),
    ],
)
def test_kind_by_content(tmp_path: Path, name: str, content: str, kind: str) -> None:
    (tmp_path / name).write_text(content)
    assert sniff(tmp_path / name) == kind


@pytest.mark.parametrize(
    ("cues", "message"),
    [
        (
            [(1, 2, "a"), (5, 6, "b"), (3, 4, "c")],
            r"Cue 3 \(00:00:03.000\) stands behind Cue 2 \(00:00:05.000\)",
        ),
        ([(1, 4, "a"), (3, 5, "b")], r"Cue 2 \(00:00:03.000\) begins before Cue 1 \(00:00:01.000\) ends"),
        ([(1, 2, "a"), (4, 3, "b")], r"Cue 2 \(00:00:04.000\) ends before it begins"),
        ([(1, 3, "ANA: Yes."), (1.5, 2.5, "And on.")], "Cue 2 .* begins before"),
    ],
)
def test_times_that_cannot_be_are_refused(cues: list[tuple[float, float, str]], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_transcript(srt(*cues))


@pytest.mark.parametrize("start", ["NaN", "-1", '"soon"', "null", "true", "1e300"])
def test_a_time_that_is_no_number(start: str) -> None:
    with pytest.raises(DocumentError, match="time of cue 1 is no number"):
        parse_transcript(f'{{"segments": [{{"start": {start}, "end": 2, "text": "x"}}]}}')


def test_two_may_speak_at_once_and_rounding_is_no_overlap() -> None:
    assert len(said(srt((1, 3, "ANA: Yes."), (2, 4, "BEN: No."), (3.9, 5, "BEN: Oh.")))) == 3


def test_rolling_captions_are_said_once() -> None:
    """As programs write what television and YouTube show: the last line again, then the next."""
    lines = [f"line {n} of what is said" for n in range(6)]
    shown = ["", *lines]
    cues = [(n * 2.0, n * 2 + 1.99, f"{shown[n]}\n{lines[n]}") for n in range(6)]
    cues += [(12.0, 12.01, lines[-1])]
    found = said(srt(*cues))
    assert [text for *_, text in found] == lines
    assert found[-1][:2] == (10.0, 12.01)


def test_what_is_said_twice_stays() -> None:
    cues = [
        (n, n + 0.9, text)
        for n, text in enumerate(["No.", "No.", "No, I said.", "So what?", "So what?", "Go."])
    ]
    assert [text for *_, text in said(srt(*cues))] == [
        "No.",
        "No.",
        "No, I said.",
        "So what?",
        "So what?",
        "Go.",
    ]


def test_who_speaks_speaks_on_within_a_sentence() -> None:
    cues = [(1, 2, "BEN: I climbed"), (2, 3, "a hill."), (3, 4, "(wind)")]
    assert [speaker for _, _, speaker, _ in said(srt(*cues))] == ["BEN", "BEN", ""]


def pages_of(parse: Parse, text: str) -> list[Page]:
    return parse("talk.srt", text)[1]


def test_pages_keep_whole_cues_with_their_times(parse: Parse) -> None:
    cues = [
        (n * 5.0, n * 5 + 4.5, f"This is sentence {n} of ten or so words, dear listener.") for n in range(60)
    ]
    pages = pages_of(parse, srt(*cues))
    found = [(cue, page) for page in pages for line in page.lines for cue in line.cues]
    assert [page.text[cue.start : cue.end] for cue, page in found] == [text for *_, text in cues]
    assert [(cue.start_s, cue.end_s) for cue, _ in found] == [cue[:2] for cue in cues]
    assert all(160 <= len(page.text.split()) <= 260 for page in pages[:-1])
    assert (
        pages[0].label == f"00:00:00–{clock(found[[p.ref.number for _, p in found].count(1) - 1][0].end_s)}"
    )


def test_every_word_has_a_box_and_no_number_or_arrow_is_text(parse: Parse) -> None:
    (page,) = pages_of(parse, srt((1, 2, "ANA: Hello, Ben."), (3, 4, "BEN: Hi, Ana.")))
    assert "".join(page.text[word.start : word.end] for word in page.words) == "".join(page.text.split())
    body = [page.text[line.start : line.end] for line in page.lines if line.kind != "header"]
    assert body == ["ANA: Hello, Ben.", "BEN: Hi, Ana."]
    assert "-->" not in page.text


def test_an_endless_cue_is_cut_with_its_time(parse: Parse) -> None:
    pages = pages_of(parse, srt((1, 2, "word " * 3_000)))
    cues = [
        (page.text[cue.start : cue.end], cue.end_s)
        for page in pages
        for line in page.lines
        for cue in line.cues
    ]
    assert sum(len(text.split()) for text, _ in cues) == 3_000
    assert {end for _, end in cues} == {2.0} and len(pages) > 3


@pytest.mark.parametrize(
    "content", ['{"segments": [{"start": 1', '{"segments": []}', "WEBVTT\n\nNOTE nothing"]
)
def test_what_holds_no_cue_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DocumentError, match=r"damaged|holds no cues"):
        read_transcript(tmp_path / "a.json")


def test_time_grows_with_length_alone() -> None:
    """A minute is never reached: what could be read in two ways is read once."""
    hostile = [
        ("1\n" * 200_000),
        "00:" * 200_000,
        "-->" * 200_000,
        "[" * 200_000,
        "<" * 200_000,
        "&" * 200_000,
    ]
    for text in hostile:
        parse_transcript(srt((1, 2, "a")) + "\n" + text.replace("-->", "->"))
