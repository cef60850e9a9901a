"""Charts in a page's text: behind the caption, first their titles, then a line for each value, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catena.ingest.figures.figure_regions import union
from catena.ingest.pdf.layout import regions
from catena.ingest.pdf.paragraphs import LogicalLine
from catena.ingest.pdf.table_lines import logical_lines
from catena.ingest.pdf.word_runs import FigurePlace, Glyphs, Run, is_inside


def without_charts(runs: Sequence[Run], glyphs: Glyphs) -> list[Run]:
    """The runs that stand in no chart that was read."""
    charts = [figure.box for figure in glyphs.figures if figure.rows]
    return [run for run in runs if not is_inside(*union(run.boxes), charts)] if charts else list(runs)


def with_charts(logical: Sequence[LogicalLine], glyphs: Glyphs, body_size: float) -> list[LogicalLine]:
    """The lines of a page with those of its charts, each behind its caption; at the end where it has none."""
    lines = list(logical)
    for figure in glyphs.figures:
        if figure.rows:
            at = _caption_place(figure, lines)
            lines[at:at] = _chart_lines(figure, body_size)
    return lines


def _caption_place(figure: FigurePlace, lines: Sequence[LogicalLine]) -> int:
    """The place behind a figure's caption."""
    for place, line in enumerate(lines):
        first = line.parts[0][0] if line.parts and line.parts[0] else None
        if first is None or figure.caption_box is None or not figure.caption.startswith(first.texts[0]):
            continue
        if is_inside(*first.boxes[0], [figure.caption_box]):
            return place + 1
    return len(lines)


def _chart_lines(figure: FigurePlace, body_size: float) -> Iterator[LogicalLine]:
    titles = [run for run in figure.rest if _is_title(run)]
    yield from _laid_out(titles, body_size)
    for row in figure.rows:
        value = row[-1]
        yield LogicalLine(
            "chart", [[run] for run in row], value.size, value.is_bold, row[0].x0, value.y0, value.y1
        )
    yield from _laid_out([run for run in figure.rest if run not in titles], body_size)


def _is_title(run: Run) -> bool:
    """Tell whether words name the chart or an axis: several, or some that run upwards."""
    return any(map(str.isalpha, run.text)) and (len(run.texts) > 1 or run.turn != 0)


def _laid_out(runs: Sequence[Run], body_size: float) -> Iterator[LogicalLine]:
    for region in regions(runs):
        yield from logical_lines(region, body_size)
