"""Overprint: what is printed twice counts once, as bold by printing again or a shadow, by word and by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catena.ingest.pdf.word_runs import Run
from catena.types import Box

MAX_SHIFT = 0.3  # in font sizes; shadows are shifted by 0.05 to 0.2
LEAST_WIDTH, LEAST_NARROW = 0.36, 0.18
"""Of the size: characters that are narrower, and those of `_NARROW`, stand on each other."""
_NARROW = frozenset("iljtfrI1.,:;'|!()[]-")
_SAME_WIDTH = 0.1  # in font sizes
_MAX_COPIES = 8  # of one word on one line that are compared


def without_overprint(runs: list[Run]) -> list[Run]:
    """Leave out words that stand on the same words, and runs that nothing is left of."""
    is_changed = False
    for run in runs:
        if len(run.texts) < 3 and any(map(_has_equal_halves, run.texts)):
            run.texts = [_once(text, box, run) for text, box in zip(run.texts, run.boxes, strict=True)]
    for line in _overlapping(runs):
        printed: dict[str, list[Box]] = {}
        for run in line:
            is_changed |= _drop_printed(run, printed)
    return [run for run in runs if run.texts] if is_changed else runs


def _has_equal_halves(text: str) -> bool:
    half = len(text) // 2
    return len(text) == 2 * half and text[:half] == text[half:]


def _once(text: str, box: Box, run: Run) -> str:
    """One half of a word of equal halves that has no room for both: MuPDF took the copy for the same word."""
    width = box[3] - box[1] if run.turn % 2 else box[2] - box[0]
    least = LEAST_NARROW if _NARROW.issuperset(text) else LEAST_WIDTH
    is_copy = _has_equal_halves(text) and width < least * run.size * len(text)
    return text[: len(text) // 2] if is_copy else text


def _overlapping(runs: list[Run]) -> Iterator[list[Run]]:
    """Runs near one baseline, as drawn, where some stand on others."""
    places = sorted(range(len(runs)), key=lambda index: (runs[index].turn, runs[index].middle))
    start = 0
    for end in range(1, len(places) + 1):
        if end < len(places):
            last, run = runs[places[end - 1]], runs[places[end]]
            if last.turn == run.turn and run.middle - last.middle < MAX_SHIFT * run.size:
                continue
        if end - start > 1 and _overlap([runs[index] for index in places[start:end]]):
            yield [runs[index] for index in sorted(places[start:end])]
        start = end


def _overlap(line: Sequence[Run]) -> bool:
    right = float("-inf")
    for run in sorted(line, key=lambda run: run.x0):
        if run.x0 < right - MAX_SHIFT * run.size:
            return True
        right = max(right, run.x1)
    return False


def _drop_printed(run: Run, printed: dict[str, list[Box]]) -> bool:
    """Drop the words of a run that were printed before; remember the others."""
    kept: list[int] = []
    for index, (text, box) in enumerate(zip(run.texts, run.boxes, strict=True)):
        copies = printed.setdefault(text, [])
        if any(_is_copy(box, other, run.size) for other in copies[-_MAX_COPIES:]):
            continue
        copies.append(box)
        kept.append(index)
    if len(kept) == len(run.texts):
        return False
    run.texts = [run.texts[index] for index in kept]
    run.boxes = [run.boxes[index] for index in kept]
    if kept and run.turn == 0:
        run.x0, run.x1 = min(box[0] for box in run.boxes), max(box[2] for box in run.boxes)
        first, last = (run.boxes[-1], run.boxes[0]) if run.is_rtl else (run.boxes[0], run.boxes[-1])
        run.first_x1, run.last_x0 = (last[2], first[0]) if run.is_rtl else (first[2], last[0])
    return True


def _is_copy(box: Box, other: Box, size: float) -> bool:
    """Tell whether two equal words stand on each other; of a narrow one half its width is enough to be beside it."""
    width, height = box[2] - box[0], box[3] - box[1]
    reach = MAX_SHIFT * size
    return (
        abs(box[0] - other[0]) < min(reach, 0.5 * width)
        and abs(box[1] - other[1]) < min(reach, 0.5 * height)
        and abs(width - (other[2] - other[0])) < _SAME_WIDTH * size
    )
