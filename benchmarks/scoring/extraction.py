"""The short answer inside a written one, by rules; with a judge, the model extracts (`judge.py`).

MMLongBench-Doc's own step is a model's (GPT-4o). The rules see question and answer alone, as that model does,
and never the gold answer's format.
"""

from __future__ import annotations

import re

from catena.agents.citations.quantities import is_year, quantities
from catena.agents.extractive.numeric_question import is_yes_no, wants_number
from catena.benchmarks.scoring.mmlongbench_rules import NOT_ANSWERABLE
from catena.types import Answer

_ASKS_LIST = re.compile(
    r"^\W*(?:list|name|enumerate|what are|which (?:\w+ ){0,3}are|who are)\b", re.IGNORECASE
)
_DIVIDER = re.compile(r"\s*(?:[;\n•]|,(?!\d)(?:\s*and\b)?|\band\b)\s*")
_YES_NO = re.compile(r"^\W*(yes|no)\b", re.IGNORECASE)


def short_answer(question: str, answer: Answer) -> str:
    """A number where one is asked for, yes or no, a list, else the text."""
    if answer.status == "not_in_document":
        return NOT_ANSWERABLE
    text = answer.text.strip().rstrip(".")
    if wants_number(question):
        return _number(question, text) or text
    if is_yes_no(question) and (said := _YES_NO.match(text)):
        return said[1].capitalize()
    if _ASKS_LIST.match(question):
        return str([part for part in _DIVIDER.split(text) if part])
    return text


def _number(question: str, text: str) -> str:
    """The first number that is no year of the question, as printed, without currency and thousands marks.

    Brackets are taken for brackets here, not for an accountant's minus.
    """
    for found in quantities(text):
        if not (is_year(found) and found.digits in question):
            sign = "-" if text[found.start] in "-−–" else ""
            return f"{sign}{found.digits.replace(',', '')}{'%' if found.unit == '%' else ''}"
    return ""
