"""Where a page draws something, and what is no figure."""

from itertools import pairwise

import pytest

from catena.ingest.figures.connected_boxes import connected
from catena.ingest.figures.figure_regions import Drawn, Region, Shape, TextLine, find_regions
from catena.types import Box

BLUE = 0x4477AA


def line(text: str, x: float, y: float, width: float) -> TextLine:
    return TextLine(text, (x, y, x + width, y + 10), len(text.split()))


def bars(left: float, floor: float, heights: tuple[float, ...] = (90, 40, 70)) -> list[Shape]:
    return [
        Shape((left + 30 * place, floor - height, left + 30 * place + 20, floor), True, BLUE)
        for place, height in enumerate(heights)
    ]


def found(
    shapes: list[Shape], lines: list[TextLine] | None = None, pictures: list[Box] | None = None
) -> list[Region]:
    return find_regions(Drawn(400, 600, shapes, pictures or [], lines or []))


def test_bars_are_a_figure_with_the_words_around_them() -> None:
    words = [line("Krems", 95, 305, 20), line("Rain days", 110, 198, 50)]
    (region,) = found(bars(100, 300), words)
    assert region.box == (95, 198, 180, 315)


def test_a_caption_goes_to_the_figure_it_stands_at() -> None:
    captions = [line("Figure 1: Left", 100, 310, 70), line("Figure 2: Right", 250, 310, 70)]
    first, second = found([*bars(100, 300), *bars(250, 300)], captions)
    assert [one.caption.text for one in (first, second) if one.caption] == [one.text for one in captions]


def test_a_caption_stands_above_or_beside_too() -> None:
    above = found(bars(100, 300), [line("Figure 1: Rain", 100, 190, 70)])
    beside = found(bars(100, 300), [line("Figure 1: Rain", 190, 250, 70)])
    assert all(region.caption for region in (*above, *beside))


def test_prose_between_keeps_a_caption_away() -> None:
    prose = [line("The words of a text go on for a line", 100, 304 + 12 * row, 150) for row in range(3)]
    (region,) = found(bars(100, 300), [*prose, line("Figure 1: Rain", 100, 345, 70)])
    assert region.caption is None


def test_panels_of_one_caption_are_one_figure() -> None:
    (region,) = found([*bars(60, 300), *bars(180, 300)], [line("Figure 1: Both", 60, 310, 210)])
    assert region.box == (60, 210, 260, 300)


def table(rows: int = 6) -> list[Shape]:
    """Ruled, with every other row shaded."""
    rules = [Shape((60, 100 + 20 * row, 340, 100.5 + 20 * row), True, 0) for row in range(rows + 1)]
    cells = [
        Shape((60 + 140 * column, 100 + 20 * row, 200 + 140 * column, 120 + 20 * row), True, 0xCCEEFF)
        for row in range(0, rows, 2)
        for column in range(2)
    ]
    return [*rules, *cells]


def shaded() -> list[Shape]:
    """Rows of one colour whose cells are cut at other places, and end in a sliver or not, as filings print them."""
    edges = [(60, 200, 336, 338), (60, 200, 338), (60, 200, 205, 336, 338)] * 2
    colors = [0xCCEEFF, 0xFFFFFF]
    return [
        Shape((left, 100 + 12 * row, right, 112 + 12 * row), True, colors[row % 2])
        for row, cut in enumerate(edges)
        for left, right in pairwise(cut)
    ]


@pytest.mark.parametrize(
    "shapes",
    [
        table(),
        shaded(),
        [Shape((0, 0, 400, 600), True, BLUE)],
        [Shape((60, 100, 340, 100.5), True, 0)],
        [Shape((380, 10, 396, 26), False, BLUE)] * 5,
        [Shape((60, 100, 340, 300), True, 0xFFFFFF)],
        [Shape((60, 100, 340, 300), True, 0xEEDDCC)],
    ],
    ids=["table", "shaded", "ground", "rule", "logo", "white", "box"],
)
def test_tables_rules_grounds_and_ornaments_are_none(shapes: list[Shape]) -> None:
    assert found(shapes) == []


def test_a_table_with_its_caption_is_none_but_a_picture_of_one_is() -> None:
    caption = [line("Table 1: Rain", 60, 84, 70)]
    assert found(bars(100, 300), [line("Table 1: Rain", 100, 310, 70)])[0].caption is None
    assert found(table(), caption) == []
    assert found([], caption, [(60, 100, 340, 300)])[0].caption is not None


def test_pictures_are_figures_unless_small_or_the_page_itself() -> None:
    words = [line("words of a page that was scanned", 50, 100 + 12 * row, 200) for row in range(9)]
    assert [one.has_picture for one in found([], [], [(60, 100, 340, 300)])] == [True]
    assert found([], [], [(300, 5, 380, 40)]) == found([], words, [(10, 10, 390, 480)]) == []


def test_boxes_that_nearly_touch_are_connected() -> None:
    assert connected([(0, 0, 10, 10), (14, 0, 20, 10), (100, 0, 110, 10), (5, 5, 8, 300)]) == [[0, 1, 3], [2]]
