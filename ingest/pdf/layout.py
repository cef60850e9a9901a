"""Reading order: runs of words -> regions -> printed lines, columns one after the other, tables left whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, groupby
from statistics import median

from catena.ingest.pdf.text_lines import PrintedLine, Region, printed_lines, reads_rtl
from catena.ingest.pdf.word_runs import Run

MIN_COLUMN_LINES = 3
MAX_DEPTH = 6
NOTE_SIZE = 0.85
"""Of the size of the text beside it: type of a note in a margin."""
MAX_PASSING = 0.15
"""Share of runs, headings and such, that may pass between the text and its margin."""
_SAME_EDGE = 4.0  # points
_BIN = 3.0  # points; the resolution of the search for gutters
_NUMERIC = re.compile(r"[\d$€£¥%()—–\-.,/:*†]+$")
_BULLET = re.compile(r"[•▪◦‣●○■□–\-*➢✓→»]$")


def regions(runs: Sequence[Run]) -> Iterator[Region]:
    """Yield the page's regions in reading order; text of the main direction first."""
    turns = [
        list(group) for _, group in groupby(sorted(runs, key=lambda run: run.turn), key=lambda run: run.turn)
    ]
    for group in sorted(turns, key=lambda group: -sum(len(run.texts) for run in group)):
        is_rtl = reads_rtl(group)
        for region in _segment(group, is_rtl, 0):
            yield printed_lines(region)


def _segment(runs: list[Run], is_rtl: bool, depth: int) -> Iterator[list[Run]]:
    """Recursive XY-cut that cuts at a gutter only where both sides read as columns."""
    best = _best_cut(runs) if len(runs) >= 2 * MIN_COLUMN_LINES and depth < MAX_DEPTH else None
    if best is None:
        yield runs
        return
    gutter, bands = best
    for is_columns, band in bands:
        if is_columns:
            left = [run for run in band if run.x1 + run.x0 <= 2 * gutter]
            right = [run for run in band if run.x1 + run.x0 > 2 * gutter]
            for side in (right, left) if is_rtl else (left, right):
                yield from _segment(side, is_rtl, depth + 1)
        elif len(band) < len(runs):
            yield from _segment(band, is_rtl, depth + 1)
        else:
            yield band


def _best_cut(runs: list[Run]) -> tuple[float, list[tuple[bool, list[Run]]]] | None:
    """The gutter that puts most of the text in columns, and the bands it cuts the region into."""
    top, bottom = min(run.y0 for run in runs), max(run.y1 for run in runs)
    middle = (top + bottom) / 2
    gutters: list[float] = []
    for part in (
        runs,
        [run for run in runs if run.middle < middle],
        [run for run in runs if run.middle >= middle],
    ):
        if len(part) >= 2 * MIN_COLUMN_LINES:
            gutters += [x for x in _gutters(part) if all(abs(x - other) > 2 * _BIN for other in gutters)]
    best: tuple[float, list[tuple[bool, list[Run]]]] | None = None
    most = 0
    for gutter in gutters:
        bands = _bands(runs, gutter)
        size = sum(len(run.texts) for is_columns, band in bands if is_columns for run in band)
        if size > 1.1 * most:
            best, most = (gutter, bands), size
    return best


def _gutters(runs: list[Run]) -> list[float]:
    """Gutters, where few runs pass: the middle of each valley in the horizontal profile, the best first."""
    left = min([run.x0 for run in runs])
    right = max([run.x1 for run in runs])
    num_bins = int((right - left) / _BIN) + 2
    steps = [0] * (num_bins + 1)
    for run in runs:
        steps[int((run.x0 - left) / _BIN)] += 1
        steps[int((run.x1 - left) / _BIN) + 1] -= 1
    profile = list(accumulate(steps[:-1]))
    limit = max(profile) * 0.4
    valleys: list[tuple[float, float]] = []
    index, first, last = 0, num_bins // 12, num_bins - num_bins // 12
    while index < num_bins:
        if profile[index] > limit:
            index += 1
            continue
        end = index
        while end < num_bins and profile[end] <= limit:
            end += 1
        if index >= first and end <= last:
            valleys.append(_floor(profile, index, end))
        elif max(index, first) < min(end, last):
            valley = _floor(profile, max(index, first), min(end, last))
            if _has_notes(runs, left + valley[1] * _BIN):
                valleys.append(valley)
        index = end
    valleys.sort()
    return [left + x * _BIN for _, x in valleys[:4]]


def _has_notes(runs: list[Run], gutter: float) -> bool:
    """Tell whether the less that stands beside a gutter is in smaller type, as notes in a margin are."""
    sides = [run for run in runs if run.x1 <= gutter], [run for run in runs if run.x0 >= gutter]
    notes, body = sorted(sides, key=len)
    is_empty = len(notes) + len(body) > (1 - MAX_PASSING) * len(runs)
    return len(notes) >= MIN_COLUMN_LINES and is_empty and _is_smaller(notes, body)


def _is_smaller(notes: Sequence[Run] | Region, body: Sequence[Run] | Region) -> bool:
    return median(run.size for run in notes) < NOTE_SIZE * median(run.size for run in body)


def _floor(profile: list[int], start: int, end: int) -> tuple[float, float]:
    """The lowest stretch of a valley: (how good, where its middle is)."""
    lowest = min(profile[start:end])
    stretches = [
        [position for position, _ in group]
        for is_low, group in groupby(enumerate(profile[start:end], start), key=lambda item: item[1] == lowest)
        if is_low
    ]
    widest = max(stretches, key=len)
    middle = (widest[0] + widest[-1] + 1) / 2
    return lowest - 0.1 * min(len(widest), 9) + abs(middle / len(profile) - 0.5), middle


def _bands(runs: list[Run], gutter: float) -> list[tuple[bool, list[Run]]]:
    """Cut from top to bottom where runs pass the gutter or all is white; say which bands are columns."""
    runs = sorted(runs, key=lambda run: run.y0 + run.y1)
    white = _usual_white(runs)
    pieces: list[tuple[str, list[Run]]] = []
    bottom = 0.0
    for run in runs:
        passes = run.x0 < gutter - 1 and run.x1 > gutter + 1
        kind = "full" if passes else "split"
        if (
            pieces
            and pieces[-1][0] == kind
            and (passes or run.y0 - bottom < 0.6 * run.size or run.y0 - bottom < 1.3 * white)
        ):
            pieces[-1][1].append(run)
        else:
            pieces.append((kind, [run]))
        if run.y1 > bottom:
            bottom = run.y1
    judged = [(_judge(piece, gutter) if kind == "split" else "full", piece) for kind, piece in pieces]
    return _merged(_settled(_with_footnotes(judged, gutter)))


def _with_footnotes(pieces: list[tuple[str, list[Run]]], gutter: float) -> list[tuple[str, list[Run]]]:
    """Smaller type at the foot of columns that begins where they begin is each column's own, not a table."""
    if len(pieces) < 2 or pieces[-1][0] != "table":
        return pieces
    columns = [run for kind, piece in pieces if kind == "columns" for run in piece]
    foot = pieces[-1][1]
    if not columns or not _is_smaller(foot, columns):
        return pieces
    for is_left in (True, False):
        upper = [run.x0 for run in columns if (run.x0 + run.x1 <= 2 * gutter) == is_left]
        lower = [run.x0 for run in foot if (run.x0 + run.x1 <= 2 * gutter) == is_left]
        if not upper or not lower or any(abs(x - min(upper)) > _SAME_EDGE for x in lower):
            return pieces
    return [*pieces[:-1], ("columns", foot)]


def _usual_white(runs: list[Run]) -> float:
    """The white between printed lines where most lines have some across the whole width, else 0."""
    gaps: list[float] = []
    bottom = runs[0].y1
    for run in runs:
        if run.y0 > bottom:
            gaps.append(run.y0 - bottom)
        if run.y1 > bottom:
            bottom = run.y1
    return median(gaps) if 4 * len(gaps) > len(runs) else 0.0


def _settled(pieces: list[tuple[str, list[Run]]]) -> list[tuple[str, list[Run]]]:
    """Pieces too small to judge go with their neighbours: with columns where those are nearer."""
    settled = list(pieces)
    for index, (kind, piece) in enumerate(pieces):
        if kind != "small":
            continue
        before = next((k for k, _ in reversed(settled[:index])), "full")
        after = next((k for k, _ in pieces[index + 1 :] if k != "small"), "full")
        settled[index] = ("columns" if "columns" in (before, after) else "full", piece)
    return settled


def _merged(pieces: list[tuple[str, list[Run]]]) -> list[tuple[bool, list[Run]]]:
    bands: list[tuple[bool, list[Run]]] = []
    for is_columns, group in groupby(pieces, key=lambda piece: piece[0] == "columns"):
        bands.append((is_columns, [run for _, piece in group for run in piece]))
    return bands


def _judge(runs: list[Run], gutter: float) -> str:
    """Say whether the two sides of the gutter are "columns", a "table", or too "small" to tell."""
    left = printed_lines([run for run in runs if run.x0 + run.x1 <= 2 * gutter])
    right = printed_lines([run for run in runs if run.x0 + run.x1 > 2 * gutter])
    fewer = min(len(left), len(right))
    if fewer == 0 or len(left) + len(right) < MIN_COLUMN_LINES:
        return "small"
    if _num_bullets(left) >= 2 and _num_bullets(right) >= 2:
        return "columns"
    if max(_numeric_share(left), _numeric_share(right)) > 0.45:
        return "table"
    if _is_prose(left) and _is_prose(right):
        return "columns" if fewer >= 2 else "small"
    if left[0].runs[0].is_vertical and fewer >= MIN_COLUMN_LINES:
        return "columns"  # tiers of vertical writing stand on the same lines
    is_aligned = _aligned_share(left, right) >= 0.5
    if not is_aligned and (_is_smaller(left, right) or _is_smaller(right, left)):
        return "columns"  # notes in a margin
    if fewer < MIN_COLUMN_LINES:
        return "table" if is_aligned else "small"
    return "table" if is_aligned or min(_width_in_ems(left), _width_in_ems(right)) < 9 else "columns"


def _num_bullets(lines: Region) -> int:
    return sum(1 for line in lines if _BULLET.match(line.runs[0].texts[0]))


def _numeric_share(lines: Region) -> float:
    words = list(chain.from_iterable([run.texts for line in lines for run in line.runs]))
    return sum(map(bool, map(_NUMERIC.match, words))) / len(words)


def _is_prose(lines: Region) -> bool:
    """Long lines that fill their column, one run each."""
    width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
    typical = median(line.x1 - line.x0 for line in lines)
    num_broken = sum(1 for line in lines if _widest_gap(line) > 1.5 * line.size)
    return (
        typical > 0.55 * width
        and typical > 11 * median(line.size for line in lines)
        and num_broken < 0.3 * len(lines)
    )


def _width_in_ems(lines: Region) -> float:
    return median((line.x1 - line.x0) / max(line.size, 1.0) for line in lines)


def _widest_gap(line: PrintedLine) -> float:
    runs = line.runs
    if len(runs) < 2:
        return 0.0
    if line.is_rtl:
        return max(a.x0 - b.x1 for a, b in zip(runs, runs[1:], strict=False))
    return max(b.x0 - a.x1 for a, b in zip(runs, runs[1:], strict=False))


def _aligned_share(left: Region, right: Region) -> float:
    """Share of the shorter side's lines that stand on a baseline of the other."""
    shorter, longer = (left, right) if len(left) <= len(right) else (right, left)
    middles = [line.middle for line in longer]
    num_aligned = sum(1 for line in shorter if any(abs(line.middle - m) < 0.2 * line.size for m in middles))
    return num_aligned / len(shorter)
