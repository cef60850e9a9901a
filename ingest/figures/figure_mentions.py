"""Who mentions a figure: found as pages go by, linked when all are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from catena.ingest.figures.figure_labels import FigureLabel, caption_label, mentioned
from catena.types import Figure, Page, Span

MAX_MENTIONS = 50  # of one figure
_MAX_KEPT = 20_000


class Mentions:
    """Where the pages of one document name figures."""

    def __init__(self) -> None:
        self._found: defaultdict[tuple[str, str], list[tuple[FigureLabel, Span]]] = defaultdict(list)
        self._num_kept = 0

    def learn(self, page: Page) -> None:
        """Note every label on a page, with its offsets."""
        for label in mentioned(page.text):
            if self._num_kept < _MAX_KEPT:
                self._num_kept += 1
                self._found[label.kind, label.number].append((label, Span(page.ref, label.start, label.end)))

    def linked(self, figures: Iterable[Figure]) -> list[Figure]:
        """The figures with the places that name each, its own caption left out."""
        return [replace(figure, mentions=tuple(self._of(figure))[:MAX_MENTIONS]) for figure in figures]

    def _of(self, figure: Figure) -> list[Span]:
        own = caption_label(figure.label) if figure.label else None
        if own is None:
            return []
        named = self._found.get((own.kind, own.number), [])
        return [span for label, span in named if label.names(own) and not _is_caption(span, figure)]


def _is_caption(span: Span, figure: Figure) -> bool:
    start, end = figure.caption_span or (0, 0)
    return span.ref == figure.ref and start <= span.start < end
