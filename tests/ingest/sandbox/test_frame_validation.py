"""What a parser sends is checked before anything is made of it."""

from __future__ import annotations

import pytest

from catena.ingest.frames import BadFrame, FrameDecoder, encode, page_frame
from catena.ingest.sandbox.frame_validation import check_page, page_of
from catena.types import Cue, Line, Page, PageRef

PAGE = Page(
    PageRef("d", 1), "Ana: Hello.", "", lines=(Line(0, 11, "text", cues=(Cue(5, 11, 1.5, 2.0, "Ana"),)),)
)


def test_cues_come_as_they_were_sent() -> None:
    ((header, body),) = FrameDecoder().feed(encode(*page_frame(PAGE)))
    check_page(header, body, 1)
    assert page_of(header, body, "d").lines == PAGE.lines


@pytest.mark.parametrize(
    "cue",
    [
        (5, 12, 1.5, 2.0, "Ana"),
        (6, 5, 1.5, 2.0, "Ana"),
        (5, 11, 2.0, 1.5, "Ana"),
        (5, 11, -1.0, 1.5, "Ana"),
        (5, 11, 1.5, float("inf"), "Ana"),
        (5, 11, 1.5, 2.0, None),
        (5, 11, 1.5, 2.0, "\ud800"),
        (5, 11, 1.5, 2.0, "x" * 1001),
        (5, 11, 1.5),
        "cue",
    ],
)
def test_a_cue_that_is_none_ends_it(cue: object) -> None:
    header, body = page_frame(PAGE)
    header["lines"] = [[0, 11, "text", [], False, [list(cue) if isinstance(cue, tuple) else cue]]]
    with pytest.raises(BadFrame):
        check_page(header, body, 1)
