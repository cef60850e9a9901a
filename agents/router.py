"""Routing of a question to a strategy, with the reason: how much to read, how hard to find, the documents' size."""

from __future__ import annotations

import re
from typing import Literal

from catena.agents.document_view import DocumentView
from catena.agents.reasoner import Question
from catena.errors import OptionError
from catena.types import Strategy

SMALL_PAGES = 4
"""Documents of so few pages are read whole by the embedded reader: it takes no longer, and nothing is missed."""
FULL_TOKENS = 16_384
"""Up to here models answer as well from all of a text at once as from parts of it (Chain of Agents, figure 4)."""
MAX_HOPS = 2
"""A question with more links ("the wife of the man who ...") names nothing that could be searched for."""

Task = Literal["answer", "list", "count", "summary"]
_COUNT = re.compile(r"\bhow (?:many|often)\b|\bcount (?:the|all|every)\b|\bnumber of times\b", re.I)
_LIST = re.compile(
    r"(?<!\bto )\b(?:list|name|enumerate) (?:all|every|each|the)\b|^\W*(?:list|enumerate)\b"
    r"|\b(?:all|every) (?:of )?(?:the )?(?:mentions?|occurrences?|times|places|passages|chapters)\b"
    r"|\bwhich of (?:all )?the\b|\bin (?:what|which) order\b",
    re.I,
)
_SUMMARY = re.compile(
    r"\bsummari[sz]e|\bsummary of\b|\b(?:main|key) (?:points|ideas|arguments|themes)\b|\boverview of\b"
    r"|\bcompare\b.*\b(?:chapters|parts|documents|books|throughout)\b|\bwhat is (?:this|the) "
    r"(?:book|document|report|text|paper|novel|story) about\b",
    re.I,
)
_WHOLE = re.compile(
    r"\bhow (?:many times|often)\b|\b(?:list|name) (?:all|every|each)\b|\bwhich of (?:all )?the chapters\b"
    r"|\b(?:all|every) (?:the )?(?:mentions?|occurrences?|times|places|passages|chapters)\b"
    r"|\b(?:in|throughout|across) the (?:whole|entire) (?:book|document|report|text|novel|story)\b"
    r"|\bin (?:what|which) order\b",
    re.I,
)
_LINK = re.compile(
    r"\b(?:who(?:m|se)?|which|that|where)\b|['’]s\b|\bof (?:the|a|an|its|his|her|their) ", re.I
)


def task_of(question: str) -> Task:
    """Return the kind of answer wanted: a summary and a list need other words to the model than a short answer."""
    if _SUMMARY.search(question):
        return "summary"
    if _COUNT.search(question):
        return "count"
    return "list" if _LIST.search(question) else "answer"


def asks_of_all(question: str) -> bool:
    """Tell whether the answer may be spread over the whole document."""
    return scope_of(question) is not None


def route(
    question: Question,
    view: DocumentView,
    *,
    whole: int | None = None,
    max_paths: int = 0,
    scope: str | None = None,
) -> tuple[Strategy, str]:
    """Return the strategy and, in words, why.

    `whole`: tokens of one call with all of the documents, nothing if that is not possible; `max_paths`: 0 where
    there is no chain; `scope`: why the chain wants to read everything, or nothing. Raises OptionError for what the
    reader cannot do.
    """
    asked = question.options.strategy
    _refuse(question, whole, max_paths)
    if asked != "auto":
        return asked, "asked for"
    num_pages = sum(view.document(document_id).num_pages_with_text for document_id in view.document_ids)
    pages = f"{num_pages} page{'s' * (num_pages != 1)}"
    if whole is not None and whole <= FULL_TOKENS:
        return "full", f"{pages} of text fit one call: all of it is read"
    if max_paths == 1 and num_pages <= SMALL_PAGES:  # the embedded reader
        return "chain", f"{pages} of text: all of it is read"
    if max_paths and scope:
        return "chain", f"{scope} asks about the whole document"
    if max_paths > 1 and _num_hops(question.text) > MAX_HOPS:
        return "chain", "the question goes from fact to fact, and no one place can be searched for"
    return "retrieve", f"the question asks for something that stands in few places of {num_pages} pages"


def _refuse(question: Question, whole: int | None, max_paths: int) -> None:
    options = question.options
    if options.strategy == "chain" and not max_paths:
        raise OptionError("This reader has no chain.", "Take the strategy retrieve.")
    if options.strategy == "full" and whole is None:
        raise OptionError(
            "The documents do not fit one call.",
            "Take the strategy chain, which reads all of them in parts, or a model with a larger window.",
        )
    if options.paths > max(1, max_paths):
        raise OptionError(
            f"This reader finds the same in any order, so {options.paths} paths are of no use.",
            "Leave paths at 1, or set a model.",
        )


def scope_of(question: str) -> str | None:
    """The words that ask about the whole document, in quotation marks."""
    found = _WHOLE.search(question) or _SUMMARY.search(question)
    return f"“{found.group().lower()}”" if found else None


def _num_hops(question: str) -> int:
    """Number of things the question knows only by their relation to another."""
    return len(_LINK.findall(question))
