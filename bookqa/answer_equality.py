"""When two answers say the same, told by their words alone. Named as such: a paraphrase in other words is missed."""

from __future__ import annotations

from catena.retrieval.text_analysis import query_terms, terms

SAME = 0.6
"""Share of an answer's telling words that another one must hold."""
GIVEN_AWAY = 0.8
"""Share of an answer's words that a question must not hold."""


def telling(answer: str, question: str) -> set[str]:
    """The terms of an answer that its question does not give; all of them, if it gives all."""
    said = set(query_terms(answer))
    return said - set(terms(question)) or said


def is_same(reply: str, answer: str, question: str) -> bool:
    """Tell whether a reply holds what the answer tells."""
    wanted = telling(answer, question)
    return bool(wanted) and len(wanted & set(terms(reply))) >= SAME * len(wanted)


def gives_away(question: str, answer: str) -> bool:
    """Tell whether the question holds its answer."""
    said = {term for term in query_terms(answer) if len(term) > 1}  # "(a)" names a choice of the question
    return bool(said) and len(said & set(terms(question))) >= GIVEN_AWAY * len(said)
