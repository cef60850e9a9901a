"""Runs of words -> printed lines: what stands on one baseline, in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catena.ingest.pdf.page_words import CELL_GAP
from catena.ingest.pdf.word_runs import Run


@dataclass(slots=True)
class PrintedLine:
    """Runs on one baseline, in reading order."""

    runs: list[Run]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    is_bold: bool
    is_rtl: bool = False

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def text(self) -> str:
        return " ".join(run.text for run in self.runs)


Region = list[PrintedLine]


def printed_lines(runs: Sequence[Run]) -> Region:
    """Cluster runs by baseline, top to bottom."""
    clusters: list[list[Run]] = []
    tallest: Run | None = None
    for run in sorted(runs, key=lambda run: run.y0 + run.y1):
        if tallest is not None and _shares_baseline(tallest, run):
            clusters[-1].append(run)
            if run.y1 - run.y0 > tallest.y1 - tallest.y0:
                tallest = run
        else:
            clusters.append([run])
            tallest = run
    return [_line(cluster) for cluster in clusters]


def _shares_baseline(tall: Run, run: Run) -> bool:
    """Also raised and lowered figures; a drop capital belongs to no line but the one at its middle."""
    height, other = tall.y1 - tall.y0, run.y1 - run.y0
    low, high = (height, other) if height < other else (other, height)
    reach = 0.65 * low if 1.25 * low < high < 2 * low else 0.35 * low
    return abs(tall.y0 + tall.y1 - run.y0 - run.y1) < 2 * reach


def _line(runs: list[Run]) -> PrintedLine:
    if len(runs) == 1:
        run = runs[0]
        return PrintedLine(runs, run.x0, run.y0, run.x1, run.y1, run.size, run.is_bold, run.is_rtl)
    is_rtl = reads_rtl(runs)
    runs = _right_to_left(runs) if is_rtl else sorted(runs, key=lambda run: run.x0)
    main = max(runs, key=lambda run: len(run.texts))
    return PrintedLine(
        runs,
        min([run.x0 for run in runs]),
        min([run.y0 for run in runs]),
        max([run.x1 for run in runs]),
        max([run.y1 for run in runs]),
        main.size,
        main.is_bold,
        is_rtl,
    )


def reads_rtl(runs: Sequence[Run]) -> bool:
    """Tell whether right-to-left words are the majority; figures do not vote."""
    num_rtl = sum([len(run.texts) for run in runs if run.is_rtl])
    if num_rtl == 0:
        return False
    num_ltr = sum(len(run.texts) for run in runs if not run.is_rtl and run.texts[0][0].isalpha())
    return num_rtl >= num_ltr


def _right_to_left(runs: list[Run]) -> list[Run]:
    """From the right, but figures and Latin words that stand together, as they stand, from the left."""
    ordered: list[Run] = []
    stretch: list[Run] = []
    for run in sorted(runs, key=lambda run: -run.x1):
        is_near = bool(stretch) and stretch[-1].x0 - run.x1 < CELL_GAP * run.size
        if run.is_rtl or not is_near:
            ordered += stretch[::-1]
            stretch = []
        if run.is_rtl:
            ordered.append(run)
        else:
            stretch.append(run)
    return ordered + stretch[::-1]
