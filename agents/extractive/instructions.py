"""Answers of manuals and policies: a command or a step, "X is ...", what stands under the heading asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from catena.retrieval.text_analysis import query_terms

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


@cache
def _verbs() -> frozenset[str]:
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
    return bool(order and order["verb"].lower() in _verbs()) or _ADVICE.search(text) is not None


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
