"""Whether the quotes of an answer that was given still stand in the documents as they are now."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Literal

from catena.document_changes import Sentence, body_sentences, changes
from catena.errors import OptionError
from catena.library.library import Library
from catena.render.answer_json import from_json
from catena.types import Answer, Citation, Document, Page

State = Literal["stands", "changed", "gone", "unverified"]
"""`unverified`: it was not found on its page when the answer was given."""
_FEW_WORDS = 4
"""A quote of fewer words may stand anywhere by chance: the sentence around it must stand, too."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a quote that stood on `page`. `now` is the sentence that holds it, or what it was changed into, in
    the version `document_id`."""

    quote: str
    title: str
    page: int
    state: State
    document_id: str
    now: Sentence | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def recheck(library: Library, run_id: str) -> tuple[Answer, list[Standing]]:
    """Return a kept answer, by its id or a unique prefix, and what became of each of its quotes.

    A quote is looked for in the last version of its document that can be read. Raises OptionError for another id.
    """
    kept = library.history.answer(_run_named(library, run_id))
    assert kept is not None, "its id was just read"
    answer = from_json(kept.data)
    known: dict[str, _Comparison] = {}
    for citation in answer.citations:
        if citation.document_id not in known:
            known[citation.document_id] = _Comparison(library, citation.document_id)
    return answer, [known[one.document_id].standing(one) for one in answer.citations]


class _Comparison:
    """A version that was cited, and the last one."""

    def __init__(self, library: Library, document_id: str) -> None:
        versions = [one for one in library.versions(document_id) if one.is_readable]
        self._now = versions[-1] if versions else library.document(document_id)
        self._before = body_sentences(_pages(library, library.document(document_id)))
        self._pages = _pages(library, self._now)
        self._after = body_sentences(self._pages)
        self._changes = changes(self._before, self._after)
        self._text = " ".join(one.text for one in self._after)
        self._starts = [0, *accumulate(len(one.text) + 1 for one in self._after)]

    def standing(self, citation: Citation) -> Standing:
        state, now = self._found(citation)
        page = citation.parts[0].ref.number
        return Standing(citation.quote, citation.title, page, state, self._now.id, now)

    def _found(self, citation: Citation) -> tuple[State, Sentence | None]:
        if citation.status != "verified":
            return "unverified", None
        if self._now.successor is not None:  # its file is gone
            return "gone", None
        around = self._around(citation)
        wanted = citation.quote if len(citation.quote.split()) >= _FEW_WORDS or not around else around[0].text
        if held := self._holding(wanted, citation.parts[0].ref.number):
            return "stands", held
        touched = [one for one in self._changes if one.before in around]
        changed = [one.after for one in touched if one.kind in ("changed", "moved")]
        if changed:
            return "changed", changed[0]
        partly = [one for one in around if self._holding(one.text, one.page)]
        return ("changed", self._holding(partly[0].text, partly[0].page)) if partly else ("gone", None)

    def _around(self, citation: Citation) -> list[Sentence]:
        """The sentences of the cited version that a quote is of."""
        pages = {one for part in citation.parts for one in (part.ref.number - 1, part.ref.number)}
        quote = _on_one_line(citation.quote)
        near = [one for one in self._before if one.page in pages]
        return [one for one in near if _holds(quote, one.text) or _holds(one.text, quote)]

    def _holding(self, text: str, page: int) -> Sentence | None:
        """Where a text stands now, nearest to the page where it stood: in sentences, else in a page's head or foot."""
        wanted = _on_one_line(text)
        at = {bisect_right(self._starts, place) - 1 for place in _places(wanted, self._text)}
        found = [self._after[one] for one in at]
        if not found:
            heads = (page for page in self._pages if _holds(_on_one_line(page.text), wanted))
            found = [Sentence(one.ref.number, wanted) for one in heads]
        return min(found, key=lambda one: abs(one.page - page), default=None)


def _pages(library: Library, document: Document) -> list[Page]:
    return library.texts(document.id, range(1, document.num_pages + 1))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _places(wanted: str, text: str) -> Iterator[int]:
    """Where a text stands in another, words and numbers whole: "20 men" is not in "120 men", nor "5 km" in "1.5 km"."""
    before = r"(?<![\w$€£−-])(?<!\d[.,])" if re.match(r"\w", wanted) else ""
    after = r"(?!\w|[.,]\d)" if re.search(r"\w$", wanted) else ""
    return (found.start() for found in re.finditer(before + re.escape(wanted) + after, text) if wanted)


def _holds(text: str, wanted: str) -> bool:
    return any(True for _ in _places(wanted, text))


def _run_named(library: Library, name: str) -> str:
    known = [run_id for run_id, _ in library.history.questions(limit=-1)]
    found = [name] if name in known else [one for one in known if name and one.startswith(name)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} answers begin" if found else "No answer begins"
    raise OptionError(f"{what} with {name!r}.", "List them: `catena history`.")
