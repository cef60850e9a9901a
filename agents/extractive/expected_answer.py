"""Expected answer of a question: its kind, whether a text holds one of that kind, and the attribute asked for."""

from __future__ import annotations

import re
from typing import Literal

from catena.agents.citations.counted_numbers import calendar, figures
from catena.agents.citations.quantities import is_year, quantities, word_numbers
from catena.agents.citations.support_check import names
from catena.agents.extractive.numeric_question import core, is_yes_no, main_question
from catena.agents.extractive.synonyms import kind_of
from catena.retrieval.text_analysis import STOPWORDS, query_terms

Kind = Literal[
    "yes or no", "person", "time", "percent", "money", "count", "number", "place", "reason", "way", "thing"
]

_BE = r"(?:is|was|are|were)"
_SIZES = "long old far big large tall high deep heavy fast wide hot cold much".replace(" ", "|")
_MEASURED = "amount ratio rate temperature weight size length height speed score accuracy value total average".replace(
    " ", "|"
)
_PATTERNS: tuple[tuple[Kind, str], ...] = (
    ("reason", rf"\bwhy\b|\bwhat {_BE} the (?:main |primary )?(?:reasons?|causes?)\b|\bfor what reason\b"),
    ("person", r"\bwho(?:m|se)?\b"),
    (
        "time",
        r"\bwhen\b|\b(?:what|which) (?:year|month|day|date|time|quarter|century)\b|\bhow (?:often|long ago)\b",
    ),
    ("percent", r"\bpercent\w*|%|\bper cent\b|\b(?:what|which) (?:share|proportion|fraction)\b"),
    ("money", r"\bhow much\b.*\b(?:cost|pa(?:y|id)|sp(?:end|ent)|earn|charge|owe|worth|invest)|[$€£]"),
    ("money", r"\bin (?:usd?|us dollars|dollars|euros?|pounds)\b"),
    ("count", r"\bhow many\b|\bnumber of\b"),
    (
        "number",
        rf"\bhow (?:{_SIZES})\b|\b(?:what|which) (?:number|{_MEASURED})\b"
        rf"|\bwhat {_BE} the (?:[\w'’-]+ ){{0,3}}(?:{_MEASURED})\b",
    ),
    ("place", r"\bwhere\b|\b(?:what|which) (?:country|city|place|town|state|location|region|address)\b"),
    ("way", rf"\bhow (?:do|does|did|can|could|should|must|would|to|{_BE[3:-1]})\b"),
)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)
_REASON = re.compile(
    r"\b(?:because|since|as|therefore|thus|due to|so that|in order to|for|owing|result\w*|caus\w+|driven|to)\b",
    re.I,
)
_TIME_WORDS = re.compile(
    r"\b(?:morning|evening|night|noon|midnight|day|days|week|weeks|month|months|years?|hours?|o['’]clock|ago|until|quarter"
    r"|century|spring|summer|autumn|winter|annually|monthly|weekly|daily|once|twice|every)\b",
    re.IGNORECASE,
)
_AT = re.compile(
    r"\b(?:in|at|on|near|from|under|behind|inside|outside|into|to|beside|upon|between)\b", re.IGNORECASE
)
_CURRENCY = re.compile(
    r"[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY|dollars?|euros?|pounds?|francs?|yen|cents?|pence|crowns?)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_OPENING = frozenset(
    _WORD.findall(
        "what which who whom whose when where why how many much is are was were be do does did has have had can could"
        " should would will the a an of its their his her your our my this that kind type sort list name tell me"
    )
)
_ENDS = frozenset(
    _WORD.findall(
        "of in on at for by from to with and or that which who did does do is are was were has have had can could"
        " should would will during between under per as than"
    )
)
_QUALIFIERS = frozenset(
    _WORD.findall(
        "before after until without except instead again still never not other another else former previous next last"
        " first second third fourth fifth later earlier only both"
    )
)
_DEGREES = "more less fewer higher lower larger smaller bigger greater".replace(" ", "|")
_UTMOST = "most least highest lowest largest smallest biggest greatest fewest longest shortest".replace(
    " ", "|"
)
_COMPUTED = "average sum difference ratio growth change increase decrease turnover margin combined".replace(
    " ", "|"
)
_OF_MANY = re.compile(
    r"\bhow many\b.*\b(?:in total|altogether|combined|overall|are (?:there|listed|shown|mentioned)"
    r"|in the (?:document|report|paper|table|figure|chart))\b"
    r"|\b(?:list|enumerate|compare|summari[sz]e)\b|\bwhich (?:of|one of)\b|\bwhat are all\b"
    rf"|\b(?:{_DEGREES}) than\b|\b(?:{_UTMOST}|{_COMPUTED}|both|respectively|except|not)\b",
    re.IGNORECASE,
)


def kind_wanted(question: str) -> Kind:
    """The kind of answer, by the words that ask."""
    main = main_question(question)
    if is_yes_no(question):
        return "yes or no"
    found: Kind = next((kind for kind, pattern in _KINDS if pattern.search(main)), "thing")
    return "money" if found == "thing" and kind_of(head_word(question)) == "possession" else found


def holds_kind(kind: Kind, question: str, text: str) -> bool:
    """Tell whether a text holds something of that kind that the question does not say itself."""
    if kind == "person":
        return any(name.casefold() not in question.casefold() for name in names(f"x {text}"))
    if kind == "time":
        months, days = calendar(text)
        years = [one for one in quantities(text) if is_year(one) and one.digits not in question]
        return bool(months or days or years or _TIME_WORDS.search(text))
    if kind == "percent":
        return any(one.unit == "%" for one in quantities(text))
    if kind == "money":
        return bool(_CURRENCY.search(text)) and bool(quantities(text) or word_numbers(text))
    if kind in ("count", "number"):
        asked = {one.full for one in quantities(question)}
        found = [one for one in quantities(text) if not is_year(one) and one.full not in asked]
        return bool(found or word_numbers(text))
    if kind == "place":
        return bool(_AT.search(text))
    return kind != "reason" or bool(_REASON.search(text))


def attribute(question: str) -> str:
    """Return the noun asked for: "salary" in "What is the salary of the chief executive?"; else nothing."""
    words: list[str] = []
    for word in _WORD.findall(core(question)):
        lower = word.lower()
        if not words and lower in _OPENING:
            continue
        if lower in _ENDS:
            if words:
                break
            continue
        words.append(word)
    return " ".join(words[-3:]) if words and words[0].lower() not in STOPWORDS else ""


def head_word(question: str) -> str:
    """The last word of what is asked for."""
    return attribute(question).rpartition(" ")[2]


def is_of_many(question: str) -> bool:
    """Tell whether one quote seldom answers: what is counted, compared, computed or listed over several places."""
    return _OF_MANY.search(main_question(question)) is not None


def telling_terms(question: str) -> list[str]:
    """The terms of what is asked, each once."""
    return query_terms(core(question))


def qualifiers(text: str) -> set[str]:
    """The small words that change which of several things is meant: "before", "second", "without"."""
    return {word.lower() for word in _WORD.findall(text)} & _QUALIFIERS


def units_asked(question: str) -> set[str]:
    """The units that a question names for its answer: "how many tonnes", "in per cent"."""
    found = re.search(r"\bhow many ([^\W\d_]+)", question, re.IGNORECASE)
    return {one.unit for one in figures(f"2 {found[1]}")} - {""} if found else set()
