"""Vertical writing: single Chinese or Japanese characters, each drawn on its own, chained into columns of text."""

from __future__ import annotations

from collections.abc import Sequence

from catena.ingest.pdf.page_words import framed, is_wide
from catena.ingest.pdf.word_runs import Glyphs, Run

MIN_CHARACTERS = 20
_TOUCH = 0.3  # in font sizes


def chained(glyphs: Glyphs) -> list[Run]:
    """The page's runs, with characters that stand one below the other joined."""
    singles = [
        run for run in glyphs.runs if len(run.texts) == 1 and len(run.texts[0]) == 1 and is_wide(run.texts[0])
    ]
    if len(singles) < max(MIN_CHARACTERS, len(glyphs.runs) / 2):
        return glyphs.runs
    level = [run for run in singles if run.turn == 0]
    if len(level) >= MIN_CHARACTERS and _stand_in_columns(level):
        for run in level:
            _set_upright(run, glyphs)
    taken = {id(run) for run in singles}
    return [run for run in glyphs.runs if id(run) not in taken] + _joined(singles)


def _stand_in_columns(runs: Sequence[Run]) -> bool:
    """Tell whether more of the characters touch the one below than the one to the right."""
    below = _num_touching([(run.x0 + run.x1, run.y0, run.y1, run.size) for run in runs])
    beside = _num_touching([(run.y0 + run.y1, run.x0, run.x1, run.size) for run in runs])
    return below > beside


def _num_touching(spots: list[tuple[float, float, float, float]]) -> int:
    """Number of (twice the middle across, start, end, size) that follow one another closely."""
    spots.sort(key=lambda spot: (round(spot[0] / 4), spot[1]))
    return sum(
        abs(before[0] - after[0]) < _TOUCH * after[3] and abs(after[1] - before[2]) < _TOUCH * after[3]
        for before, after in zip(spots, spots[1:], strict=False)
    )


def _set_upright(run: Run, glyphs: Glyphs) -> None:
    run.x0, run.y0, run.x1, run.y1 = framed(*run.boxes[0], 1, glyphs)
    run.first_x1, run.last_x0 = run.x1, run.x0
    run.turn, run.is_vertical = 1, True


def _joined(runs: list[Run]) -> list[Run]:
    """Chain characters that follow each other on one line of the frame."""
    chains: list[Run] = []
    for run in sorted(runs, key=lambda run: (run.turn, round(run.middle / 2), run.x0)):
        last = chains[-1] if chains else None
        if (
            last is not None
            and last.turn == run.turn
            and abs(last.middle - run.middle) < _TOUCH * run.size
            and -_TOUCH * run.size < run.x0 - last.x1 < 2 * _TOUCH * run.size
        ):
            last.texts += run.texts
            last.boxes += run.boxes
            last.last_x0 = run.last_x0
            last.x1, last.y0, last.y1 = run.x1, min(last.y0, run.y0), max(last.y1, run.y1)
        else:
            chains.append(run)
    return chains
