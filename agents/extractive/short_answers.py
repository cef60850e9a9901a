"""The answer in a few words, out of the sentence that was quoted: a name, a date, a number with its unit, yes or no.

Where it is not certain the short answer stays empty, and the sentence speaks for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.agents.extractive.answer_spans import best_stretch, kind_of_noun
from catena.agents.extractive.instructions import asks_for_steps, is_command
from catena.agents.extractive.numeric_question import main_question, pick_number, years
from catena.agents.extractive.passage_reader import PassageAnswer
from catena.agents.extractive.question_form import AnswerKind, kind_of_answer, plain_form
from catena.retrieval.text_analysis import STOPWORDS, query_terms, terms

MIN_SHARE = 0.7
"""Belief in a span of the sentence below which none is shown. Of those above it three in four are an accepted answer
to the letter (FairytaleQA's validation stories, of which every other question chose this)."""
MIN_COVERED = 0.5
"""Share of the question's words that the sentence must hold for that."""
LEARNED: frozenset[AnswerKind] = frozenset(
    ["person", "person acted on", "place", "reason", "manner", "deed", "thing acted on"]
)
"""Kinds that enough questions were learned from."""
MAX_WORDS = 12
TOLD: frozenset[AnswerKind] = frozenset(["person", "person acted on", "place", "time", "duration"])
"""Kinds of which the passage reader marks what is to be said: of numbers it marks too much, of things too little."""
SURE = 8.0
"""Margin from which on what the passage reader marks is shown as the answer: of unseen stories, and of sets that it was
not trained on, 17 of 18 such spans were an accepted answer; of nine short answers that it did not mean, none.
"""
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:1[0-9]|20)\d\d"
_DATE = re.compile(
    rf"\b\d{{1,2}}(?: ?(?:st|nd|rd|th))?(?: day)?(?: of)? {_MONTH},?(?: {_YEAR}\b)?"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:, ?{_YEAR}\b| {_YEAR}\b)?"
    rf"|\b{_MONTH},? (?:of )?{_YEAR}\b|\b{_YEAR}-[01]\d-[0-3]\d\b|\b[0-3]?\d[./][01]?\d[./]{_YEAR}\b"
    rf"|\b(?:fiscal |FY ?)?{_YEAR}\b(?![.,]?\d|%| ?(?:million|billion|euro|dollar))"
)
_ONLY_YEAR = re.compile(rf"\b{_YEAR}\b")
_SMALL = "one|two|three|four|five|six|seven|eight|nine"
_ONE = (
    rf"(?:\d+(?:[.,]\d+)*|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:{_SMALL}))?|{_SMALL}"
    r"|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|an?|hundred|several|half an?)"
)
_DURATION = re.compile(
    rf"(?<![-\w]){_ONE}(?: (?:and|to|or) {_ONE})?(?: hundred| thousand)?(?: \(\d+\))?[ -]"
    r"(?:whole |full |calendar |business |working )?"
    r"(?:second|minute|hour|day|night|week|fortnight|month|quarter|year|decade|centur(?:y|ie))s?\b(?: and a half)?",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"\b\d+(?:[.,]\d+)*(?: ?%| per ?cent\b| percent\b)|\b\d+:\d+\b", re.IGNORECASE)
_NAME_WORD = r"(?:[A-Z][\w’'-]*[a-z][\w’'-]*|[A-Z]\.(?:[ -]?[A-Z]\.)*|[A-Z]{2,}(?=[ ,.]|$))"
_NAME = re.compile(
    rf"\b(?:(?:Mr|Mrs|Ms|Dr|Prof|Sir|Lord|Lady|Rev)\.? )?{_NAME_WORD}"
    rf"(?: (?:(?:van|von|der|den|de|del|della|da|di|du|la|le|bin|ibn|al|ter|ten|y) )*{_NAME_WORD}){{1,4}}"
    r"(?:,? (?:Jr|Sr|I{2,3}|IV)\b\.?)?"
)
_FIRM = re.compile(
    r"\b(?:Inc|Incorporated|Corp|Corporation|Co|Company|Ltd|Limited|LLC|LLP|PLC|plc|GmbH|AG|SA|NV|BV|Group|Holdings"
    r"|Bank|University|Universität|Institute|Committee|Board|Department|Ministry|Association|Foundation|Court|Act"
    r"|Agreement|Section|Article|Exhibit|Note|Item|Form|Part|Chapter|Table|Figure|States|Kingdom)\b"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|without|nobody|nothing|none)\b|n['’]t\b", re.IGNORECASE
)
_HEDGE = re.compile(
    r"\b(?:if|unless|except|may|might|could|perhaps|possibly|probably|seems?|appears?|however|but|although|though"
    r"|whether|only|would|should|provided|until|sometimes|partly|some)\b|\?",
    re.IGNORECASE,
)
_SAID = re.compile(r"\W*(yes|no)\b[,.!;:]", re.IGNORECASE)
_STANDS_FOR = re.compile(
    r"\bwhat (?:does|do|did) (?:the (?:acronym|abbreviation|term|name|letters|initials) )?"
    r"[\"“']?(?P<name>[\w-]+)[\"”']? (?:stand for|mean)\b"
    r"|\bwhat is [\"“']?(?P<short>[A-Z]{2,})[\"”']? (?:short|an? (?:acronym|abbreviation)) (?:for|of)\b",
    re.IGNORECASE,
)


def short_answer(question: str, quote: str, *, is_row: bool = False) -> str:
    """Return a quote's answer in a few words, by the kind of answer that is wanted; nothing where that is unsure."""
    question = plain_form(question)
    kind = kind_of_answer(question)
    meaning = _STANDS_FOR.search(question)
    if meaning:
        return stands_for(meaning["name"] or meaning["short"], quote)
    if kind is None:
        return ""
    if kind == "yes-no":
        return yes_or_no(question, quote)
    if kind == "manner" and asks_for_steps(question):
        return quote.strip(" $#>") if is_command(quote) else ""
    found = _by_shape(kind, question, quote)
    asked = frozenset(query_terms(main_question(question)))
    if found or is_row or kind not in LEARNED or len(asked & set(terms(quote))) < MIN_COVERED * len(asked):
        return found
    best = best_stretch(kind, quote, asked)
    return best.text if best and best.share >= MIN_SHARE else ""


def agreed(question: str, short: str, read: PassageAnswer | None) -> str:
    """A short answer if the passage reader means the same; if not, what that is very sure of, or nothing."""
    question = plain_form(question)
    if read is None or kind_of_answer(question) == "yes-no" or asks_for_steps(question):
        return short
    if short and set(terms(short)) & set(terms(read.text)):
        return short
    is_sure = kind_of_answer(question) in TOLD and read.margin >= SURE
    return read.text.strip(" .,;:()[]") if is_sure and len(read.text.split()) <= MAX_WORDS else ""


def _by_shape(kind: AnswerKind, question: str, quote: str) -> str:
    if kind in ("person", "person acted on"):
        found = [one for one in names(quote) if not _is_asked(one, question)]
        return found[0] if len(found) == 1 else ""  # which of several has the role, no nearness tells
    if kind == "time":
        return date(question, quote)
    if kind == "duration":
        return _nearest(question, quote, _found(_DURATION, quote))
    if kind in ("count", "amount"):
        pick = pick_number(question, quote)
        return (
            pick.text
            if pick
            else _nearest(question, quote, _found(_PERCENT, quote))
            if kind == "amount"
            else ""
        )
    return ""


def names(text: str) -> list[str]:
    """The names of persons in a text, by their shape: two to five capitalised words, no firm, no office."""
    found = []
    for match in _NAME.finditer(text):
        words = match.group().split()
        while words and (words[0].lower() in STOPWORDS or (_is_office(words[0]) and len(words) > 2)):
            words.pop(0)
        while words and _is_office(words[-1].rstrip(",.")):
            words.pop()
        name = " ".join(words)
        if len(words) > 1 and not _FIRM.search(name) and not any(map(_is_office, words)):
            found.append(name)
    return list(dict.fromkeys(found))


def _is_office(word: str) -> bool:
    """Tell whether a word names what somebody is ("Director", "Chief")."""
    plain = word.strip(".,").lower()
    return kind_of_noun(plain) == "person" or plain in _OF_OFFICES


_OFFICES = """
    chief executive financial operating accounting vice senior general managing assistant principal legal technology
"""
_OF_OFFICES = frozenset(_OFFICES.split())
"""Before the noun of an office: no part of a name."""


def date(question: str, quote: str) -> str:
    """The date of a sentence that is no part of the question; the year alone where a year is asked."""
    asked = years(question)
    found = [one for one in _found(_DATE, quote) if not years(one) or not years(one) <= asked]
    if re.search(r"\b(?:what|which) (?:fiscal )?year\b", question, re.IGNORECASE):
        found = [year.group() for one in found if (year := _ONLY_YEAR.search(one))]
    return _nearest(question, quote, list(dict.fromkeys(found)))


def yes_or_no(question: str, quote: str) -> str:
    """Yes or no where the quote says just what is asked, or denies just that; nothing where it says more or less."""
    said = _SAID.match(quote)
    if said:
        return said[1].capitalize()
    main = main_question(question)
    if not set(query_terms(main)) <= set(terms(quote)) or _HEDGE.search(quote):
        return ""
    asked, told = len(_NEGATION.findall(main)), len(_NEGATION.findall(quote))
    if asked or told > 1:
        return ""
    return "No" if told else "Yes"


def stands_for(short: str, text: str) -> str:
    """Expand an abbreviation: "Long Form (LF)" (Schwartz and Hearst, 2003), "LF stands for long form"."""
    told = re.search(
        rf"\b{re.escape(short)}\b[\"”’']? (?:stands for|is short for|is an? (?:acronym|abbreviation) (?:for|of)|means)"
        r" [\"“‘']?(?P<long>[^.;:,()]{3,80})",
        text,
        re.IGNORECASE,
    )
    if told:
        return told["long"].strip(" \"“”‘’'")
    for pattern in (
        rf"(?P<long>(?:[\w’'-]+[ -]){{1,{len(short) + 3}}})\({re.escape(short)}s?\)",
        rf"\b{re.escape(short)} \((?P<long>[^()]{{3,80}})\)",
        rf"\b{re.escape(short)}[,:—–-]+ (?:the )?(?P<long>[^.;:,()]{{3,80}})",
    ):
        for match in re.finditer(pattern, text):
            long = _long_form(short, match["long"])
            if long:
                return long
    return ""


def _long_form(short: str, before: str) -> str:
    """The shortest ending of `before` that holds the letters in order, the first at a word's beginning."""
    at = len(before) - 1
    for place in range(len(short) - 1, -1, -1):
        letter = short[place].lower()
        if not letter.isalnum():
            continue
        while at >= 0 and (
            before[at].lower() != letter or (place == 0 and at > 0 and before[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return ""
        at -= 1
    return before[at + 1 :].strip(" -,")


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match.group().strip() for match in pattern.finditer(text)))


def _is_asked(name: str, question: str) -> bool:
    return not set(terms(name)) - set(terms(question))


def _nearest(question: str, quote: str, found: Sequence[str]) -> str:
    """Of several the one nearest to the question's words; nothing where two are as near."""
    if len(found) < 2:
        return found[0] if found else ""
    wanted = set(query_terms(question))
    places = [
        match.span() for match in re.finditer(r"\w+", quote) if not wanted.isdisjoint(terms(match.group()))
    ]
    if not places:
        return ""

    def gap(one: str) -> int:
        start = quote.index(one)
        end = start + len(one)
        outside = [span for span in places if span[1] <= start or span[0] >= end]
        return min((start - last if last <= start else first - end for first, last in outside), default=10**6)

    ranked = sorted((gap(one), one) for one in found)
    return ranked[0][1] if ranked[0][0] < ranked[1][0] else ""


def named_alone(statement: str, quote: str) -> str:
    """The number out of a statement that names one: before the row's label, or before the sentence."""
    if statement.endswith(f". {quote}"):
        return statement[: -len(quote) - 2]
    return statement.split(": ", 1)[0]
