"""From a citation to the units of its source: pages of a file, or sections, passages, sentences of a text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from html import escape
from itertools import accumulate

from catena.benchmarks.datasets.benchmark_items import Source
from catena.errors import OptionError
from catena.ingest.pagination.blocks import clean
from catena.types import Citation, CitationPart, Page, Span


def as_html(source: Source) -> str:
    """Write a source of units as a web page, a line a paragraph, so that the library can read it."""
    lines = "".join(source.units).splitlines()
    paragraphs = "\n".join(f"<p>{escape(line)}</p>" for line in lines if line.strip())
    title = f"<title>{escape(source.name)}</title>"
    return f'<!doctype html>\n<html><head><meta charset="utf-8">{title}</head>\n<body>\n{paragraphs}\n</body></html>\n'


class Places:
    """Says which units a citation quotes.

    Texts are compared without white space, which is all that reading a page changes, so the mapping is exact;
    OptionError if it is not.
    """

    def __init__(self, source: Source, pages: Iterable[Page]) -> None:
        self._pages: dict[int, tuple[int, str]] | None = None
        if not source.units:
            return
        self._pages, length = {}, 0
        for page in pages:
            self._pages[page.ref.number] = length, page.text
            length += _length(page.text)
        sizes = [_length(clean(unit)) for unit in source.units]
        if sum(sizes) != length:
            raise OptionError(
                f"The library reads {length:,} characters of {source.name}, and the set has {sum(sizes):,}.",
                "Its citations cannot be placed; leave this document out.",
            )
        self._starts = [0, *accumulate(sizes)][:-1]

    def of(self, citation: Citation) -> frozenset[int]:
        """Numbers of the units, from 1."""
        return self.of_spans(citation.parts)

    def of_spans(self, spans: Iterable[Span | CitationPart]) -> frozenset[int]:
        """Numbers of the units in which text of a page stands, from 1."""
        return frozenset(unit for span in spans for unit in self._of_span(span))

    def _of_span(self, part: Span | CitationPart) -> range:
        if self._pages is None:
            return range(part.ref.number, part.ref.number + 1)
        before, text = self._pages[part.ref.number]
        first = before + _length(text[: part.start])
        last = first + _length(text[part.start : part.end]) - 1
        return range(bisect_right(self._starts, first), bisect_right(self._starts, max(first, last)) + 1)


def _length(text: str) -> int:
    return sum(map(len, text.split()))
