"""What is shown of a page at a quote."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catena.app.ui.framing import ABOVE, MIN_WIDTH, SIDE, cut, frame
from catena.types import Box, Line, Page, PageRef, Word

LETTER = (612.0, 792.0)


def page_of(*words: Box, lines: tuple[tuple[int, int], ...] = ()) -> Page:
    """A page with one letter in each box; lines by the numbers of their words."""
    found = tuple(Word(2 * place, 2 * place + 1, box) for place, box in enumerate(words))
    kept = tuple(Line(2 * first, 2 * last, "text") for first, last in lines)
    return Page(PageRef("a" * 64, 1), "x " * len(words), "1", found, kept, (), *LETTER)


def test_a_quote_is_shown_with_its_whole_paragraph_beside_and_lines_above_and_below() -> None:
    quote, rest = (100.0, 300.0, 200.0, 312.0), (72.0, 314.0, 540.0, 326.0)
    left, top, right, bottom = frame(page_of(quote, rest, lines=((0, 2),)), [quote])
    assert (left, right) == (72.0 - SIDE, 540.0 + SIDE)
    assert top <= 300.0 - ABOVE and bottom >= 312.0 + ABOVE


def test_another_column_is_left_out() -> None:
    quote, beside = (72.0, 300.0, 290.0, 312.0), (320.0, 300.0, 540.0, 312.0)
    _, _, right, _ = frame(page_of(quote, beside, lines=((0, 1), (1, 2))), [quote])
    assert right < LETTER[0] - 150


def test_two_words_are_not_blown_up() -> None:
    quote = (300.0, 300.0, 310.0, 312.0)
    left, _, right, _ = frame(page_of(quote, lines=((0, 1),)), [quote])
    assert right - left == MIN_WIDTH


coordinates = st.tuples(*(st.floats(0, side) for side in LETTER + LETTER))


@settings(deadline=None)
@given(st.lists(coordinates, min_size=1, max_size=4))
def test_the_frame_holds_every_box_and_stays_on_the_page(found: list[Box]) -> None:
    boxes = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in found]
    left, top, right, bottom = frame(page_of(*boxes), boxes)
    assert 0 <= left < right <= LETTER[0] and 0 <= top < bottom <= LETTER[1]
    assert all(left <= a and top <= b and c <= right and d <= bottom for a, b, c, d in boxes)


def test_a_part_is_cut_at_the_scale_of_the_picture() -> None:
    data = io.BytesIO()
    Image.new("RGB", (1224, 1584)).save(data, "PNG")
    part = Image.open(io.BytesIO(cut(data.getvalue(), (10.0, 20.0, 110.0, 70.0), page_of((0, 0, 1, 1)))))
    assert part.size == (200, 100)
