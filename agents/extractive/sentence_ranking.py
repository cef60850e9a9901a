"""Ranking of sentences for a question: meaning, shared rare words, the kind of answer, its page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from catena.agents.candidates import Candidate, is_apparatus
from catena.agents.citations.quantities import is_year, quantities, word_numbers
from catena.agents.extractive.instructions import (
    asked_name,
    asks_for_steps,
    asks_how,
    asks_the_same,
    defines,
    heading_terms,
    is_command,
    is_instruction,
    is_under_term,
)
from catena.agents.extractive.numeric_question import core, wants_number
from catena.agents.extractive.synonyms import phrasings
from catena.retrieval.sentences import ends_sentence
from catena.retrieval.text_analysis import query_terms, terms

# Weights beside the cosine's 1.0, chosen on FairytaleQA's train stories (benchmarks/answers.py).
OWN = 0.4
AROUND = 0.5
KIND = 0.05
ROW = 0.2
NOTHING_NEW = -0.5
APPARATUS = -0.4
HEAD = -0.4
FRAGMENT = -0.3
STEP = 0.3
DEFINES, ENTRY = 0.3, 0.7
UNDER, INSTRUCTS, COMMAND = 0.4, 0.15, 0.3
"""A heading that asks the same; an order or advice; a line to type: chosen on bash's, git's and Debian's manuals."""
DESIGNATED = 0.8
FOLLOWS, NUM_BEHIND = 0.5, 6
DIRECT = 1.6
"""How much more a sentence counts there that begins with "yes" or "no"."""
SAME_QUESTION, LINE_WORDS = 0.6, 20
"""What stands behind a heading or a line that asks the same, as in lists of questions with their answers."""
RELATED, SAME_COSINE = 0.6, 0.9
"""Cosines of questions on one subject, and of one question in two wordings: chosen on Python's and Debian's FAQs."""
MIN_WORDS = 3
COMMON = 2.0
"""A name of such rarity or less (in an eighth of the passages or more) is the document's own subject."""
HINT = 0.15
PAGE = 0.3
CONTEXT_CHARACTERS = 240

_LISTED = re.compile(r"[•▪◦●■□✓➢]|\(?\d{1,2}[.)]\s")
_FIGURES = re.compile(r"[$€£¥(]*\d[\d.,]*[%)]*|[$€£¥—–]+(?=\s|$)")
_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|old|far|big|large|tall|high|often)\b|\bwhat (?:is|was|were|are) the (?:total |net )?"
    r"(?:number|amount|percentage|share|rate|ratio|price|cost|value|size)\b|\bwhat (?:percentage|percent|share)\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|month|day|date|time)\b", re.IGNORECASE)
_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_WHY = re.compile(r"\bwhy\b", re.IGNORECASE)
_REASON = re.compile(
    r"\b(?:because|since|therefore|due to|so that|in order to|for|owing|as a result|to)\b", re.I
)
_WHEN = re.compile(
    r"\b(?:1[5-9]\d\d|20\d\d|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morning|evening|night|day|days|year|years|month"
    r"|months|week|weeks|hour|hours|noon|o['’]clock|ago|until|till|quarter|century)\b",
    re.IGNORECASE,
)
_PROPER = re.compile(r"(?:[^\W_a-z]*[A-Z][\w-]*(?: (?:of|and|for|the) | |$))+")
_STATEMENT = re.compile(
    r"\bbalance sheet|\bcash flow|\bincome statement|\bstatements? of (?:income|operations|earnings|cash flows?)"
    r"|\bfinancial position|\bP&L\b|\bsegment\b|\bappendix \w+|\btable \w+|\bfigure \w+|\bchapter \w+|\bsection \w+",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"(?<=[\w,;:] )(?:[A-Z][\w'’]+|\d+[A-Z]+)")
_ASIDE = re.compile(
    r"\([^()]*\)|\b\d+(?:\.\d+)+\b|,? (?:net of|less) (?:accumulated|allowances?)\b.*"
    r"|,? (?:as (?:of|at) )?\w+ \d{1,2}, (?:19|20)\d\d\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(r"(?:yes|no)[,.;:!–—]", re.IGNORECASE)
_SPEECH = re.compile('["“”«»„]')
_KINDS = (_WHO, _TIME, _QUANTITY)
GENERIC = frozenset(terms("total other net subtotal amount balance sum"))
"""What alone names no row."""
_DESIGNATION = re.compile(
    r"\b(?:error|fault|code|number|no\.|article|clause|rule|item|step|note|level|port|pin|part|model|type|class|version)"
    r"\s+#?(\d[\w.-]*)\b(?! ?%)",
    re.IGNORECASE,
)
Idf = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Asked:
    """The core of a question in every phrasing, with their terms, the parts it points to ("in the balance sheet"),
    the number of the thing it asks about ("error 186"), and what it wants explained ("what is BERT"), if that is a
    name or not."""

    phrases: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    names: frozenset[str]
    hints: tuple[list[str], ...]
    designated: frozenset[str]
    wants_number: bool
    names_thing: bool
    defined: str

    @classmethod
    def of(cls, question: str) -> Asked:
        text = core(question)
        hints = tuple(terms(found.group()) for found in _STATEMENT.finditer(question))
        phrases = tuple(phrasings(text))
        names = frozenset(term for name in _CAPITAL.findall(f"x {text}") for term in terms(name))
        in_phrases = tuple(tuple(query_terms(phrase)) for phrase in phrases)
        designated = frozenset(terms(" ".join(_DESIGNATION.findall(text))))
        wants = wants_number(question)
        defined = asked_name(text)
        names_thing = bool(defined) and not wants and _PROPER.fullmatch(defined) is not None
        return cls(phrases, in_phrases, names, hints, designated, wants, names_thing, defined)

    def besides_subject(self, phrase: Sequence[str], idf: Idf) -> list[str]:
        """The terms without the name of what the whole document is about, which every row could claim."""
        rest = [term for term in phrase if term not in self.names or idf(term) > COMMON]
        return rest or list(phrase)

    def is_of(self, held: set[str], idf: Idf) -> bool:
        """Tell whether a text holds the number of the thing asked about, and few others do."""
        return any(term in held and idf(term) > COMMON for term in self.designated)


def hinted(asked: Asked, head: frozenset[str]) -> float:
    """1 on a page whose top names a part that the question points to ("in the balance sheet")."""
    return float(any(set(part) <= head for part in asked.hints))


def overlap(asked: Sequence[str], held: set[str], idf: Idf) -> float:
    """The share of the question's weight (rare terms weigh more) that the text holds."""
    total = sum(idf(term) for term in asked)
    return sum(idf(term) for term in asked if term in held) / total if total else 0.0


def by_words(asked: Asked, candidate: Candidate, idf: Idf) -> float:
    """Score shared words and the kind of answer."""
    if says_nothing_new(asked, candidate.text):
        return NOTHING_NEW
    if is_apparatus(candidate.text, candidate.heading) or is_question(candidate.text):
        return APPARATUS
    if candidate.kind == "row":
        if asked.wants_number and not _has_figure(asked, candidate.text):
            return HEAD
        if asked.names_thing and says_nothing_new(asked, own_text(candidate)):
            return NOTHING_NEW
        words = max(
            _row_by_words(asked.besides_subject(phrase, idf), candidate, idf) for phrase in asked.terms
        )
        words += ROW * asked.wants_number
        return words + DESIGNATED * asked.is_of(set(terms(candidate.text)), idf)
    own = set(terms(candidate.text))
    around = own | set(terms(f"{candidate.heading} {candidate.before}"))
    phrase = asked.terms[0]
    words = OWN * overlap(phrase, own, idf) + AROUND * overlap(phrase, around, idf)
    words += KIND * fits_kind(asked.phrases[0], candidate.text) + FRAGMENT * is_fragment(candidate.text)
    words += DESIGNATED * asked.is_of(own, idf)
    words += DEFINES * defines(asked.defined, candidate.text, candidate.before)
    words += ENTRY * is_under_term(asked.defined, candidate.text, candidate.before) if asked.defined else 0.0
    words += UNDER * asks_the_same(candidate.heading, phrase)
    return words + _as_step(asked, candidate, phrase, idf)


def _as_step(asked: Asked, candidate: Candidate, phrase: Sequence[str], idf: Idf) -> float:
    """Score a step or a command where somebody wants to do something, by the heading that names the task."""
    if not asks_how(asked.phrases[0]):
        return 0.0
    text = candidate.text
    near = overlap(phrase, set(terms(candidate.heading)), idf)
    worth = STEP * (1 + is_listed(text)) * near
    if asks_for_steps(asked.phrases[0]):
        about = overlap(phrase, {*terms(f"{candidate.heading} {candidate.before} {text}")}, idf)
        worth += about * (COMMAND * is_command(text) + INSTRUCTS * is_instruction(text))
        worth -= FRAGMENT * (is_command(text) and is_fragment(text))
    return worth


def _has_figure(asked: Asked, text: str) -> bool:
    """Tell whether a row holds more than the head of a table does: words and years."""
    figures = quantities(text)
    return bool(figures) and (bool(_TIME.search(asked.phrases[0])) or not all(map(is_year, figures)))


def _row_by_words(phrase: Sequence[str], candidate: Candidate, idf: Idf) -> float:
    """A row is its label: how much of the question it holds, and how little else."""
    label = label_terms(own_text(candidate))
    around = {*label, *terms(candidate.heading)}
    return OWN * overlap(phrase, around, idf) + AROUND * overlap(label, set(phrase), idf)


def is_listed(text: str) -> bool:
    """Tell whether a line is an item of a list."""
    return _LISTED.match(text) is not None


def is_fragment(text: str) -> bool:
    """Tell whether a line begins or ends within a sentence, or is a title; the items of a list are neither."""
    is_within = text[:1].islower() or text.isupper() or not ends_sentence(text)
    return is_within and not is_listed(text) or len(text.split()) < MIN_WORDS


def says_nothing_new(asked: Asked, text: str) -> bool:
    """A heading or label that repeats the question answers nothing."""
    new = {term for term in heading_terms(text) if len(term) > 1}.difference(*asked.terms)
    return not new


def is_question(text: str) -> bool:
    """Tell whether a line asks, as the headings of lists of questions with their answers do; speech does not count."""
    return text.rstrip().endswith("?") and not _SPEECH.search(text)


def same_question(question: str, line: str, cosine: float) -> float:
    """Measure how surely a line asks the same in other words; who, when or how much is another question than why."""
    kinds = [[kind.search(text) is not None for kind in _KINDS] for text in (question, line)]
    return min(1.0, max(0.0, (cosine - RELATED) / (SAME_COSINE - RELATED))) if kinds[0] == kinds[1] else 0.0


def behind_the_question(
    asked: Asked, found: Sequence[Candidate], alike_by_meaning: Mapping[int, float]
) -> list[float]:
    """Score how soon each candidate, in reading order, stands behind a line that asks the same: 1 for the first one.

    `alike_by_meaning`: of lines that are questions, by their place among the candidates, from 0 to 1.
    """
    near, step, same = [], NUM_BEHIND, 0.0
    for place, candidate in enumerate(found):
        alike = (
            asks_the_same(candidate.text, asked.terms[0])
            if len(candidate.text.split()) <= LINE_WORDS
            else 0.0
        )
        alike = max(alike, alike_by_meaning.get(place, 0.0))
        if alike >= SAME_QUESTION:
            step, same = 0, alike
            near.append(0.0)
            continue
        said = DIRECT if _YES_OR_NO.match(candidate.text) else 1.0
        near.append(said * same * (1 - step / NUM_BEHIND))
        step = NUM_BEHIND if place in alike_by_meaning else min(NUM_BEHIND, step + 1)
    return near


def label_terms(label: str) -> list[str]:
    """Return the terms of a row's label: no brackets, note numbers or dates; "other" counts: other debt is not debt."""
    name = _ASIDE.sub(" ", label)
    return [*query_terms(name), *with_other(name)] if name.strip() else query_terms(label)


def with_other(text: str) -> list[str]:
    """The stopword that tells one row from another."""
    return ["other"] if re.search(r"\bother\b", text, re.IGNORECASE) else []


def own_text(candidate: Candidate) -> str:
    """Return the text embedded for a candidate: of a row its words, because numbers say nothing to the embedder."""
    if candidate.kind == "row":
        return _FIGURES.sub(" ", candidate.text).strip() or candidate.text
    return candidate.text


def with_context(candidate: Candidate) -> str:
    """A row with its section; a sentence with the one before, which its pronouns may mean."""
    before = candidate.heading if candidate.kind == "row" else candidate.before[-CONTEXT_CHARACTERS:]
    return f"{before} {own_text(candidate)}".strip()


def fits_kind(question: str, text: str) -> float:
    """1 when the text holds the kind of thing asked for (a number, a time, a name, a reason), else 0."""
    if _TIME.search(question):
        return float(bool(_WHEN.search(text)))
    if _QUANTITY.search(question):
        return float(bool(quantities(text) or word_numbers(text)))
    if _WHO.search(question):
        return float(any(name.casefold() not in question.casefold() for name in _CAPITAL.findall(text)))
    if _WHY.search(question):
        return float(bool(_REASON.search(text)))
    return 0.0
