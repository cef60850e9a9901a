"""Which strategy a question gets: how much must be read, and how big the documents are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.errors import OptionError
from catena.types import Document, Strategy

SMALL_PAGES = 4
"""Documents of so few pages are read whole: it takes no longer, and nothing can be missed."""
WHOLE_BOOK = re.compile(
    r"\b(?:how (?:many times|often)|list (?:all|every|each)|name (?:all|every|each)|which of (?:all )?the chapters"
    r"|(?:all|every) (?:the )?(?:mentions?|occurrences?|times|places|passages|chapters)"
    r"|(?:in|throughout|across) the (?:whole|entire) (?:book|document|report|text|novel|story)"
    r"|summari[sz]e|summary of)\b",
    re.IGNORECASE,
)


def asks_of_all(question: str) -> bool:
    """Whether the answer may be spread over the whole document."""
    return bool(WHOLE_BOOK.search(question))


def route(
    question: str, asked: Strategy, documents: Sequence[Document], *, can_chain: bool = True
) -> tuple[Strategy, str]:
    """Return the strategy and, in words, why. Raises OptionError for one that the reader cannot follow."""
    if not can_chain:
        if asked == "chain":
            raise OptionError(
                "The strategy chain does not work with a language model yet.",
                "Take the strategy retrieve, or ask without a model.",
            )
        return "retrieve", "asked for" if asked == "retrieve" else "a model reads the passages found"
    if asked != "auto":
        return asked, "asked for"
    num_pages = sum(document.num_pages_with_text for document in documents)
    if num_pages <= SMALL_PAGES:
        return "chain", f"{num_pages} page{'s' * (num_pages != 1)} of text: all of it is read"
    found = WHOLE_BOOK.search(question)
    if found:
        return "chain", f"“{found.group().lower()}” asks about the whole document"
    return "retrieve", f"the question asks for something that stands in few places of {num_pages} pages"
