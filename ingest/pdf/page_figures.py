"""The figures of a page that is laid out: what they are called, their captions, and what is printed in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catena.ingest.figures.figure_labels import MAX_CAPTION, caption_label
from catena.ingest.figures.figure_regions import union
from catena.ingest.pdf.word_runs import FigurePlace, Glyphs, Run, is_inside
from catena.types import Box, Figure, FigureState, FigureText, Page, TextSource

MAX_TEXTS = 2_000  # of one figure


def figures_of(page: Page, glyphs: Glyphs) -> Iterator[Figure]:
    """Each figure of a page; `glyphs` is what the page was laid out from."""
    for place in glyphs.figures:
        texts = _texts_in(place.box, glyphs)
        is_unread = any(is_inside(*box, [place.box]) for box in glyphs.unread)
        state: FigureState = "read" if texts else "unread" if is_unread else "no text"
        label, caption, span = _caption(page, place)
        yield Figure(
            page.ref, place.box, label=label, caption=caption, caption_span=span, state=state, texts=texts
        )


def _texts_in(box: Box, glyphs: Glyphs) -> tuple[FigureText, ...]:
    source: TextSource = "ocr" if glyphs.is_ocr else "text"
    found = [*_inside(box, glyphs.runs, source), *_inside(box, glyphs.inset, "ocr")]
    return tuple(sorted(found, key=lambda one: (one.box[1], one.box[0])))[:MAX_TEXTS]


def _inside(box: Box, runs: Sequence[Run], source: TextSource) -> Iterator[FigureText]:
    for run in runs:
        own = union(run.boxes)
        if is_inside(*own, [box]):
            yield FigureText(run.text, own, source)


def _caption(page: Page, place: FigurePlace) -> tuple[str, str, tuple[int, int] | None]:
    """Label, text and offsets of the logical line that begins with the caption's first printed line."""
    label = caption_label(place.caption) if place.caption else None
    if label is None or place.caption_box is None:
        return "", "", None
    for line in page.lines:
        text = page.text[line.start : line.end]
        if not text.startswith(place.caption[:MAX_CAPTION]):
            continue
        first = next((word for word in page.words if word.start >= line.start), None)
        if first is not None and is_inside(*first.box, [place.caption_box]):
            return label.text, text, (line.start, line.end)
    return label.text, place.caption, None
