"""Items and responses for the tests of answers, judges and exports."""

from __future__ import annotations

from dataclasses import replace

from catena.bookqa.items import Item, Provenance
from catena.bookqa.responses import Response
from catena.types import Citation, CitationPart, PageRef

QUOTE = "The fox hid the golden key under the old oak."


def citation(quote: str = QUOTE, start: int = 10, book: str = "book", page: int = 1) -> Citation:
    part = CitationPart(PageRef(book, page), str(page), start, start + len(quote), ())
    return Citation(book, "The Fox", quote, "verified", "text", (part,))


def item(key: str = "1", answer: str = "under the old oak", citations: tuple[Citation, ...] = ()) -> Item:
    return Item(
        id=key,
        book="book",
        title="The Fox",
        kind="local",
        question="Where did the fox hide the golden key?",
        answer=answer,
        difficulty="easy",
        is_answerable=True,
        citations=citations or (citation(),),
        scope="passage",
        diffusion=0.1,
        span=(0.2, 0.2),
        position=0.2,
        provenance=Provenance("none", "0", 1),
        places=(0.2,),
    )


def unanswerable(key: str = "2") -> Item:
    return replace(
        item(key),
        kind="unanswerable",
        answer="",
        is_answerable=False,
        citations=(),
        scope="none",
        span=None,
        position=None,
        places=(),
    )


def response(
    system: str, text: str = QUOTE, *, key: str = "1", quotes: tuple[Citation, ...] = ()
) -> Response:
    return Response(key, system, text, False, quotes)


def refusal(system: str, key: str = "1") -> Response:
    return Response(key, system, "The document does not say.", True)
