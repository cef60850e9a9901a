"""SRT and WebVTT: captions with their times, read as people and programs write them, and written.

Timing lines lead, not blank ones: numbers, notes, styles and positions are left behind. What is no time is refused.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from catena.errors import DocumentError, OptionError
from catena.types import Page

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,:](\d{1,3})"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*--?>\s*{_CLOCK}(?:\s.*)?")
STARTS_SRT = re.compile(
    rb"\s*(?:\d{1,9}[ \t]*\r?\n)?[ \t]*(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}[ \t]*--?>[ \t]*\d"
)
STARTS_VTT = re.compile(rb"\s*WEBVTT(?:[ \t\r\n]|$)")
_ENDS_NAME, _MAX_NAME = re.compile(r"[\[\]:]"), 80
_ARROW, _CLOCKLIKE = "-->", re.compile(r"\d:\d")
_NUMBER = re.compile(r"\s*\d{1,9}\s*")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]*)>")
_VTT_TAG = re.compile(r"<[^<>]*>")
_SRT_TAG = re.compile(r"</?(?:[biusvcp]|br|em|strong|font|span|ruby|rt|lang)\b[^<>]*>|\{\\[^{}]*\}", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]{2,31});")
_LABEL = re.compile(
    r"(?:[-–—]\s*|>>\s*)?(?:\[([^\[\]:]{1,80})\]|([^\W\d_a-z][\w.'’-]{0,30}(?: [^\W_a-z][\w.'’-]{0,30}){0,3}))"
    r"\s?:\s+(?=\S)"
)


@dataclass(frozen=True, slots=True)
class Caption:
    """What was said from second `start_s` to `end_s`; `name` is what its file calls it ("cue 12")."""

    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    name: str = ""


def parse_subtitles(text: str) -> list[Caption]:
    """Read SRT or WebVTT, captions in the order of the file. Raises DocumentError for a time that is none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    is_vtt = bool(STARTS_VTT.match(lines[0].encode()))
    found = [one for cue in _cues(lines, is_vtt) for one in _voices(cue, is_vtt)]
    return list(_labelled(found))


def name_of(speaker: str) -> str:
    """A name as it is kept: on one line, without what would end it where it stands before what is said."""
    return " ".join(_ENDS_NAME.sub(" ", speaker).split())[:_MAX_NAME].strip()


def captions_of(pages: Iterable[Page]) -> Iterator[Caption]:
    """Give back the captions that pages were made of."""
    for page in pages:
        for cue in (cue for line in page.lines for cue in line.cues):
            yield Caption(cue.start_s, cue.end_s, page.text[cue.start : cue.end], cue.speaker)


def clock(seconds: float) -> str:
    """A time of a recording: 00:12:10."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def subtitles_named(name: str, captions: Iterable[Caption]) -> str:
    """Write captions as the ending of a file's name says. Raises OptionError for another than .srt and .vtt."""
    writers = {"srt": write_srt, "vtt": write_vtt}
    writer = writers.get(name.lower().rpartition(".")[2])
    if writer is None:
        raise OptionError(f"{name} is neither SRT nor VTT.", "Give a name that ends in .srt or .vtt.")
    return writer(captions)


def write_srt(captions: Iterable[Caption]) -> str:
    """Write captions as SRT, who speaks in brackets before what is said; read again they are the same."""
    cues = []
    for number, one in enumerate(captions, 1):
        said = _srt_text(f"[{one.speaker}]: {one.text}" if one.speaker else one.text)
        cues.append(f"{number}\n{_exact(one.start_s, ',')} --> {_exact(one.end_s, ',')}\n{said}\n")
    return "\n".join(cues)


def write_vtt(captions: Iterable[Caption]) -> str:
    """Write captions as WebVTT, who speaks as the voice; read again they are the same."""
    cues = ["WEBVTT\n"]
    for one in captions:
        said = html.escape(one.text, quote=False)
        said = f"<v {html.escape(one.speaker, quote=False)}>{said}" if one.speaker else said
        cues.append(f"{_exact(one.start_s, '.')} --> {_exact(one.end_s, '.')}\n{said}\n")
    return "\n".join(cues)


def _exact(seconds: float, mark: str) -> str:
    return f"{clock(seconds + 5e-4)}{mark}{round(seconds * 1000) % 1000:03}"


def _srt_text(text: str) -> str:
    """Escape what would be read as an entity, a tag or an arrow."""
    text = _ENTITY.sub(lambda match: f"&amp;{match[0][1:]}", text)
    return _SRT_TAG.sub(lambda match: f"&#{ord(match[0][0])};{match[0][1:]}", text).replace("->", "-&gt;")


def _cues(lines: list[str], is_vtt: bool) -> Iterator[Caption]:
    """One caption for each timing line; its text may have several lines."""
    times: tuple[float, float] | None = None
    name, number, body = "", 0, list[str]()
    is_over = is_vtt  # what stands before the first time, and in WebVTT behind a blank line, is no text
    for line in lines:
        timing = _TIMING.fullmatch(line) if "->" in line else None
        if timing:
            own = _taken_name(body)
            if times:
                yield Caption(*times, "\n".join(body).strip("\n"), name=name)
            number += 1
            name = f"cue {own or number}"
            times = _seconds(timing, 1), _seconds(timing, 5)
            body, is_over = [], False
        elif _ARROW in line and _CLOCKLIKE.search(line) and not (is_vtt and is_over):
            raise _no_time(line, number + 1)
        elif is_vtt and is_over:
            body += [line] if not times else []
        else:
            is_over = is_vtt and not line.strip()
            body.append(line)
    if times:
        yield Caption(*times, "\n".join(body).strip("\n"), name=name)


def _taken_name(body: list[str]) -> str:
    """Take the number that stands above a time off the text before it."""
    return body.pop().strip() if body and _NUMBER.fullmatch(body[-1]) else ""


def _seconds(timing: re.Match[str], group: int) -> float:
    hours, minutes, seconds, part = timing.group(group, group + 1, group + 2, group + 3)
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole * 1000 + int(part.ljust(3, "0"))) / 1000


def _no_time(line: str, number: int) -> DocumentError:
    return DocumentError(
        "damaged",
        f"The time of cue {number} cannot be read: {line.strip()[:80]!r}.",
        "Write it as 00:01:02,500 --> 00:01:04,000; or read the file as plain text: `--as text`.",
    )


def _voices(cue: Caption, is_vtt: bool) -> Iterator[Caption]:
    """A caption for each voice that its tags name, without tags."""
    parts = _VOICE.split(cue.text)
    for speaker, text in zip(["", *parts[1::2]], parts[::2], strict=True):
        said = _plain(text, is_vtt)
        if said.strip():
            yield replace(cue, text=said, speaker=name_of(_plain(speaker, is_vtt)))


def _plain(text: str, is_vtt: bool) -> str:
    text = (_VTT_TAG if is_vtt else _SRT_TAG).sub("", text)
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def _labelled(captions: list[Caption]) -> Iterator[Caption]:
    """Take names off the beginnings of lines: in brackets, in capitals, or used as a label twice or more often."""
    labels: dict[str, int] = {}
    for line in (line for one in captions if not one.speaker for line in one.text.split("\n")):
        if label := _LABEL.match(line):
            name = label[1] or label[2]
            labels[name] = labels.get(name, 0) + 1
    known = {name for name, times in labels.items() if times > 1 or (name.isupper() and len(name) > 1)}
    for one in captions:
        yield from _by_label(one, known)


def _by_label(caption: Caption, known: set[str]) -> Iterator[Caption]:
    speaker, lines = caption.speaker, list[str]()
    for line in caption.text.split("\n"):
        label = None if caption.speaker else _LABEL.match(line)
        if label and (label[1] or label[2] in known):
            if any(lines):
                yield replace(caption, text="\n".join(lines), speaker=speaker)
            speaker, lines = (label[1] or label[2]).strip(), [line[label.end() :]]
        else:
            lines.append(line)
    yield replace(caption, text="\n".join(lines), speaker=speaker)
