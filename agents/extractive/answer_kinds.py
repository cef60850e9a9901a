"""Kind of answer a question wants: a person, a place, a time, a number, yes or no, a reason, or what was done."""

from __future__ import annotations

import re
from typing import Literal

from catena.agents.extractive.numeric_question import is_yes_no, main_question

AnswerKind = Literal[
    "yes-no", "person", "person acted on", "place", "time", "duration", "count", "amount", "reason", "manner",
    "thing", "thing acted on", "deed", "being", "which",
]  # fmt: skip

_DO = r"(?:do|does|did|will|would|can|could|should|must|may|might|shall)(?:n['’]t| not)?"
_PATTERNS: dict[AnswerKind, str] = {
    "person acted on": rf"\bwhom\b|\bwho {_DO}\b|\b(?:to|for|with|by|from|of) who\b|\bwho\b.*\b(?:to|with|by|from)\W*$",
    "person": r"\bwho(?:se)?\b|\b(?:what|which) (?:person|man|woman|people)\b"
    r"|\bwhat(?:['’]s| is| was) the name of the (?:author|man|woman)\b",
    "place": r"\bwhere\b|\b(?:what|which) (?:place|city|country|town|state|region|village|county|street)\b",
    "time": r"\bwhen\b|\bhow (?:long ago|soon|late|early)\b"
    r"|\b(?:what|which) (?:fiscal )?(?:year|month|day|date|time|century|decade|quarter|season)\b",
    "duration": r"\bhow (?:long|often|old)\b|\bfor how many (?:years|months|days|weeks|hours)\b",
    "count": r"\bhow many\b|\bwhat (?:is|was) the (?:total )?number of\b",
    "amount": r"\bhow (?:much|far|big|large|tall|high|deep|heavy|fast|wide)\b"
    r"|\bwhat (?:percent\w*|proportion|share|amount|majority)\b",
    "reason": r"\bwhy\b|\bfor what (?:reason|purpose)\b|\bhow come\b",
    "manner": r"\bhow\b",
    "deed": rf"\bwhat {_DO}\b.*\b(?:do|say|happen|tell)\W*(?:to|about|with|when|after|if|for|\w+)?\b"
    r"|\bwhat happen(?:s|ed)\b",
    "thing acted on": rf"\bwhat {_DO}\b|\bwhat (?:has|have|had)\b",
    "being": r"\bwhat(?:['’]s| is| are| was| were)\b",
    "which": r"\b(?:what|which) (?:kinds? of |types? of |sorts? of )?\w+",
    "thing": r"\bwhat\b|\bwhich\b",
}
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS.items())


def kind_of_answer(question: str) -> AnswerKind | None:
    """The kind of thing that would answer; nothing where the question says nothing of it.

    The first word that asks counts: "What did she do when he came?" asks for no time.
    """
    if is_yes_no(question):
        return "yes-no"
    main = main_question(question)
    found = [(match.start(), kind) for kind, pattern in _KINDS if (match := pattern.search(main))]
    return min(found, key=lambda one: one[0])[1] if found else None
