"""SRT and WebVTT: what was said and when, without numbers, arrows, styles and tags; written, they are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catena.errors import DocumentError, OptionError
from catena.ingest.formats.subtitles import (
    Caption,
    clock,
    name_of,
    parse_subtitles,
    subtitles_named,
    write_srt,
    write_vtt,
)
from catena.ingest.formats.transcripts import parse_transcript

SRT = """1
00:00:01,000 --> 00:00:04,000
{\\an8}<b>Welcome</b> to the show.

2
00:01:04,500 --> 00:01:07,050 X1:10 X2:20
AT&amp;T &lt;3
- It is 1 < 2.
"""
VTT = """WEBVTT - Volcanoes

STYLE
::cue { content: "-->" }

REGION
id:one

NOTE 00:00 --> not a time

intro 1
00:01.000 --> 00:04.000 align:start position:0%
<v.loud Ana>Hello, <c.yellow>Ben</c>.</v> <v Ben>Hi<00:00:02.500> there.

text that belongs to nobody

01:00:05.000 --> 01:00:07.000
<i>1999</i>
"""


def said(text: str) -> list[tuple[float, float, str, str]]:
    return [(one.start_s, one.end_s, one.speaker, one.text) for one in parse_subtitles(text)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_srt(newline: str, mark: str) -> None:
    assert said(mark + SRT.replace("\n", newline)) == [
        (1.0, 4.0, "", "Welcome to the show."),
        (64.5, 67.05, "", "AT&T <3\n- It is 1 < 2."),
    ]


def test_vtt() -> None:
    assert said(VTT) == [
        (1.0, 4.0, "Ana", "Hello, Ben. "),
        (1.0, 4.0, "Ben", "Hi there."),
        (3605.0, 3607.0, "", "1999"),
    ]


def test_a_number_that_was_said_is_no_number_of_a_cue() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nIt was\n1999\n\n2\n00:00:03,000 --> 00:00:04,000\nor\n2000\n"
    assert [one.text for one in parse_subtitles(text)] == ["It was\n1999", "or\n2000"]


def test_cues_without_blank_lines_between() -> None:
    text = "1\n00:01,0 -> 00:02,5\none\n2\n00:03.000 --> 00:04.000\ntwo"
    assert said(text) == [(1.0, 2.5, "", "one"), (3.0, 4.0, "", "two")]


@pytest.mark.parametrize("line", ["00:00:03,000 --> noon 1:2", "00:0a:03,000 --> 00:00:04,000"])
def test_a_time_that_is_none_names_its_cue(line: str) -> None:
    with pytest.raises(DocumentError, match="time of cue 3 cannot be read: '00:0"):
        parse_subtitles(f"{SRT}\n3\n{line}\nWhat?\n")


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("ANA: Hello.\nBEN: Hi.", ["ANA", "BEN"]),
        ("[SPEAKER_00]: Hello.", ["SPEAKER_00"]),
        ("- ANA: Hello.", ["ANA"]),
        ("Ana Lee: Hello.\nAna Lee: Still me.", ["Ana Lee", "Ana Lee"]),
        ("Remember: buy milk.", [""]),
        ("At 10: tea.", [""]),
        ("ANA: Hello.\nAnd on.", ["ANA"]),
    ],
)
def test_names_before_what_is_said(text: str, speakers: list[str]) -> None:
    found = parse_subtitles(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n")
    assert [one.speaker for one in found] == speakers
    assert not any(one.text.startswith(("ANA", "BEN", "[", "-")) for one in found)


def test_times_of_long_recordings() -> None:
    assert (clock(730.9), clock(360_000)) == ("00:12:10", "100:00:00")


def test_the_ending_of_a_name_says_how_to_write() -> None:
    one = Caption(1.0, 2.0, "Hello.", "Ana")
    assert subtitles_named("a.SRT", [one]) == "1\n00:00:01,000 --> 00:00:02,000\n[Ana]: Hello.\n"
    assert subtitles_named("a.vtt", [one]) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ana>Hello.\n"
    with pytest.raises(OptionError, match="neither SRT nor VTT"):
        subtitles_named("a.txt", [one])


words = st.text(st.sampled_from("abcXYZ 019.:,;-–>&<;[](){}#é日ا'\""), min_size=1, max_size=40)
names = st.text(st.sampled_from("Ana Bé9.&<]:>"), min_size=0, max_size=12)


@st.composite
def recordings(draw: st.DrawFn) -> list[Caption]:
    """Captions in order, some of them with a speaker."""
    at, found = 0, []
    for _ in range(draw(st.integers(1, 4))):
        start = at + draw(st.integers(1, 5_000_000))
        at = start + draw(st.integers(0, 90_000))
        text = " ".join(draw(words).split()) + draw(st.sampled_from([".", "?", " x", ""]))
        found.append(Caption(start / 1000, at / 1000, text.strip() or "x", draw(names)))
    return found


@settings(max_examples=300, deadline=None)
@given(recordings(), st.sampled_from([write_srt, write_vtt]))
def test_nothing_is_lost(captions: list[Caption], write: Callable[[list[Caption]], str]) -> None:
    plain = [replace(one, text=f"x {one.text}", speaker=name_of(one.speaker)) for one in captions]
    read = [(one.start_s, one.end_s, one.speaker, one.text) for one in parse_subtitles(write(plain))]
    assert read == [(one.start_s, one.end_s, one.speaker, one.text) for one in plain]


@settings(max_examples=60, deadline=None)
@given(recordings())
def test_what_is_written_is_read_again(captions: list[Caption]) -> None:
    """Reading takes names off the texts; from then on nothing is lost, in either format, however often."""
    for write in (write_srt, write_vtt):
        first = parse_transcript(write(captions))
        times = {(one.start_s, one.end_s) for one in first}
        assert times <= {(one.start_s, one.end_s) for one in captions}
        for again in (write_srt, write_vtt):
            kept = [(one.start_s, one.end_s, one.speaker, one.text) for one in parse_transcript(again(first))]
            assert kept == [(one.start_s, one.end_s, one.speaker, one.text) for one in first]
