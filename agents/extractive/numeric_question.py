"""Numeric questions: which ask for a number, and which number of a sentence is the one asked for.

Whatever is not certain is not picked: the sentence then stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from catena.agents.citations.quantities import Quantity, is_year, quantities, word_numbers
from catena.agents.extractive.synonyms import kind_of
from catena.retrieval.text_analysis import query_terms, terms

_YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|may|might)\b", re.IGNORECASE
)
_COUNT = re.compile(r"\bhow many\s+(.+)", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|old|far|big|large|tall|high|deep|heavy|fast)\b"
    r"|\bwhat (?:percent\w*|share|proportion|number|amount|year)\b|\b(?:which|in what) year\b"
    r"|\b(?:in|of) (?:usd|us dollars?|dollars|euros?|units|percents?|percentage|%|thousands|millions|billions)\b"
    r"|\(in [^)]*\)|\b(?:amount|number|total|percentage|rate|price|cost|value|sum|size|population|score|accuracy)\b",
    re.IGNORECASE,
)
_ASKS_ELSE = re.compile(
    r"\b(?:why|who|whom|where|how (?:did|do|does|is|are|was|were|can|should))\b", re.IGNORECASE
)
_ASKS_VALUE = re.compile(r"\b(?:what(?:['’]s| is| are| was| were| did)?|how much)\b", re.IGNORECASE)
_COMPUTED = re.compile(
    r"\b(averages?|growth|ratio|changed?|differences?|increased?|decreased?|margins?|turnover|cycle|outstanding"
    r"|year-over-year|combined|compound|cagr|more than|less than|fewer)\b",
    re.IGNORECASE,
)
_ROUND = re.compile(r"\bround(?:ed)? (?:\w+ ){0,3}to\b", re.IGNORECASE)
_MONEY = re.compile(
    r"\b(?:how much|cost|price|paid|spen[dt]|worth|dollars?|usd|revenue|income|sales|earn\w*)\b", re.I
)
_PERCENT = re.compile(r"%|\bper ?cent\w*|\bproportion\b|\bshare of\b|\brate\b", re.IGNORECASE)
_NEXT_WORD = re.compile(r"[ \u00a0]([A-Za-z]+)\b")
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)
_LISTED = re.compile(r"\d,? (?:and|or) $")
_DAY = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\s$", re.I
)
_CLAUSE = re.compile(
    r"^(?:using|based?|basing|by|considering|according|taking|given|in|on|from|with|within|as)\b.*?,\s+"
    r"((?:(?:at|in|for|to|on|by) )?(?:what|how|which|when|who|where|why|is|are|was|were|do|does|did|has|have)\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NAMED = re.compile(
    r"\b(?:figure|fig\.?|table|section|chapter|appendix|note|item|part|page|pp?\.|no\.|number|regulation|rule|article"
    r"|step|level|version|phase|exhibit)\s*[\dA-Z.]{0,4}[-–.(]?$|[\w.][-–/]$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\([^)]*\)|\b(?:as of )?(?:the )?(?:year[ -]end(?:ed)?|end of)\b|\b(?:FY|fiscal(?: year)?)\s?'?(?:\d{2,4})?\b"
    r"|\b(?:amount|how (?:much|many)|usd|us dollars?|according to|based on)\b|\bin (?:thousands|millions|billions)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,])(?:FY|fy)?\s?((?:1[6-9]|20)\d\d)(?!\d|,\d)")
_SHORT_YEAR = re.compile(r"\b(?:FY|fiscal)\s?'?(\d\d)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pick:
    """`text` names the number with sign, unit, scale and column; `scale` is what a line above must prove."""

    text: str
    quantity: Quantity
    column: str = ""
    scale: str = ""


def main_question(text: str) -> str:
    """The sentence that asks, without instructions around it; all of it when none has a question mark."""
    asked = [part.strip() for part in re.findall(r"[^?]*\?", text) if part.strip()]
    if not asked:
        return text.strip()
    last = re.split(r"(?<=[.!:])\s+(?=\w)", asked[0])[-1]
    clause = _CLAUSE.search(last)
    last = clause[1] if clause else last
    return last if len(last.split()) >= 3 else asked[0]


def core(question: str) -> str:
    """Return what is asked about: the asking sentence without units, years and words about the form of the answer."""
    return " ".join(_FORM.sub(" ", main_question(question)).split())


def wants_number(question: str) -> bool:
    """Tell whether the question asks for a number; yes/no, who, why and where questions never do."""
    main = main_question(question)
    if _YES_NO.match(main) or _ASKS_ELSE.search(main):
        return False
    return bool(_ASKS_NUMBER.search(main) or _ASKS_NUMBER.search(question.replace(main, "")))


def may_be_number(question: str) -> bool:
    """Tell whether a number could answer: "what was net income" does not say so, but a row of that name is enough."""
    main = main_question(question)
    asks_else = _YES_NO.match(main) or _ASKS_ELSE.search(main)
    return not asks_else and bool(_ASKS_VALUE.search(main) or wants_number(question))


def is_yes_no(question: str) -> bool:
    return bool(_YES_NO.match(main_question(question)))


def must_compute(question: str, label: str) -> bool:
    """A ratio, an average, a change: read off only where a row says just that."""
    held = set(terms(label))
    if _ROUND.search(question):
        return True
    return any(not set(terms(word)) <= held for word in _COMPUTED.findall(main_question(question)))


def years(text: str) -> set[int]:
    found = {int(year) for year in _YEAR.findall(text)}
    return found | {2000 + int(year) for year in _SHORT_YEAR.findall(text)}


def pick_number(question: str, sentence: str) -> Pick | None:
    """Choose the one number of a sentence that fits what is asked, or none."""
    if must_compute(question, sentence):
        return None
    asked_values = {quantity.value for quantity in quantities(question)}
    found = [
        one
        for one in quantities(sentence)
        if one.value not in asked_values and not _NAMED.search(sentence[: one.start])
    ]
    if _RESPECTIVELY.search(sentence):
        return _respective(question, sentence, found)
    count = _COUNT.search(main_question(question))
    if count:
        return _counted(query_terms(count[1])[:2], sentence, found)
    if re.search(r"\b(?:what|which) year\b", main_question(question), re.IGNORECASE):
        fitting = [one for one in found if is_year(one)]
    elif _PERCENT.search(main_question(question)):
        fitting = [one for one in found if one.unit == "%"]
    elif _MONEY.search(main_question(question)):
        fitting = [one for one in found if one.unit not in ("", "%") or one.scale]
    else:
        fitting = [one for one in found if not is_year(one)]
    if len({one.full for one in fitting}) != 1:
        return None
    return Pick(_printed(sentence, fitting[0]), fitting[0])


def _respective(question: str, sentence: str, found: Sequence[Quantity]) -> Pick | None:
    """ "815, 795 and 782 at the end of 2021, 2020 and 2019, respectively": the number in the year's place."""
    asked = years(question)
    said = [int(year) for year in _YEAR.findall(sentence)]
    values = [one for one in found if not is_year(one) and not _DAY.search(sentence[: one.start])]
    if len(asked) != 1 or len(said) != len(values) or not asked <= set(said):
        return None
    one = values[said.index(asked.pop())]
    return Pick(_printed(sentence, one), one)


def _counted(nouns: Sequence[str], sentence: str, found: Sequence[Quantity]) -> Pick | None:
    """A number, in digits or words, that is followed within three words by what is counted."""
    options: list[tuple[str, Quantity]] = [
        (_printed(sentence, one), one) for one in found if not is_year(one) and one.unit == ""
    ]
    for start, value in word_numbers(sentence):
        word = re.match(r"[\w-]+", sentence[start:])
        text = word.group() if word else ""
        options.append((text, Quantity(value, "", "", start, start + len(text), text)))
    fitting = []
    for text, one in options:
        after = terms(" ".join(sentence[one.end :].split()[:3]))
        if any(noun in after for noun in nouns) and not _LISTED.search(sentence[: one.start]):
            fitting.append((text, one))
    if len({one.full for _, one in fitting}) != 1:
        return None
    return Pick(*fitting[0])


def _printed(sentence: str, quantity: Quantity) -> str:
    """The number as it stands there, with a unit of measure right behind it: "120 metres"."""
    number = " ".join(sentence[quantity.start : quantity.end].split()).strip("( ")
    behind = _NEXT_WORD.match(sentence, quantity.end)
    is_unit = behind is not None and kind_of(behind[1]) in ("quantity", "time")
    return f"{number} {behind[1]}" if behind and is_unit else number
