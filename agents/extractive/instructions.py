"""Answers of manuals and policies: a command or a step, "X is ...", what stands under the heading asked for.

A search passes some over: "What is a blank?" shares one common word with the line that defines it; the index of a book
would lead there at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from catena.agents.document_view import DocumentView
from catena.agents.extractive.numeric_question import core
from catena.agents.extractive.question_form import plain_form
from catena.retrieval.text_analysis import query_terms
from catena.types import PageHit, Passage

_HOW = re.compile(
    r"\bhow (?:do|does|can|could|should|must|would|may|might|shall) (?:I|you|we|one|someone|a|an|the|my)\b"
    r"|\bhow to\b|\bwhat (?:is the (?:command|option|way)|command|option|steps?)\b",
    re.IGNORECASE,
)
_ANY_HOW = re.compile(r"\bhow (?:do|does|can|could|should|must|would|to)\b", re.IGNORECASE)
_NAME = r"[\"“‘'`]?(?P<name>[\w’'./+-]+(?: [\w’'./+-]+){0,5}?)[\"”’'`]?"
_DEFINITION = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:who|what) (?:is|are|was|were) (?:meant by )?(?:an? |the (?:term|word|phrase) |the )?{_NAME}\W*$",
        rf"^\W*what (?:does|do) (?:an? |the (?:term|word|phrase) |the )?{_NAME} (?:mean|refer to|denote)\W*$",
        rf"^\W*(?:define|(?:what is )?(?:the )?(?:definition|meaning) of) (?:an? |the (?:term|word) |the )?{_NAME}\W*$",
    )
)
_ARTICLE = r"(?:an?|the|one of|any|each|every)"
_SECTION_NUMBER = re.compile(
    r"^\W*(?:(?:chapter|part|section|item|appendix)\s+)?(?:\d+(?:\.\d+)*|[IVXLC]+|[A-Z])[.:)]?\s+(?=\S)"
)
_PROMPT = re.compile(r"^\s*(?:[$#%>]|\w+@\w+[:~].*[$#]|>>>)\s+\S")
_ORDER = re.compile(
    r"^\W*(?:(?:first|then|next|finally|now|please|simply|always|just),? )?(?P<verb>[A-Za-z]+)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:you|one|users?) (?:can|may|should|must|need to|have to|could|will want to|would)\b"
    r"|\b(?:is|are) (?:done|achieved|accomplished|created|set|made|run|used|invoked) (?:by|with|using|via)\b"
    r"|^\W*to \w+.{0,60}?, \w+|\bby (?:using|running|typing|setting|calling|invoking|specifying)\b"
    r"|\b(?:use|run|type|invoke|call) (?:the )?\W?[\w.-]+",
    re.IGNORECASE,
)
_OPERAND = re.compile(
    r"(?:^|\s)(?:-{1,2}[A-Za-z][\w-]*|<[\w. -]+>|\[[\w. -]+\]|[\w.-]*[/=@_][\w./:@=~-]*|\w+\.\w+)(?=\s|$|=)"
)
_WORDS = re.compile(r"[\w’'./+-]+")
MAX_COMMAND_WORDS = 16


MAX_DOCUMENTS = 8
MAX_PASSAGES = 3
"""Of one document."""
MIN_SAME = 0.6
NAME = "looked up"


@cache
def verbs() -> frozenset[str]:
    """Common English verbs in their base form."""
    lines = (Path(__file__).parent / "verbs.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def asks_for_steps(question: str) -> bool:
    """Tell whether somebody wants to do something: "how do I ...", "how to ..."."""
    return _HOW.search(question) is not None


def asks_how(question: str) -> bool:
    """Tell whether steps may be wanted: what stands under a heading that names the task."""
    return _ANY_HOW.search(question) is not None or asks_for_steps(question)


def is_command(text: str) -> bool:
    """Tell whether a line is typed, by its shape: a prompt, or a name in lower case with options or operands."""
    if _PROMPT.match(text):
        return True
    words = text.split()
    if (
        not 1 < len(words) <= MAX_COMMAND_WORDS
        or not words[0][:1].islower()
        or text.rstrip().endswith((".", ",", ":"))
    ):
        return False
    return _OPERAND.search(f" {' '.join(words[1:])}") is not None


def is_instruction(text: str) -> bool:
    """Tell whether a sentence tells what to do: an order, or what one can or must do."""
    order = _ORDER.match(text)
    return bool(order and order["verb"].lower() in verbs()) or _ADVICE.search(text) is not None


def asked_name(question: str) -> str:
    """The thing whose meaning is asked for ("what is an epoch", "what does epoch mean"), or nothing."""
    found = next((match for pattern in _DEFINITION if (match := pattern.search(question))), None)
    return found["name"] if found else ""


def defines(name: str, text: str, before: str = "") -> bool:
    """Tell whether a sentence defines a name: "X is a ...", "X means ...", "X: ...", or stands right under it."""
    if not name:
        return False
    if is_under_term(name, text, before):
        return True
    said = re.escape(name)
    quoted = rf"[\"“‘'`]?{said}[\"”’'`]?(?: ?\([^)]*\))?"
    return any(
        re.search(pattern, text, re.IGNORECASE)
        for pattern in (
            rf"\b{quoted},? (?:is|are|was|were) (?:\w+ )?{_ARTICLE}\b|\b{said}, {_ARTICLE}\b",
            rf"\b{quoted} (?:shall |will )?(?:means?|refers? to|denotes?|signif(?:y|ies)|is defined as|stands for)\b",
            rf"\b(?:called|known as|referred to as|termed|named) (?:an? |the )?{quoted}(?=\W|$)",
        )
    )


def is_under_term(name: str, text: str, before: str) -> bool:
    """Tell whether a sentence is a name's entry in a list of definitions: "X: ...", or X alone on the line above."""
    if len(text.split()) > 1 and " ".join(_WORDS.findall(before)).casefold() == name.casefold():
        return True
    said = rf"\W*(?:an? |the )?[\"“‘'`]?{re.escape(name)}[\"”’'`]?\W{{0,3}}(?:[:–—]|-{{1,2}}) "
    return re.match(said, text, re.IGNORECASE) is not None


def heading_terms(heading: str) -> list[str]:
    """Return the terms of a heading, without its number."""
    return query_terms(_SECTION_NUMBER.sub("", heading))


def asks_the_same(heading: str, asked: Sequence[str]) -> float:
    """Measure how far a heading and a question agree: terms that both have, among those that either has."""
    own, wanted = set(heading_terms(heading)), set(asked)
    return len(own & wanted) / len(own | wanted) if own and wanted else 0.0


def looked_up(question: str, view: DocumentView, found: Sequence[PageHit]) -> list[PageHit]:
    """Passages that define what is asked for, or stand under a heading that asks the same, and were not found."""
    text = core(plain_form(question))
    name = asked_name(text)
    if not found or not (name or asks_how(text)) or len(view.document_ids) > MAX_DOCUMENTS:
        return []
    known = {passage.key for hit in found for passage in hit.passages}
    chosen = [
        passage
        for document_id in view.document_ids
        for passage in _best(name, query_terms(text), view.passages(document_id))
    ]
    return [PageHit(one.ref, found[0].score, NAME, (one,)) for one in chosen if one.key not in known]


def _best(name: str, asked: Sequence[str], passages: Sequence[Passage]) -> list[Passage]:
    ranked = []
    for passage in passages:
        same = max((asks_the_same(line, asked) for line in passage.header.split("\n")[1:2]), default=0.0)
        worth = same if same >= MIN_SAME else 0.0
        if name and worth < 1 and _is_defined(name, passage):
            worth = 1.0
        if worth:
            ranked.append((worth, passage))
    ranked.sort(key=lambda pair: (-pair[0], pair[1].ordinal))
    return [passage for _, passage in ranked[:MAX_PASSAGES]]


def _is_defined(name: str, passage: Passage) -> bool:
    """Tell whether a line of the passage defines the name, or is the name alone above its definition."""
    if name.casefold() not in passage.text.casefold():
        return False
    before = ""
    for line in passage.text.split("\n"):
        if defines(name, line, before):
            return True
        before = line
    return False
