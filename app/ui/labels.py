"""Words for things on every page; text of documents and models is shown, never interpreted."""

from __future__ import annotations

from catena.render.harmless import for_page, harmless
from catena.render.wording import cells_name, printed
from catena.types import Answer, Citation, CitationPart, Confidence, Strategy, Support

MARKS: dict[Support, tuple[str, str, str]] = {
    "quoted": ("quoted", ":material/format_quote:", "blue"),
    "supported": ("supported", ":material/verified:", "green"),
    "partial": ("partly supported", ":material/rule:", "orange"),
    "unsupported": ("not supported", ":material/help:", "gray"),
    "contradicted": ("contradicted", ":material/block:", "red"),
    "unchecked": ("not checked", ":material/remove:", "gray"),
}
"""Word, icon and colour of each mark: never the colour alone."""

CONFIDENCES: dict[Confidence, tuple[str, str]] = {
    "likely": ("Likely the answer", ":material/check_circle:"),
    "possible": ("Possibly the answer: check the quote", ":material/help:"),
    "closest": ("The documents may not say. Closest passages:", ":material/search_off:"),
}
"""Words and icons for the embedded reader's confidence that its quotes answer."""
REFUSED = "The model declined to answer"

STRATEGIES: dict[Strategy, str] = {
    "auto": "Automatic",
    "retrieve": "Search for it",
    "chain": "Read everything, part by part",
    "full": "Read everything at once",
    "kv": "Ask a served model that has read it",
}
WAYS: dict[str, str] = {
    "auto": "automatic",
    "retrieve": "searched",
    "chain": "read everything, part by part",
    "full": "read everything at once",
    "kv": "a served model that has read it",
}
"""Name of a strategy where something was read with it."""
EMBEDDED = "the embedded reader"
CHOSEN = "asked for"
"""The reason of a strategy that was not chosen by Catena."""


OPENING = ("“", "„", "«", "「", '"')


def shown(text: str) -> str:
    """Text of others where nothing interprets it."""
    return harmless(text)


def plain(text: str) -> str:
    """Text of others where Markdown is read."""
    return for_page(text)


def quoted(quote: str) -> str:
    """A quote in quotation marks, if it does not bring its own."""
    return quote if quote[:1] in OPENING else f"“{quote}”"


def page_name(number: int, label: str) -> str:
    """Physical page, and the printed one where it differs."""
    said = printed(number, label)
    return f"page {number} ({said})" if said else f"page {number}"


def counted(number: int, noun: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def reader(model: str) -> str:
    """Name the writer of an answer; the embedded reader by its model for sentences."""
    return EMBEDDED if not model or model.startswith("embedded") else model


def dollars(cost: float | None) -> str:
    """A cost, small ones too: `$0.0042`."""
    if cost is None:
        return "price not known"
    return f"${cost:.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"


def short_page_name(part: CitationPart) -> str:
    if part.cells:
        return f"p. {part.ref.number}, {cells_name(part.sheet, part.cells)}"
    return (
        f"p. {part.ref.number}"
        if part.label in ("", str(part.ref.number))
        else f"p. {part.ref.number} ({part.label})"
    )


def read_how(strategy: str, reason: str) -> str:
    """Say how it was read, and why: `Searched: the question asks for …`."""
    way = WAYS[strategy].capitalize()
    return f"{way}, as chosen" if reason == CHOSEN else f"{way}: {reason}"


def places(citation: Citation) -> str:
    """The pages that a quote stands on."""
    return ", ".join(short_page_name(part) for part in citation.parts)


def shortened(text: str, most: int) -> str:
    """The beginning of a text, cut between words."""
    if len(text) <= most:
        return text
    return f"{text[:most].rsplit(' ', 1)[0]}…"


def how_sure(answer: Answer) -> tuple[str, str]:
    """Return words and icon before an answer: how sure it is, or that there is none; else nothing."""
    if answer.status == "refused":
        return REFUSED, ":material/block:"
    if answer.confidence:
        return CONFIDENCES[answer.confidence]
    return ("", "") if answer.statements else (answer.text, ":material/search_off:")


def searched(answer: Answer) -> str:
    """Say how far it looked: `Searched 184 pages, read 10`."""
    coverage = answer.coverage
    return f"Searched {counted(coverage.pages_searched, 'page')}, read {coverage.pages_read:,}"


def marked(answer: Answer) -> str:
    """Count the statements by mark: `2 supported, 1 not supported`."""
    numbers = {mark: sum(one.support == mark for one in answer.statements) for mark in MARKS}
    return ", ".join(f"{number} {MARKS[mark][0]}" for mark, number in numbers.items() if number)
