"""Charts read by geometry: which printed value belongs to which label, by where both stand and in what colour.

A value is read where it is printed at its bar, its point or its slice; no length is measured, and nothing is guessed:
what could belong to two labels belongs to none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from catena.ingest.figures.chart_canvas import Canvas, ChartWord, Colour, alike, alike_colours, usual

MIN_READ = 2  # values; one alone is no chart
MIN_TICKS = 3
REACH = 1.4  # in sizes of letters, from a value to the end of its bar or to its point
SWATCH = 3.2  # in sizes of letters, from the name in a legend to the far side of its colour
_MIN_GREY = 36  # of 255 between the channels: what has less is grey, as grids are


@dataclass(frozen=True, slots=True)
class ChartReading:
    """One value and what it is of: places of words. `series` is empty where there is one alone."""

    value: int
    category: tuple[int, ...]
    series: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a value stands at: its colour, and whether a bar goes on from there to the axis."""

    colour: Colour
    is_bar: bool


def read_chart(canvas: Canvas) -> list[ChartReading]:
    """The values of a chart, in the order of their labels; nothing where it does not read as one."""
    if sum(word.is_value for word in canvas.words) < MIN_READ:
        return []
    legend = _legend(canvas)
    turned = canvas.turned()
    upright, lying = _along(canvas, legend), _along(turned, legend)
    best = upright if len(upright) >= len(lying) else lying
    if len(best) < MIN_READ:
        best = _slices(canvas, legend)
    return best if len(best) >= MIN_READ else []


def _along(canvas: Canvas, legend: dict[int, Colour]) -> list[ChartReading]:
    """Read values that stand over a row of labels."""
    ticks = _tick_places(canvas.words)
    best: list[ChartReading] = []
    most = 0
    for row in _rows(canvas.words):
        names = [word for word in row if word.place not in legend and canvas.around(word) is None]
        if len(names) < MIN_READ:
            continue
        top = min(word.box[1] for word in names)
        own = {word.place for word in names}
        values = [
            word
            for word in canvas.words
            if word.is_value
            and word.place not in own | ticks | legend.keys()
            and word.box[3] <= top + 0.3 * word.size
        ]
        found = _over(names, values, canvas, legend, top)
        letters = sum(len(word.text) for word in names)
        if (len(found), letters) > (len(best), most):
            best, most = found, letters
    return best


def _rows(words: Sequence[ChartWord]) -> Iterator[list[ChartWord]]:
    """Words that stand in a row, by their tops, middles or feet; those lowest down first."""
    seen: set[frozenset[int]] = set()
    for edge in (1, 3, None):
        places = [(word.y if edge is None else word.box[edge], word) for word in words]
        places.sort(key=lambda pair: -pair[0])
        row: list[ChartWord] = []
        last = 0.0
        for at, word in [*places, (float("-inf"), None)]:
            if word is not None and row and last - at < 0.45 * word.size:
                row.append(word)
                continue
            key = frozenset(one.place for one in row)
            if len(row) >= MIN_READ and key not in seen:
                seen.add(key)
                yield sorted(row, key=lambda one: one.x)
            row, last = ([word], at) if word is not None else ([], at)


def _tick_places(words: Sequence[ChartWord]) -> set[int]:
    """The numbers of an axis: one above the other, at the side, as far apart as their values are."""
    found: set[int] = set()
    numbers = [(word, word.number) for word in words]
    valued = [(word, number) for word, number in numbers if number is not None]
    for edge in (0, 2, None):
        columns: defaultdict[int, list[tuple[ChartWord, float]]] = defaultdict(list)
        for word, number in valued:
            at = word.x if edge is None else word.box[edge]
            for shift in (0, 0.5):
                columns[2 * round(at / (0.7 * word.size) + shift) + bool(shift)].append((word, number))
        for column in columns.values():
            if _is_scale([(word.y, number) for word, number in column]):
                found |= {word.place for word, _ in column}
    return found


def _is_scale(points: Sequence[tuple[float, float]]) -> bool:
    """Tell whether values grow as evenly as the places where they stand."""
    if len(points) < MIN_TICKS or len({value for _, value in points}) < MIN_TICKS:
        return False
    at, values = np.array(points, np.float64).T
    slope, base = np.polyfit(at, values, 1)
    return bool(np.abs(slope * at + base - values).max() < 0.03 * np.ptp(values))


def _over(
    names: Sequence[ChartWord],
    values: Sequence[ChartWord],
    canvas: Canvas,
    legend: dict[int, Colour],
    floor: float,
) -> list[ChartReading]:
    """Give each value that stands at a mark to the label below it, and to the series of the mark's colour."""
    pitch = min(right.x - left.x for left, right in pairwise(names))
    if pitch < names[0].size:
        return []
    placed: list[tuple[ChartWord, ChartWord, _Mark]] = []
    for value in values:
        name = min(names, key=lambda one: abs(one.x - value.x))
        mark = _mark(value, canvas, floor) if abs(name.x - value.x) <= 0.5 * pitch else None
        if mark is not None:
            placed.append((name, value, mark))
    per_name = Counter(name.place for name, _, _ in placed)
    is_grouped = max(per_name.values(), default=0) > 1
    if not is_grouped and len({mark.is_bar for _, _, mark in placed}) > 1:
        placed = [one for one in placed if one[2].is_bar]
    readings = []
    for name, value, mark in sorted(placed, key=lambda one: (one[0].x, one[1].x, one[1].y)):
        series = _series_of(mark.colour, legend) if is_grouped or _has_one_colour(placed) else ()
        if is_grouped and not series:
            continue
        readings.append(ChartReading(value.place, _whole_name(name, names, canvas.words, pitch), series))
    return _certain(readings)


def _has_one_colour(placed: Iterable[tuple[ChartWord, ChartWord, _Mark]]) -> bool:
    colours = [mark.colour for _, _, mark in placed]
    return all(alike_colours(colours[0], colour) for colour in colours)


def _certain(readings: Sequence[ChartReading]) -> list[ChartReading]:
    """Without values that share their label and series with another."""
    times = Counter((one.category, one.series) for one in readings)
    return [one for one in readings if times[one.category, one.series] == 1]


def _whole_name(
    name: ChartWord, names: Sequence[ChartWord], words: Sequence[ChartWord], pitch: float
) -> tuple[int, ...]:
    """A label with the lines of it that stand below."""
    found, last = [name], name
    own = {one.place for one in names}
    for word in sorted(words, key=lambda one: one.box[1]):
        is_next = 0 <= word.box[1] - last.box[3] + 0.35 * last.size < 0.8 * last.size
        if is_next and abs(word.x - name.x) < 0.3 * pitch and word.place not in own and not word.is_value:
            found.append(word)
            last = word
    return tuple(word.place for word in found)


def _mark(value: ChartWord, canvas: Canvas, floor: float) -> _Mark | None:
    """What a value is printed at: the bar it stands on or at the end of, or the point beside it."""
    ground = canvas.around(value)
    if ground is not None:
        return _Mark(ground, True)
    near = [(found[1], found[0]) for down in (True, False) if (found := _next_mark(value, canvas, down=down))]
    if not near:
        return None
    near.sort(key=lambda one: one[0])
    if len(near) > 1 and near[1][0] < 1.5 * near[0][0] + 2 and not alike_colours(near[0][1], near[1][1]):
        return None  # it could be of the point above or below
    colour = near[0][1]
    return _Mark(colour, _is_bar(value, colour, canvas, floor))


def _next_mark(value: ChartWord, canvas: Canvas, *, down: bool) -> tuple[Colour, float] | None:
    """The colour of the next thing drawn below or above a value, and how far off it is."""
    x0, y0, x1, y1 = value.box
    half = 0.25 * min(x1 - x0, 2 * value.size)
    reach = REACH * value.size
    top, bottom = (y1, y1 + reach) if down else (y0 - reach, y0)
    drawn, colours = canvas.column(value.x - half, value.x + half, top, bottom)
    if not down:
        drawn, colours = drawn[::-1], colours[::-1]
    (rows,) = np.nonzero(drawn)
    while len(rows):
        start = int(rows[0])
        end = start
        while end < len(drawn) and drawn[end]:
            end += 1
        colour = tuple(int(part) for part in np.median(colours[start:end], axis=0))
        is_thick = end - start >= max(3, 0.25 * value.size) or end == len(drawn)
        if is_thick or max(colour) - min(colour) > _MIN_GREY:
            return (colour[0], colour[1], colour[2]), float(start)
        rows = rows[rows >= end]
    return None


def _is_bar(value: ChartWord, colour: Colour, canvas: Canvas, floor: float) -> bool:
    """Tell whether the mark's colour goes on from a value to the row of labels."""
    bottom = floor - 1.2 * value.size
    if bottom <= value.box[3]:
        return True
    quarter = 0.25 * min(value.box[2] - value.box[0], 2 * value.size)
    drawn, colours = canvas.column(value.x - quarter, value.x + quarter, value.box[3], bottom)
    if len(drawn) < 3:
        return True
    return bool((drawn & alike(colours, colour)).mean() > 0.6)


def _legend(canvas: Canvas) -> dict[int, Colour]:
    """Names with a patch of colour on their left; of numbers those whose patches are equally wide."""
    found = {word.place: swatch for word in canvas.words if (swatch := _swatch(word, canvas)) is not None}
    widths = [width for _, width in found.values()]
    numbers = {word.place for word in canvas.words if word.is_value}
    return {
        place: colour
        for place, (colour, width) in found.items()
        if place not in numbers or sum(abs(other - width) < 0.15 * width + 1 for other in widths) > 1
    }


def _swatch(word: ChartWord, canvas: Canvas) -> tuple[Colour, int] | None:
    """Colour and width of a patch on the left of a word that ends on all sides, not far off."""
    if canvas.around(word) is not None:
        return None
    size, row = word.size, min(max(round(word.y), 0), canvas.height - 1)
    left = max(0, round(word.box[0] - SWATCH * size))
    line = canvas.marks[row, left : max(left, round(word.box[0]) - 1)][::-1]
    (drawn,) = np.nonzero(line)
    if not len(drawn) or drawn[0] > 1.8 * size:
        return None
    start = int(drawn[0])
    rest = np.nonzero(~line[start:])[0]
    width = int(rest[0]) if len(rest) else 0
    if width < max(3, 0.4 * size):
        return None
    column = round(word.box[0]) - 2 - start - width // 2
    pixels = canvas.pixels[row, column - width // 4 : column + width // 4 + 1]
    colour = usual(pixels)
    is_patch = _stretch(canvas, row, column) < 1.6 * size and alike(pixels, colour).mean() > 0.8
    return (colour, width) if is_patch else None


def _stretch(canvas: Canvas, row: int, column: int) -> int:
    """How many pixels above and below one are drawn without a gap."""
    drawn = canvas.marks[:, column]
    below, above = np.nonzero(~drawn[row:])[0], np.nonzero(~drawn[row::-1])[0]
    return int(below[0] if len(below) else len(drawn)) + int(above[0] if len(above) else len(drawn))


def _series_of(colour: Colour, legend: dict[int, Colour]) -> tuple[int, ...]:
    """The name of a colour in the legend, if it has one alone."""
    named = [place for place, own in legend.items() if alike_colours(own, colour)]
    return (named[0],) if len(named) == 1 else ()


def _slices(canvas: Canvas, legend: dict[int, Colour]) -> list[ChartReading]:
    """Read a pie: a value on a slice belongs to the name in its colour, in a legend or at the slice's edge."""
    center = _center(canvas)
    values = {word.place: canvas.around(word) for word in canvas.words if word.is_value}
    if center is None:
        return []
    names = {place: colour for place, colour in legend.items() if place not in values}
    if len(names) < MIN_READ:
        names = {
            word.place: colour
            for word in canvas.words
            if word.place not in values and (colour := _slice_at(word, center, canvas)) is not None
        }
    readings = []
    for place, ground in values.items():
        owners = [name for name, own in names.items() if ground is not None and alike_colours(own, ground)]
        if len(owners) == 1:
            readings.append(ChartReading(place, (owners[0],)))
    return _certain(readings)


def _center(canvas: Canvas) -> tuple[float, float] | None:
    """The middle of what is drawn, where that is as wide as high and fills as much as a disc does."""
    drawn = canvas.marks
    rows, columns = np.nonzero(drawn.mean(axis=1) > 0.06)[0], np.nonzero(drawn.mean(axis=0) > 0.06)[0]
    if not len(rows) or not len(columns):
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    is_round = 0.8 < (right - left) / (bottom - top) < 1.25
    filled = float(drawn[top:bottom, left:right].mean())
    return ((left + right) / 2, (top + bottom) / 2) if is_round and 0.4 < filled < 0.85 else None


def _slice_at(word: ChartWord, center: tuple[float, float], canvas: Canvas) -> Colour | None:
    """The colour that is met first on the way from a name to the middle of the pie."""
    if canvas.around(word) is not None:
        return canvas.around(word)
    steps = np.linspace(0, 1, 200)
    xs = (word.x + steps * (center[0] - word.x)).astype(int).clip(0, canvas.width - 1)
    ys = (word.y + steps * (center[1] - word.y)).astype(int).clip(0, canvas.height - 1)
    (met,) = np.nonzero(canvas.marks[ys, xs])
    if len(met) < 20:
        return None
    inner = met[4:24]
    colours = canvas.pixels[ys[inner], xs[inner]]
    red, green, blue = (int(median(channel)) for channel in colours.T)
    return red, green, blue
