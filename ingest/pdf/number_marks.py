"""Marks of a figure that are printed apart: powers and marks above the line, indices below, signs before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from catena.ingest.pdf.word_runs import Run
from catena.ingest.raised import to_subscript, to_superscript

SMALL = 0.88  # of the size beside it; raised figures are set at 0.58 to 0.83
RISE = (0.2, 0.8)  # of the size beside them, from baseline to baseline; usual are 0.33 to 0.4
DROP = (0.1, 0.4)  # usual are 0.14 to 0.2
NEAR = 0.5  # in font sizes; further away it is another column's
_TOUCHING = 0.25  # in font sizes, with the side bearing
_MAX_CHARACTERS = 12
_MAX_CANDIDATES = 500  # on one page
_CELL = 6.0  # points
_SIGN = re.compile(r"[-–−+(]$")
_UNSIGNED = re.compile(r"[$€£¥]?\d[\d.,]*[)%]{0,2}$")
_OUTSIDE = re.compile(r"[\s\u0000-\u001f]")


def moved_words(line: dict[str, Any], main: dict[str, Any], words: list[Any]) -> list[Any]:
    """Write raised and lowered characters of a MuPDF line as such; `main` is the span with most of its text."""
    moves = [_move(span, main, line["dir"]) for span in line["spans"]]
    if not any(moves):
        return words
    marks = [move for span, move in zip(line["spans"], moves, strict=True) for move in _marks(span, move)]
    if len(marks) != sum(len(word[4]) for word in words):
        return words
    written, start, right = [], 0, None
    for word in words:
        x0, y0, x1, y1, text, *rest = word
        is_near = right is None or abs(x0 - right) < NEAR * main["size"]
        own = marks[start : start + len(text)]
        start, right = start + len(text), x1
        written.append((x0, y0, x1, y1, _moved(text, own, is_near), *rest) if any(own) else word)
    return written


def _move(span: dict[str, Any], main: dict[str, Any], direction: tuple[float, float]) -> int:
    """1 for a span above the line, -1 for one below."""
    size = main["size"]
    if span is main or span["size"] > SMALL * size:
        return 0
    x, y = span["origin"][0] - main["origin"][0], span["origin"][1] - main["origin"][1]
    rise = (x * direction[1] - y * direction[0]) / size
    return _side(rise)


def _side(rise: float) -> int:
    if RISE[0] <= rise <= RISE[1]:
        return 1
    return -1 if DROP[0] <= -rise <= DROP[1] else 0


def _marks(span: dict[str, Any], move: int) -> list[int]:
    return [move] * len(_OUTSIDE.sub("", span["text"]))


def _moved(text: str, marks: Sequence[int], is_near: bool) -> str:
    """Write each stretch of a word that is raised or lowered; what begins a word may be raised, not lowered."""
    written, start = "", 0
    for end in range(1, len(text) + 1):
        if end < len(text) and marks[end] == marks[start]:
            continue
        part = text[start:end]
        if len(part) > _MAX_CHARACTERS:
            written += part
        elif marks[start] > 0 and (start or is_near):
            written += to_superscript(part)
        else:
            written += to_subscript(part) if marks[start] < 0 and start else part
        start = end
    return written


def move_runs(runs: list[Run]) -> None:
    """Write runs of one raised or lowered figure, drawn by themselves, as such."""
    candidates = [run for run in runs if len(run.texts) == 1 and len(run.texts[0]) <= _MAX_CHARACTERS]
    candidates = [run for run in candidates if any(map(str.isalnum, run.texts[0]))][:_MAX_CANDIDATES]
    if len(candidates) in (0, len(runs)):
        return
    ends: defaultdict[int, list[Run]] = defaultdict(list)
    for run in runs:
        ends[int(run.x1 // _CELL)].append(run)
    for run in candidates:
        place = int(run.x0 // _CELL)
        for before in [other for cell in (place - 1, place, place + 1) for other in ends.get(cell, ())]:
            if (side := _side_of(run, before)) != 0:
                run.texts = [to_superscript(run.texts[0]) if side > 0 else to_subscript(run.texts[0])]
                break


def _side_of(run: Run, before: Run) -> int:
    """1 where a run stands above the end of `before` and touches it, -1 where below, else 0."""
    size = before.size
    if run.size > SMALL * size or before.turn != run.turn or before.is_rtl:
        return 0
    if not -_TOUCHING * size < run.x0 - before.x1 < _TOUCHING * size:
        return 0
    return _side((before.baseline - run.baseline) / size)


def join_signs(runs: Sequence[Run]) -> None:
    """Write a figure that stands by itself with the sign before it, "- 15", as one word."""
    for run in runs:
        if len(run.texts) == 2 and _SIGN.match(run.texts[0]) and _UNSIGNED.match(run.texts[1]):
            (x0, y0, _, _), (_, y2, x1, y3) = run.boxes
            run.texts = ["".join(run.texts)]
            run.boxes = [(min(x0, run.boxes[1][0]), min(y0, y2), x1, max(run.boxes[0][3], y3))]
            run.first_x1, run.last_x0 = run.x1, run.x0
