"""Transcripts of recordings, as pages of about 200 words: SRT, WebVTT, the JSON of Whisper, WhisperX and YouTube."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from catena.errors import DocumentError
from catena.ingest.formats.subtitles import STARTS_VTT, Caption, clock, name_of, parse_subtitles
from catena.ingest.formats.text_decoding import decode
from catena.ingest.pagination.blocks import Block, Book, clean
from catena.ingest.pagination.paged_book import count_words
from catena.types import Cue

_FEWEST, _MOST = 170, 240  # words of a page: it ends with a sentence, if one ends between these
_TURN, _LOOSE_TURN = (
    60,
    40,
)  # a paragraph this long ends: at a sentence, or anywhere where nothing marks sentences
_SILENCE_S = 4.0
_ROUNDING_S = 0.2  # what editors round away is no overlap
_ROLLS, _FEWEST_ROLLS, _ROLL_GAP_S, _MAX_ROLL = 0.3, 3, 0.3, 60
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)\]]*$")
_MAX_SECONDS = 10_000 * 3600.0


def read_transcript(path: Path) -> Book:
    """Read a transcript; each cue stays whole on a page. Raises DocumentError for times that cannot be."""
    decoded = decode(path.read_bytes())
    text = decoded.text.removeprefix("\ufeff")
    captions = parse_transcript(text)
    if not captions:
        raise DocumentError("no_text", f"{path.name} holds no cues.", "Check what is in it.")
    title = (
        clean(text.split("\n", 1)[0].removeprefix("WEBVTT").strip(" -\t\r"))
        if STARTS_VTT.match(text[:99].encode())
        else ""
    )
    return Book(title, list(_blocks(captions)), notes=decoded.notes, is_paged=True)


def parse_transcript(text: str) -> list[Caption]:
    """Captions of a transcript in order: on one line each, without those that say nothing, nothing said twice."""
    is_json = text.lstrip()[:1] in ("{", "[")
    captions = _of_json(text) if is_json else parse_subtitles(text)
    captions = [
        one
        for caption in captions
        if (one := replace(caption, text=clean(caption.text), speaker=name_of(clean(caption.speaker)))).text
    ]
    _check_ends(captions)
    is_rolling = _is_rolling(captions)
    _check_order(captions, may_overlap=is_json or is_rolling)
    return list(_spoken_on(_unrolled(captions) if is_rolling else captions))


def _of_json(text: str) -> list[Caption]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            "damaged", f"This JSON is damaged: {error}.", "Export the transcript again."
        ) from error
    if isinstance(data, dict) and isinstance(data.get("events"), list):
        found = [_event(number, one) for number, one in enumerate(data["events"], 1)]
    else:
        rows = data.get("segments") if isinstance(data, dict) else data
        found = [
            _segment(number, one) for number, one in enumerate(rows if isinstance(rows, list) else [], 1)
        ]
    return [one for one in found if one]


def _event(number: int, event: Any) -> Caption | None:
    """An event of YouTube's json3: its pieces side by side; one that only moves the window says nothing."""
    pieces = event.get("segs") if isinstance(event, dict) else None
    if not isinstance(pieces, list):
        return None
    text = "".join(str(one.get("utf8", "")) for one in pieces if isinstance(one, dict))
    start = _number(event.get("tStartMs"), number) / 1000
    return Caption(
        start, start + _number(event.get("dDurationMs", 0), number) / 1000, text, name=f"event {number}"
    )


def _segment(number: int, segment: Any) -> Caption | None:
    """A segment of Whisper or WhisperX, or a snippet with a duration, as they are taken off YouTube."""
    if not isinstance(segment, dict) or not isinstance(segment.get("text"), str):
        return None
    start = _number(segment.get("start"), number)
    end = segment["end"] if "end" in segment else start + _number(segment.get("duration", 0), number)
    speaker = segment.get("speaker")
    said = speaker if isinstance(speaker, str) else ""
    return Caption(
        round(start, 3), round(_number(end, number), 3), segment["text"], said, f"segment {number}"
    )


def _number(value: Any, number: int) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS * 1000:
        return float(value)
    raise _refused(f"The time of cue {number} is no number of seconds: {str(value)[:40]!r}.")


def _check_ends(captions: Iterable[Caption]) -> None:
    for one in captions:
        if one.end_s < one.start_s:
            raise _refused(f"{_named(one)} ends before it begins, at {clock(one.end_s)}.")


def _check_order(captions: list[Caption], *, may_overlap: bool) -> None:
    """Raise DocumentError for times that go back or overlap, but where two speak at once."""
    for before, one in pairwise(captions):
        if one.start_s < before.start_s:
            raise _refused(f"{_named(one)} stands behind {_named(before)}: the times are not in order.")
        is_one_cue = one.name == before.name and one.start_s == before.start_s
        is_crosstalk = bool(one.speaker and before.speaker) and one.speaker != before.speaker
        if one.start_s < before.end_s - _ROUNDING_S and not (may_overlap or is_one_cue or is_crosstalk):
            raise _refused(f"{_named(one)} begins before {_named(before)} ends, at {clock(before.end_s)}.")


def _named(caption: Caption) -> str:
    milliseconds = round(caption.start_s * 1000) % 1000
    return f"{caption.name.capitalize()} ({clock(caption.start_s)}.{milliseconds:03})"


def _refused(message: str) -> DocumentError:
    return DocumentError("damaged", message, "Mend the times, or read the file as plain text: `--as text`.")


def _spoken_on(captions: Iterable[Caption]) -> Iterator[Caption]:
    """Let who speaks speak on where a sentence does and nobody else is named."""
    before: Caption | None = None
    for one in captions:
        is_on = before and not one.speaker and not _SENTENCE_END.search(before.text)
        if is_on and before and one.start_s - before.end_s <= _SILENCE_S:
            one = replace(one, speaker=before.speaker)
        yield one
        before = one


def _is_rolling(captions: list[Caption]) -> bool:
    """Tell captions that roll: many repeat the end of the one before, and go on."""
    pairs = [(before, one) for before, one in pairwise(captions) if _meet(before, one)]
    rolls = sum(
        before.text != one.text and _num_repeated(before.text.split(), one.text.split()) > 1
        for before, one in pairs
    )
    return rolls >= _FEWEST_ROLLS and rolls >= _ROLLS * len(captions)


def _unrolled(captions: list[Caption]) -> Iterator[Caption]:
    """Leave out of each caption what the one before shows still; one that shows nothing new lengthens it."""
    shown: Caption | None = None
    kept: Caption | None = None
    for one in captions:
        words = one.text.split()
        repeated = _num_repeated(shown.text.split(), words) if shown and _meet(shown, one) else 0
        shown = one
        if kept and repeated == len(words):
            kept = replace(kept, end_s=max(kept.end_s, one.end_s))
            continue
        if kept:
            yield replace(kept, end_s=max(kept.start_s, min(kept.end_s, one.start_s)))
        kept = replace(one, text=" ".join(words[repeated:]))
    if kept:
        yield kept


def _meet(before: Caption, one: Caption) -> bool:
    return one.start_s - before.end_s <= _ROLL_GAP_S and one.speaker == before.speaker


def _num_repeated(before: list[str], words: list[str]) -> int:
    """How many words at the beginning are those at the end of what was shown before."""
    most = min(len(before), len(words), _MAX_ROLL)
    return next((size for size in range(most, 0, -1) if before[-size:] == words[:size]), 0)


def _blocks(captions: list[Caption]) -> Iterator[Block]:
    """Paragraphs, each under its time; the first of a page holds the page's times."""
    ends = sum(bool(_SENTENCE_END.search(one.text)) for one in captions)
    is_loose = ends * 10 < len(captions)
    for page in _pages(captions):
        label = f"{clock(page[0].start_s)}–{clock(page[-1].end_s)}"
        for paragraph, goes_on in _paragraphs(page, is_loose):
            yield Block("header", clock(paragraph[0].start_s), printed_page=label)
            yield _paragraph(paragraph, goes_on)
            label = ""


def _pages(captions: list[Caption]) -> Iterator[list[Caption]]:
    page, words = list[Caption](), 0
    for one in captions:
        own = count_words(one.text)
        if page and ((words >= _FEWEST and _SENTENCE_END.search(page[-1].text)) or words + own > _MOST):
            yield page
            page, words = [], 0
        page.append(one)
        words += own
    yield page


def _paragraphs(page: list[Caption], is_loose: bool) -> Iterator[tuple[list[Caption], bool]]:
    """Cut a page where the speaker changes, at a silence, or where it grows long; tell which go on with a sentence."""
    group, words, goes_on = [page[0]], count_words(page[0].text), False
    for before, one in pairwise(page):
        is_ended = bool(_SENTENCE_END.search(before.text))
        is_other = (
            one.speaker != before.speaker
            or one.start_s - before.end_s > _SILENCE_S
            or one.text.startswith(">>")
        )
        if is_other or (is_ended and words >= _TURN) or (is_loose and words >= _LOOSE_TURN):
            yield group, goes_on
            group, words, goes_on = [], 0, not is_ended and not is_other
        group.append(one)
        words += count_words(one.text)
    yield group, goes_on


def _paragraph(captions: list[Caption], goes_on: bool) -> Block:
    """The text of some captions, after the name of who speaks, and where in it each stands."""
    text = f"{captions[0].speaker}: " if captions[0].speaker and not goes_on else ""
    cues: list[Cue] = []
    for one in captions:
        said = one.text.removeprefix(">>").lstrip() or one.text
        text += " " if cues else ""
        cues.append(Cue(len(text), len(text) + len(said), one.start_s, one.end_s, one.speaker))
        text += said
    return Block("text", text, cues=tuple(cues))
