"""Numbered passages of a prompt within the model's window, the documents' text marked as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from catena.agents.candidates import candidates, section_at
from catena.agents.citations.attribution import Numbered
from catena.agents.document_view import DocumentView
from catena.llm.protocol import num_tokens
from catena.types import Note, PageRef, Passage, PassageKey, Segment

GAP = "\n\n"
LARGEST_NUMBER = 99_999
"""Of a passage in a prompt, where it is not known yet."""
_NUMBER_TOKENS = num_tokens(f"[{LARGEST_NUMBER}]\n{GAP}")
AT_ONCE = 256
NUM_BEST = 5
"""Passages that a model that reads slowly is shown: 1,000 tokens, where all that is found has 5,000 and more."""
_REFERENCE = re.compile(r"[\[【](\d+(?:[\s,;–-]+\d+)*)[\]】]")


@dataclass(frozen=True, slots=True)
class Shown:
    """Passages in reading order with the numbers that the prompt gives them; `text` as the prompt has them.

    `num_tokens` is counted from above, whatever the numbers.
    """

    passages: tuple[Passage, ...]
    numbers: Sequence[int]
    text: str
    num_tokens: int
    num_dropped: int = 0

    @property
    def pages(self) -> tuple[PageRef, ...]:
        return tuple(dict.fromkeys(passage.ref for passage in self.passages))

    def sentences(self, view: DocumentView) -> list[Numbered]:
        """Every sentence and row that was shown, with the number of its passage."""
        found = []
        for candidate in candidates(Segment(self.passages), view):
            first = candidate.evidence.spans[0]
            for number, passage in zip(self.numbers, self.passages, strict=True):
                if passage.ref == first.ref and passage.start <= first.start < passage.end:
                    found.append(Numbered(number, candidate))
                    break
        return found


def found_passages(note: Note, view: DocumentView) -> list[Passage]:
    """The passages that the note keeps as evidence, best page first, each once."""
    places = {(one.spans[0].ref, one.spans[0].start): one.score for one in note.evidence}
    document_ids = dict.fromkeys(ref.document_id for ref, _ in places)
    known = {
        (passage.ref, passage.start): passage
        for document_id in document_ids
        for passage in view.passages(document_id)
    }
    best = sorted(places, key=lambda place: -places[place])
    return [known[place] for place in best if place in known]


def likeliest(note: Note, passages: Sequence[Passage]) -> list[Passage]:
    """The passages that a note's evidence stands in, in its order; of a note without any, the first of them."""
    found: dict[PassageKey, Passage] = {}
    for span in (one.spans[0] for one in note.evidence):
        for passage in passages:
            if passage.ref == span.ref and passage.start <= span.start < passage.end:
                found.setdefault(passage.key, passage)
                break
    return (list(found.values()) or list(passages))[:NUM_BEST]


def fit(passages: Sequence[Passage], view: DocumentView, budget: int) -> Shown:
    """Show the best passages within a budget of tokens, numbered from 1; what does not fit is dropped from the end."""
    kept: list[Passage] = []
    for passage, size in zip(passages, sizes(passages, view), strict=True):
        budget -= size
        if budget < 0:
            break
        kept.append(passage)
    order = {document_id: place for place, document_id in enumerate(view.document_ids)}
    kept.sort(key=lambda passage: (order[passage.ref.document_id], passage.ordinal))
    shown = show(kept, range(1, len(kept) + 1), view)
    return replace(shown, num_dropped=len(passages) - len(kept))


def show(passages: Sequence[Passage], numbers: Sequence[int], view: DocumentView) -> Shown:
    """Show all passages, each with its number."""
    view.read_ahead(passage.ref for passage in passages)
    shown = [_shown(passage, view) for passage in passages]
    text = GAP.join(f"[{number}]\n{one}" for number, one in zip(numbers, shown, strict=True))
    return Shown(tuple(passages), numbers, text, sum(map(_size, shown)))


def sizes(passages: Sequence[Passage], view: DocumentView) -> Iterator[int]:
    """Tokens that each passage takes in a prompt, from above, whatever its number; many are read at once."""
    for at in range(0, len(passages), AT_ONCE):
        some = passages[at : at + AT_ONCE]
        view.read_ahead(passage.ref for passage in some)
        yield from (_size(_shown(passage, view)) for passage in some)


def as_data(text: str) -> str:
    """Every line marked as a document's, its own "[3]" written "(3)": only our numbers stand in brackets."""
    plain = _REFERENCE.sub(r"(\1)", text)
    return "\n".join(f"| {line}" for line in plain.splitlines())


def _shown(passage: Passage, view: DocumentView) -> str:
    """A line that says where it stands, then the text."""
    page = view.text(passage.ref)
    title = view.document(passage.ref.document_id).title
    where = [title, section_at(page.sections, passage.start), f"page {page.label or page.ref.number}"]
    head = " · ".join(" ".join(part.split()) for part in where if part)
    return f"{as_data(head)}\n{as_data(passage.text)}"


def _size(shown: str) -> int:
    """Tokens of a passage with the line of its number: no token is counted over a line's end."""
    return num_tokens(shown) + _NUMBER_TOKENS
