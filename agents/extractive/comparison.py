"""A question about several documents: whether each must be looked into, what each is asked, which of them has more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from catena.agents.citations.quantities import quantities
from catena.retrieval.text_analysis import terms

MAX_DOCUMENTS = 8
"""More are searched together, and the best passages of all are read at once."""
PAGES_EACH = 5
_OF_SEVERAL = re.compile(
    r"\b(?:compar\w+|differ\w*|versus|vs|both|each|respectively|across|between|over time|year over year|trends?"
    r"|chang\w+|develop(?:ed|s|ment)|evolv\w+|same|which (?:of the )?(?:compan|document|report|paper|stor|book)\w*"
    r"|(?:all|these|those|the (?:two|three|four|five|six|seven|eight))"
    r" (?:compan|document|report|paper|stor|book)\w*)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^\W*(?:please )?(?:compare|contrast)\b"
    r"|^\W*(?:what (?:is|are) )?(?:the )?(?:main |key )?differences?\b(?: in| of)?"
    r"|^\W*how (?:do|does|did)\b(?=.*\b(?:differ|compare)\b)",
    re.IGNORECASE,
)
_OF_EACH = re.compile(
    r"\b(?:each|both|respectively|versus|vs)\b|\b(?:all|these|those|across|the (?:two|three|four|five|six|seven|eight))"
    r" (?:the |of the |these |those )?(?:compan|document|report|paper|book|contract|agreement|lease|filing|polic|manual"
    r"|letter|stor)\w*",
    re.IGNORECASE,
)
_DIFFER = re.compile(r"\b(?:differ|compare)\b(?: in| with regard to| regarding)?", re.IGNORECASE)
_WHICH = re.compile(
    r"^\W*which\b.*?\b(?:has|have|had|is|are|was|were|pays?|earn(?:s|ed)?|reports?|sells?|employs?)\s+(?:the |a )?"
    r"(?P<way>more|most|greater|greatest|larger|largest|higher|highest|longer|longest|bigger|biggest|less|least|fewer"
    r"|fewest|smaller|smallest|lower|lowest|shorter|shortest|earlier|earliest|later|latest)\s+(?P<what>.+)",
    re.IGNORECASE,
)
_FEWER = "less least fewer fewest smaller smallest lower lowest shorter shortest earlier earliest"
_LESS = frozenset(_FEWER.split())
_DOCUMENTS = (
    r"(?:compan\w+|documents?|reports?|papers?|books?|contracts?|agreements?|leases?|filings?|polic\w+|manuals?"
    r"|letters?|stor\w+)"
)
_AMONG = re.compile(
    r",? \b(?:of|in|for|between|across|among|by|from) "
    rf"(?:(?:each|both|all|these|those)(?: of)?(?: (?:the|these|those))?(?: {_DOCUMENTS})?"
    rf"|the (?:(?:two|three|four|five|six|seven|eight) )?{_DOCUMENTS})(?=\W|$)"
    r"|,? respectively\b|\bthan (?:the )?others?\b",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"(?:^|\s)(?:between|of|in|for|and|or|versus|vs\.?|with|,)(?=\s*(?:and|or|,|of|\?|$))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """Answer of one document: its title, and the answer in a few words, if it has one."""

    title: str
    short: str


def asks_of_each(question: str, document_ids: Sequence[str]) -> bool:
    """Tell whether every document must be looked into: a few of them, and a question that compares."""
    is_few = 1 < len(document_ids) <= MAX_DOCUMENTS
    return is_few and (compares(question) or bool(_OF_SEVERAL.search(question)))


def compares(question: str) -> bool:
    """Tell whether a question wants something of each of several documents."""
    return any(pattern.search(question) for pattern in (_OPENING, _WHICH, _OF_EACH))


def part_asked(question: str, titles: Sequence[str]) -> str:
    """Return the question for each document: without comparing, and without the names of the documents."""
    text = question.strip()
    which = _WHICH.search(text)
    text = which["what"] if which else _DIFFER.sub(" ", _OPENING.sub("", text))
    for title in titles:
        text = _without_name(text, title)
    text = _AMONG.sub("", text)
    while (shorter := _JOINED.sub(" ", text)) != text:
        text = shorter
    text = re.sub(
        r"^(?:and|or|between|of|in|,)\s+", "", " ".join(text.split()).strip(" ,;:.?!"), flags=re.IGNORECASE
    )
    text = re.sub(r"^(?:their|its|his|her)\s+", "the ", text, flags=re.IGNORECASE)
    if not terms(text):
        return question
    is_noun = not re.match(
        r"(?:what|who|when|where|how|why|which|is|are|do|does|did|was|were)\b", text, re.IGNORECASE
    )
    return f"What is {text}?" if is_noun else f"{text}?"


def _without_name(text: str, title: str) -> str:
    """Leave out capitalised words that the title of a document has."""
    named = set(terms(title))
    return re.sub(
        r"\b[A-Z][\w’'&.-]*(?:\s+[A-Z][\w’'&.-]*)*",
        lambda match: "" if match.start() and set(terms(match.group())) <= named else match.group(),
        text,
    )


def side_by_side(question: str, parts: Sequence[Part]) -> str:
    """Say which document has more of what is asked, where numbers share a unit; else each answer in few words."""
    if not all(part.short for part in parts):
        return ""
    which = _WHICH.search(question)
    values = [quantities(part.short) for part in parts]
    if which and all(len(found) >= 1 for found in values):
        firsts = [found[0] for found in values]
        if len({(one.unit, bool(one.scale)) for one in firsts}) == 1 and len(
            {one.full for one in firsts}
        ) == len(firsts):
            pick = min if which["way"].lower() in _LESS else max
            return parts[pick(range(len(parts)), key=lambda at: firsts[at].full)].title
    return "; ".join(f"{part.title}: {part.short}" for part in parts)
