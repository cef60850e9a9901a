"""Which value of a chart belongs to which label, by geometry and colour; what is not certain is not read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catena.ingest.figures.chart_canvas import Canvas, ChartWord
from catena.ingest.figures.chart_reading import read_chart
from catena.ingest.pdf.pdf_reader import PdfReading
from catena.types import Page
from tests.ingest.charts import bars, captioned
from tests.ingest.printing import save_pdf

BLUE, RED, GREEN = (60, 110, 180), (220, 60, 50), (60, 160, 70)
Filled = tuple[int, int, int, int, tuple[int, int, int]]
Placed = tuple[str, float, float]


def read(fills: list[Filled], words: list[Placed]) -> list[tuple[str, ...]]:
    """Series, label and value of what is read of filled boxes and words around their middles."""
    pixels = np.full((300, 400, 3), 255, np.int16)
    for x0, y0, x1, y1, colour in fills:
        pixels[y0:y1, x0:x1] = colour
    placed = [
        ChartWord(text, (x - 4 * len(text), y - 6, x + 4 * len(text), y + 6), 12, place)
        for place, (text, x, y) in enumerate(words)
    ]
    found = read_chart(Canvas(pixels, placed))
    return [tuple(words[place][0] for place in (*one.series, *one.category, one.value)) for one in found]


def upright(heights: tuple[int, ...] = (120, 60, 90), colour: Any = BLUE) -> list[Filled]:
    return [(60 + 100 * n, 250 - height, 100 + 100 * n, 250, colour) for n, height in enumerate(heights)]


NAMES: list[Placed] = [("Krems", 80, 266), ("Horn", 180, 266), ("Melk", 280, 266)]
VALUES: list[Placed] = [("70", 80, 120), ("52", 180, 180), ("61", 280, 150)]


def test_values_over_bars_belong_to_the_labels_below() -> None:
    assert read(upright(), [*NAMES, *VALUES]) == [("Krems", "70"), ("Horn", "52"), ("Melk", "61")]


def test_two_labels_exchanged_exchange_the_values() -> None:
    exchanged = [("Horn", 80, 266), ("Krems", 180, 266), NAMES[2]]
    assert read(upright(), [*exchanged, *VALUES])[:2] == [("Horn", "70"), ("Krems", "52")]


def test_a_value_that_is_gone_is_not_taken_from_a_neighbour() -> None:
    assert read(upright(), [*NAMES, *VALUES[1:]]) == [("Horn", "52"), ("Melk", "61")]


def test_numbers_of_the_axis_are_no_values() -> None:
    ticks: list[Placed] = [(str(value), 30, 250 - 1.5 * value) for value in (0, 20, 40, 60, 80)]
    assert len(read(upright(), [*NAMES, *VALUES, *ticks])) == 3
    assert read(upright(), [*NAMES, *ticks]) == []


def test_numbers_away_from_any_mark_are_no_values() -> None:
    assert read(upright(), [*NAMES, *[(text, x, 40) for text, x, _ in VALUES]]) == []
    assert read([], [*NAMES, *VALUES]) == []


def test_lying_bars_are_read_from_the_left() -> None:
    fills: list[Filled] = [
        (80, 50 + 70 * n, 80 + length, 90 + 70 * n, BLUE) for n, length in enumerate((200, 90, 140))
    ]
    words: list[Placed] = [("Krems", 50, 70), ("Horn", 54, 140), ("Melk", 54, 210)]
    values: list[Placed] = [("70", 294, 70), ("52", 184, 140), ("61", 234, 210)]
    assert sorted(read(fills, [*words, *values])) == [("Horn", "52"), ("Krems", "70"), ("Melk", "61")]


def grouped(names: list[Placed]) -> list[tuple[str, ...]]:
    fills: list[Filled] = []
    for n, (left, right) in enumerate(((120, 80), (60, 100))):
        fills += [
            (60 + 150 * n, 250 - left, 100 + 150 * n, 250, BLUE),
            (100 + 150 * n, 250 - right, 140 + 150 * n, 250, RED),
        ]
    fills += [(310, 20, 330, 32, BLUE), (310, 50, 330, 62, RED)]
    words: list[Placed] = [("Krems", 100, 266), ("Horn", 250, 266)]
    values: list[Placed] = [("70", 80, 120), ("48", 120, 160), ("36", 230, 180), ("59", 270, 140)]
    return read(fills, [*words, *values, *names])


def test_grouped_bars_are_named_by_the_legend() -> None:
    found = grouped([("2018", 352, 26), ("2019", 352, 56)])
    assert found == [
        ("2018", "Krems", "70"),
        ("2019", "Krems", "48"),
        ("2018", "Horn", "36"),
        ("2019", "Horn", "59"),
    ]


def test_grouped_bars_without_a_legend_are_not_guessed() -> None:
    assert grouped([]) == []


def test_values_inside_stacked_bars_belong_to_their_colour() -> None:
    fills: list[Filled] = []
    for n in range(2):
        fills += [(80 + 120 * n, 150, 130 + 120 * n, 250, BLUE), (80 + 120 * n, 80, 130 + 120 * n, 150, RED)]
    fills += [(310, 20, 330, 32, BLUE), (310, 50, 330, 62, RED)]
    words: list[Placed] = [("Krems", 105, 266), ("Horn", 225, 266), ("rain", 352, 26), ("snow", 352, 56)]
    values: list[Placed] = [("40", 105, 200), ("30", 105, 115), ("41", 225, 200), ("31", 225, 115)]
    found = read(fills, [*words, *values])
    assert ("rain", "Krems", "40") in found and ("snow", "Horn", "31") in found and len(found) == 4


def test_slices_are_named_by_the_labels_at_their_edge() -> None:
    pixels = np.full((300, 400, 3), 255, np.int16)
    ys, xs = np.mgrid[:300, :400]
    disc = (xs - 200) ** 2 + (ys - 150) ** 2 < 90**2
    pixels[disc & (xs >= 200)], pixels[disc & (xs < 200)] = BLUE, GREEN
    words = [("Oak", 320, 150), ("Beech", 75, 150), ("60%", 240, 150), ("40%", 160, 150)]
    placed = [
        ChartWord(text, (x - 4 * len(text), y - 6, x + 4 * len(text), y + 6), 12, place)
        for place, (text, x, y) in enumerate(words)
    ]
    found = read_chart(Canvas(pixels, placed))
    assert [(words[one.category[0]][0], words[one.value][0]) for one in found] == [
        ("Oak", "60%"),
        ("Beech", "40%"),
    ]


def charted(path: Path, **changes: Any) -> Page:
    draw = partial(captioned, draw=partial(bars, **changes))
    (page,) = PdfReading(save_pdf(path, draw)).pages("d")
    return page


def values(page: Page) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines if line.kind == "chart"]


def test_a_chart_of_a_pdf_becomes_lines_behind_its_caption(tmp_path: Path) -> None:
    page = charted(tmp_path / "a.pdf")
    assert values(page) == ["Krems 70", "Horn 52", "Melk 61"]
    lines = [page.text[line.start : line.end] for line in page.lines]
    assert lines[lines.index("Krems 70") - 1].startswith("Figure 2: ")
    label, value = (
        next(word.box for word in page.words if page.text[word.start : word.end] == one)
        for one in ("Krems", "70")
    )
    assert value[3] < label[1] and abs(value[0] + value[2] - label[0] - label[2]) < 20


@pytest.mark.parametrize("names", [("Horn", "Krems", "Melk"), ("Melk", "Horn", "Krems")])
def test_exchanged_labels_are_read_as_they_stand(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert values(charted(tmp_path / "a.pdf", names=names))[0] == f"{names[0]} 70"


def test_a_blanked_value_is_read_nowhere(tmp_path: Path) -> None:
    assert values(charted(tmp_path / "a.pdf", values=("", 52, 61))) == ["Horn 52", "Melk 61"]
