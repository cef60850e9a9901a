"""An item of a draft: where its evidence stands, and how much of the book must be read for it."""

from __future__ import annotations

from collections.abc import Sequence

from catena.bookqa.book import Book
from catena.bookqa.item_slots import TENTHS, tenth
from catena.bookqa.item_writer import Draft
from catena.bookqa.items import NOT_SAID, Difficulty, Item, ItemKind, Provenance, Scope, item_id

SECTION = 0.1
"""Share of the book within which evidence is of one section."""


def make_item(draft: Draft, kind: ItemKind, book: Book, provenance: Provenance) -> Item:
    """Tag a draft with scope, diffusion, span and position of its evidence, and with a difficulty by rule."""
    places = [book.place(citation) for citation in draft.citations]
    shares = [round(at, 4) for _, at in places]
    span = (min(shares), max(shares)) if shares else None
    scope = _scope(len({passage for passage, _ in places}), span)
    tenths = {tenth(at) for at in shares}
    return Item(
        id=item_id(book.id, kind, draft.question),
        book=book.id,
        title=book.title,
        kind=kind,
        question=draft.question,
        answer=draft.answer if draft.citations else NOT_SAID,
        difficulty=_difficulty(scope, shares),
        is_answerable=bool(draft.citations),
        citations=draft.citations,
        scope=scope,
        diffusion=len(tenths) / TENTHS,
        span=span,
        position=round(sum(shares) / len(shares), 4) if shares else None,
        provenance=provenance,
        places=tuple(shares),
    )


def _scope(num_passages: int, span: tuple[float, float] | None) -> Scope:
    if span is None:
        return "none"
    if num_passages == 1:
        return "passage"
    return "section" if span[1] - span[0] <= SECTION else "book"


def _difficulty(scope: Scope, shares: Sequence[float]) -> Difficulty:
    """One place is easy to look up, that there is none hard to know; else by how many places there are."""
    if scope == "passage":
        return "easy"
    return "hard" if scope == "none" or len(shares) > 2 else "medium"
