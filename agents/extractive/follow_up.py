"""A follow-up question made whole by rules: "And for taxis?" takes the question before, with taxis in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from catena.agents.citations.quantities import is_year, quantities
from catena.agents.extractive.answer_spans import kind_of_noun
from catena.agents.extractive.question_form import plain_form
from catena.agents.extractive.short_answers import names
from catena.retrieval.text_analysis import STOPWORDS

_OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|or|ok(?:ay)?|then|now)\b,?\s*)*(?:(?:what|how) about\b|what of\b)?\s*",
    re.IGNORECASE,
)
_WH = re.compile(
    r"^(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|has|have|had|can|could|will|would"
    r"|should|shall|may|might|must|list|name|give|tell|show|explain|describe|define|compare|summari[sz]e)\b",
    re.IGNORECASE,
)
_PREPOSITION = (
    r"(?:about|after|against|among|at|before|between|by|during|for|from|in|of|on|over|per|since|to|under|with"
    r"|without)"
)
_OWN_PREPOSITION = re.compile(rf"^(?P<word>{_PREPOSITION})\b\s+(?P<rest>.+)$", re.IGNORECASE)
_PERSONAL = re.compile(r"\b(?P<word>he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
_THING = re.compile(r"\b(?P<word>it|its|itself|they|them|their|theirs|themselves)\b", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:this|that|these|those|the former|the latter)"
    r"(?=\W*$| (?:is|are|was|were|do|does|did|has|have|had|can|will|mean|one)\b)"
    r"|\b(?:the same|that one|this one)\b|\b(?:else|instead)\b(?=\W*$)|\bwho else\b|\bwhat else\b",
    re.IGNORECASE,
)
_NAMED_THING = re.compile(
    r"\b(?:[Tt]he|[Aa]n?|this|that|these|those|our|your|my|each|every|any|some|all)\s+\w+|\b[A-Z][\w’'-]+"
)
_VERBAL = re.compile(
    r"\s+(?:is|are|was|were|be|do|does|did|has|have|had|can|could|will|would|may|might|must|shall)\b"
)
_REQUEST = re.compile(
    r"^\W*(?:who|whom|whose|what|which|when|where|why|how(?: (?:many|much|long|often|far|old))?)\b"
    r"|^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must)\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must)\b",
    re.IGNORECASE,
)
_POSSESSIVE = frozenset({"his", "her", "its", "their"})
_THING_PHRASE = re.compile(
    rf"(?:\b(?:the|an?|this|that|our|your|my|each|every|all)\s+[\w’'-]+(?:\s+[\w’'-]+)*?)(?=\s+{_PREPOSITION}\b|\W*$)",
    re.I,
)
_OF_PHRASE = re.compile(r"\s+of\s+(?:(?:the|an?|this|that|our|your|my)\s+)?[\w’'-]+(?:\s+[A-Z][\w’'-]+)*")
MIN_WORDS = 1
"""A question of fewer words of its own, as "why?", leans on the one before."""


@dataclass(frozen=True, slots=True)
class Said:
    """The question before in its whole form, and its answer in a few words, if it had one."""

    question: str
    short: str = ""


def leans(question: str) -> bool:
    """Tell whether a question can hardly be understood without the one before."""
    text = plain_form(question)
    opened = _OPENING.match(text)
    rest = text[opened.end() :] if opened else text
    if rest != text and not _WH.match(rest):
        return True
    if _is_ellipsis(rest) or _POINTING.search(rest):
        return True
    own = [word for word in re.findall(r"\w+", rest.casefold()) if word not in STOPWORDS]
    return len(own) < MIN_WORDS or any(not _has_antecedent(rest, one.start()) for one in _pronouns(rest))


def resolved(question: str, before: Said) -> str:
    """The follow-up as a question of its own, nothing where the rules do not tell how."""
    text = plain_form(question)
    opened = _OPENING.match(text)
    rest = text[opened.end() :].strip() if opened else text
    if not rest.strip(" ?.!"):
        return ""
    if not _WH.match(rest):
        if _pronouns(rest):
            named = _with_names(rest.strip(" ?.!"), before)
            return f"What is {named}?" if named else ""
        return _replaced(rest.strip(" ?.!"), before.question)
    return _with_names(rest, before)


def _pronouns(text: str) -> list[re.Match[str]]:
    found = [*_PERSONAL.finditer(text), *_THING.finditer(text)]
    return [one for one in found if not _is_empty_it(text, one)]


def _is_empty_it(text: str, one: re.Match[str]) -> bool:
    """ "Is it possible to ...", "how long does it take": an "it" that means nothing said before."""
    after = text[one.end() :]
    return one["word"].lower() == "it" and bool(
        re.match(
            r"\s+(?:possible|necessary|allowed|required|true|legal|take|takes|mean|means|cost|costs|worth)\b",
            after,
        )
    )


def _has_antecedent(text: str, at: int) -> bool:
    """Tell whether a name or thing that a pronoun could mean stands before it in the question itself."""
    before = _REQUEST.sub(" ", text[:at])
    return _NAMED_THING.search(before) is not None or any(
        kind_of_noun(word) not in (None, "time") for word in re.findall(r"\w+", before)
    )


def _is_ellipsis(text: str) -> bool:
    """Tell whether a question is no more than a preposition and a thing: "for taxis?", "in 2019?"."""
    return _OWN_PREPOSITION.match(text) is not None and not re.search(
        r"\b(?:who|what|which|when|where|how|is|are|was|were|do|does|did)\b", text, re.IGNORECASE
    )


def _replaced(part: str, question: str) -> str:
    """The question with its part of the same kind replaced: a year by a year, "for X" by "for Y", a name by a name."""
    asked = question.rstrip(" ?.!")
    own = _OWN_PREPOSITION.match(part)
    if own:
        same = list(re.finditer(rf"\b{own['word']}\b\s+(?P<rest>.+?)(?=\s+{_PREPOSITION}\b|$)", asked, re.I))
        fitting = [one for one in same if _sort(one["rest"]) == _sort(own["rest"])] or same
        if fitting:
            return f"{asked[: fitting[-1].start()]}{part}{asked[fitting[-1].end() :]}?"
        return f"{asked} {part}?"
    years = [one for one in quantities(asked) if is_year(one)]
    if _sort(part) == "year" and years:
        return f"{asked[: years[-1].start]}{part}{asked[years[-1].end :]}?"
    place = _place_of(part, asked)
    return f"{asked[: place[0]]}{part}{asked[place[1] :]}?" if place else ""


def _sort(part: str) -> str:
    """Class of a part of a question, as far as its looks say."""
    bare = part.strip()
    if re.fullmatch(r"(?:the )?(?:fiscal )?(?:year )?(?:FY ?)?(?:19|20)\d\d", bare, re.IGNORECASE):
        return "year"
    if re.match(r"(?:the|an?|this|that|our|your|my)\s", bare, re.IGNORECASE):
        return "definite"
    return "name" if bare[:1].isupper() else "bare"


def _place_of(part: str, asked: str) -> tuple[int, int] | None:
    """Place in the question of the thing of the same looks, the last one if there are several."""
    opened = _REQUEST.match(asked)
    start = opened.end() if opened else 0
    sort = _sort(part)
    if sort == "name":
        found = list(re.finditer(r"\b[A-Z][\w’'-]*(?:\s+(?:of\s+)?[A-Z][\w’'-]*)*", asked[start:]))
    elif sort == "definite":
        found = list(_THING_PHRASE.finditer(asked[start:]))
        found = found[:1]  # what is asked for comes before what it is of
    else:
        found = list(
            re.finditer(
                rf"(?<=\b)(?:{_PREPOSITION})\s+(?P<rest>[a-z][\w’'-]*(?:\s+[a-z][\w’'-]*)*)$", asked[start:]
            )
        )
        if found:
            return start + found[-1].start("rest"), start + found[-1].end("rest")
        words = list(re.finditer(r"[\w’'-]+", asked[start:]))
        found = [one for one in words if one.group().casefold() not in STOPWORDS][-1:]
    return (start + found[-1].start(), start + found[-1].end()) if found else None


def _with_names(text: str, before: Said) -> str:
    """The question with each pronoun that means something said before replaced by it."""
    person, thing = _person(before), subject(before.question)
    changed = text
    for one in sorted(_pronouns(text), key=lambda match: -match.start()):
        word = one["word"].lower()
        meant = person if _PERSONAL.fullmatch(word) else thing
        if not meant or _has_antecedent(text, one.start()):
            continue
        is_owner = word in _POSSESSIVE and not (
            word == "her" and not re.match(r"\s+[a-z]", text[one.end() :])
        )
        changed = f"{changed[: one.start()]}{meant}{'’s' if is_owner else ''}{changed[one.end() :]}"
    return changed if changed != text else ""


def _person(before: Said) -> str:
    """Person whom "he" or "she" means: who was answered, else the last person that the question names."""
    short = before.short
    if short and (
        names(short) or (short[:1].isupper() and len(short.split()) <= 4 and not any(map(str.isdigit, short)))
    ):
        return short
    if short and any(kind_of_noun(word) == "person" for word in short.split()):
        return short
    named = names(before.question) or re.findall(r"(?<=[a-z] )[A-Z][\w’'-]+", before.question)
    return named[-1] if named else subject(before.question)


def subject(question: str) -> str:
    """Return the subject of a question: "the fee" of "What is the fee?", "the mill" of "Who sold the mill?"."""
    text = plain_form(question).rstrip(" ?.!")
    rest = _REQUEST.sub("", text, count=1).strip()
    is_copula = (
        re.match(r"\W*(?:who|what|which|where|how (?:much|many))?\s*(?:is|are|was|were)\b", text, re.I)
        is not None
    )
    rest = _AUXILIARY.sub("", rest, count=1).strip()
    named = re.search(
        r"\b(?:the|an?|this|that|our|your|my)\s+.+|\b[A-Z][\w’'-]*(?:\s+(?:of\s+)?[A-Z][\w’'-]*)*", rest
    )
    if named is None:
        return ""
    whole = _VERBAL.split(named.group())[0]
    if is_copula and not re.search(
        r"\w+(?:ed|en)$|\b(?:sold|made|built|held|paid|set|done|found|kept)$", whole
    ):
        return whole
    first = _THING_PHRASE.match(whole) or re.match(r"[\w’'-]+(?:\s+[A-Z][\w’'-]*)*", whole)
    words = (first.group() if first else whole).split()
    while len(words) > 2 and re.search(
        r"(?:ed|en)$|^(?:sold|made|built|held|paid|set|done|found|kept|come|go|get)$", words[-1]
    ):
        words.pop()
    belongs = _OF_PHRASE.match(whole, first.end()) if first else None
    return " ".join(words) + (belongs.group() if belongs else "")
