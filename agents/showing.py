"""What a model is shown: numbered passages within its window, the documents' text marked as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from catena.agents.candidates import candidates, section_at
from catena.agents.desk import Desk
from catena.agents.grounding import Numbered
from catena.llm import num_tokens
from catena.types import Note, PageRef, Passage, Segment

_REFERENCE = re.compile(r"[\[【](\d+(?:[\s,;–-]+\d+)*)[\]】]")


@dataclass(frozen=True, slots=True)
class Shown:
    """Passages in reading order, `text` as the prompt has them; number 1 is the first."""

    passages: tuple[Passage, ...]
    text: str
    num_dropped: int = 0

    @property
    def pages(self) -> tuple[PageRef, ...]:
        return tuple(dict.fromkeys(passage.ref for passage in self.passages))

    def sentences(self, desk: Desk) -> list[Numbered]:
        """Every sentence and row that was shown, with the number of its passage."""
        found = []
        for candidate in candidates(Segment(self.passages), desk):
            first = candidate.evidence.spans[0]
            for number, passage in enumerate(self.passages, 1):
                if passage.ref == first.ref and passage.start <= first.start < passage.end:
                    found.append(Numbered(number, candidate))
                    break
        return found


def found_passages(note: Note, desk: Desk) -> list[Passage]:
    """The passages that the note keeps as evidence, best page first, each once."""
    places = {(one.spans[0].ref, one.spans[0].start): one.score for one in note.evidence}
    document_ids = dict.fromkeys(ref.document_id for ref, _ in places)
    known = {
        (passage.ref, passage.start): passage
        for document_id in document_ids
        for passage in desk.passages(document_id)
    }
    best = sorted(places, key=lambda place: -places[place])
    return [known[place] for place in best if place in known]


def fit(passages: Sequence[Passage], desk: Desk, budget: int) -> Shown:
    """Show the best passages within a budget of tokens; what does not fit is dropped from the end."""
    kept: list[Passage] = []
    for passage in passages:
        budget -= num_tokens(_shown(999, passage, desk)) + 2
        if budget < 0:
            break
        kept.append(passage)
    order = {document_id: place for place, document_id in enumerate(desk.document_ids)}
    kept.sort(key=lambda passage: (order[passage.ref.document_id], passage.ordinal))
    text = "\n\n".join(_shown(number, passage, desk) for number, passage in enumerate(kept, 1))
    return Shown(tuple(kept), text, len(passages) - len(kept))


def _shown(number: int, passage: Passage, desk: Desk) -> str:
    """A line that says where it stands, then the text, every line of it marked as the document's.

    The document's own "[3]" becomes "(3)": only our numbers stand in brackets.
    """
    page = desk.page(passage.ref)
    title = desk.document(passage.ref.document_id).title
    where = [title, section_at(page.sections, passage.start), f"page {page.label or page.ref.number}"]
    head = " · ".join(_REFERENCE.sub(r"(\1)", " ".join(part.split())) for part in where if part)
    lines = [_REFERENCE.sub(r"(\1)", line) for line in passage.text.splitlines()]
    return "\n".join((f"[{number}]", f"| {head}", *(f"| {line}" for line in lines)))
