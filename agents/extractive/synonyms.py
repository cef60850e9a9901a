"""Other words for the same thing, so that "CEO" finds "chief executive" and "capex" "purchases of property"."""

from __future__ import annotations

import re

from catena.agents.extractive.abbreviations import other_forms

# What people ask for, and how statements print it. Plain accounting usage, no document's own.
_SAME = {
    r"capital expenditures?|cap ?ex": "purchases of property, plant and equipment",
    r"pp ?& ?e|ppne|pp and e": "property, plant and equipment",
    r"cogs|cost of goods sold": "cost of sales",
    r"cost of sales": "cost of goods sold",
    r"revenues?": "net sales",
    r"net sales": "revenue",
    r"net income attributable to (?:\w+ )?(?:share|stock)holders": "net income",
    r"net income": "net earnings",
    r"net earnings": "net income",
    r"sg ?& ?a": "selling, general and administrative expenses",
    r"r ?& ?d": "research and development expenses",
    r"eps": "earnings per share",
    r"d ?& ?a": "depreciation and amortization",
    r"cash flow from operat\w+(?: activities)?|operating cash flow": "net cash provided by operating activities",
    r"operating profit": "operating income",
    r"staff|headcount": "number of employees",
}
_PATTERNS = [
    (re.compile(rf"\b(?:{pattern})(?!\w)", re.IGNORECASE), other) for pattern, other in _SAME.items()
]


def phrasings(question: str) -> list[str]:
    """The question itself, then the same with each term's other name."""
    named = [pattern.sub(other, question) for pattern, other in _PATTERNS if pattern.search(question)]
    return list(dict.fromkeys([question, *named, *other_forms(question)]))
