"""A document's text as a KV-page server gets it, and the way back from offsets in that text to pages.

Passages are sent, not pages: they are in reading order, disjoint, and leave running heads out.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from catena.types import Page, PageHit, PageRef, Passage

BREAK = "\n"
PASSAGES_EACH = 4
"""Of a page: those that got the most attention."""
Share = tuple[int, int, float]
"""Start and end in the text, and the share of the attention."""


@dataclass(frozen=True)
class SentText:
    passages: Sequence[Passage]

    @cached_property
    def text(self) -> str:
        return BREAK.join(passage.text for passage in self.passages)

    @cached_property
    def digest(self) -> str:
        """Names the text: offsets in another one mean something else."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @cached_property
    def starts(self) -> Sequence[int]:
        return list(accumulate((len(one.text) + len(BREAK) for one in self.passages), initial=0))[:-1]

    def rows(self, pages: Iterable[Page]) -> list[tuple[int, int]]:
        """Start and end of the table rows."""
        lines = {page.ref: page.lines for page in pages}
        return [
            (start + max(line.start, one.start) - one.start, start + min(line.end, one.end) - one.start)
            for start, one in zip(self.starts, self.passages, strict=True)
            for line in lines.get(one.ref, ())
            if line.kind == "row" and line.start < one.end and one.start < line.end
        ]

    def hits(self, spans: Iterable[Share], usual: Iterable[Share], k: int) -> list[PageHit]:
        """The `k` best pages by the attention on spans of the text, less the usual, shared out by characters."""
        scores = [0.0] * len(self.passages)
        for start, end, share in (*spans, *((start, end, -share) for start, end, share in usual)):
            first = max(0, bisect.bisect_right(self.starts, start) - 1)
            for number in range(first, bisect.bisect_left(self.starts, end)):
                begin = self.starts[number]
                common = min(end, begin + len(self.passages[number].text)) - max(start, begin)
                scores[number] += share / (end - start) * max(0, common)
        return self._best(dict(enumerate(scores)), k)

    def _best(self, scores: Mapping[int, float], k: int) -> list[PageHit]:
        of_page: dict[PageRef, float] = {}
        looked: dict[PageRef, list[Passage]] = {}
        for number in sorted(scores, key=lambda number: -scores[number]):
            passage = self.passages[number]
            of_page[passage.ref] = of_page.get(passage.ref, 0.0) + scores[number]
            if scores[number] > 0:
                looked.setdefault(passage.ref, []).append(passage)
        best = sorted((ref for ref in of_page if of_page[ref] > 0), key=lambda ref: -of_page[ref])[:k]
        return [PageHit(ref, of_page[ref], "kv", tuple(looked[ref][:PASSAGES_EACH])) for ref in best]
