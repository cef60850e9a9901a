"""Documents that tell a story: who is in them, and whom the names and pronouns of a page mean."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence

from catena.agents.document_view import DocumentView
from catena.agents.extractive.coreference import People, Reading, read_names
from catena.retrieval.sentences import sentence_spans
from catena.types import PageRef, Passage, Span

MIN_PRONOUNS = 0.02
"""Share of "he" and "she" among the words from which on a document tells a story: novels and fairy tales have 0.04
and more, filings, papers and manuals below 0.005."""
MAX_SAMPLED = 200
MAX_READ = 1500
"""So many passages, spread evenly, tell who is in a story: all of a novel of 150,000 words."""
MAX_KNOWN = 8
BEFORE = 1500
"""Characters of the page before that are read along, for whom its last sentences name."""
_HE_OR_SHE = re.compile(r"\b(?:he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)


class Story:
    """One document that tells a story; its pages are read when they are first needed."""

    def __init__(self, people: People) -> None:
        self.people = people
        self._pages: dict[PageRef, list[Reading]] = {}

    def read(self, ref: PageRef, view: DocumentView) -> list[Reading]:
        """Resolve the names and pronouns of a page, by their place on the page."""
        if ref not in self._pages:
            self._pages[ref] = self._read(ref, view)
        return self._pages[ref]

    def meant_in(self, span: Span, view: DocumentView) -> list[Reading]:
        """List the people whom the words of a span mean."""
        return [one for one in self.read(span.ref, view) if span.start <= one.start < span.end]

    def _read(self, ref: PageRef, view: DocumentView) -> list[Reading]:
        before = ""
        if ref.number > 1:
            before = view.text(PageRef(ref.document_id, ref.number - 1)).text[-BEFORE:] + "\n"
        found = read_names(before + view.text(ref).text, self.people)
        return [one.moved(-len(before)) for one in found if one.start >= len(before)]


_known: OrderedDict[int, Story | None] = OrderedDict()
"""By what the passages say: a document may be parsed anew."""
_lock = threading.Lock()


def story_of(document_id: str, view: DocumentView) -> Story | None:
    """The story that a document tells; nothing if it tells none. Half a second for a novel, once."""
    passages = view.passages(document_id)
    key = hash((document_id, *(one.text for one in passages)))
    with _lock:
        if key in _known:
            return _known[key]
    story = Story(_people(passages)) if tells_story(passages) else None
    with _lock:
        _known[key] = story
        while len(_known) > MAX_KNOWN:
            _known.popitem(last=False)
    return story


def tells_story(passages: Sequence[Passage]) -> bool:
    """Tell whether people are spoken of all through, judged by a sample of the passages."""
    return is_told(" ".join(one.text for one in passages[:: len(passages) // MAX_SAMPLED + 1]))


def is_told(text: str) -> bool:
    """Tell whether a text says "he" and "she" as often as stories do."""
    return len(_HE_OR_SHE.findall(text)) > MIN_PRONOUNS * len(text.split())


def _people(passages: Sequence[Passage]) -> People:
    read = passages[:: len(passages) // MAX_READ + 1]
    return People.of([one.text[start:end] for one in read for start, end in sentence_spans(one.text)])
