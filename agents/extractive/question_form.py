"""Form of a question: the kind of answer it wants, and its plain form, without contractions, courtesy and openings.

"Could you please tell me who's in charge?" asks what "who is in charge?" asks.
"""

from __future__ import annotations

import re
from typing import Literal

from catena.agents.extractive.numeric_question import is_yes_no, main_question

_ASKING = r"what|who|where|when|how|why|which|that|there|here|it|he|she"
_SHORTENED = [
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (rf"\b({_ASKING})['’]s\b", r"\1 is"),
        (
            r"\b(what|who|where|when|how)s\b(?= (?:the|this|that|an?|in|on|it|your|our|their|his|her)\b)",
            r"\1 is",
        ),
        (r"\b(\w+)['’]re\b", r"\1 are"),
        (r"\b(I)['’]m\b", r"\1 am"),
        (r"\b(\w+)['’]ve\b", r"\1 have"),
        (r"\b(\w+)['’]ll\b", r"\1 will"),
        (r"\b(\w+)['’]d\b(?= (?:like|love|want|be|have)\b)", r"\1 would"),
        (r"\b(who|what|where|how|why)['’]d\b", r"\1 did"),
        (r"\bcan['’]t\b", "cannot"),
        (r"\bwon['’]t\b", "will not"),
        (r"\bshan['’]t\b", "shall not"),
        (r"\b(\w+)n['’]t\b", r"\1 not"),
    )
]
_PLEASE = r"(?:,? ?(?:please|kindly|perhaps|maybe|possibly|just|quickly|briefly),? ?)*"
_ME = r"(?: (?:to )?(?:me|us))?"
_ASKED = "(?=what|who|where|when|how|why|which|whether|if|whose|whom|about)"
_OPENINGS = (
    r"(?:hi|hello|hey|dear \w+|good (?:morning|afternoon|evening|day))(?: (?:there|all|everyone))?\s*[,.!:–—-]\s*",
    r"(?:so|well|ok|okay|now|also|oh|right|please|kindly)\b[,:]?\s+(?=\w)",
    rf"(?:can|could|would|will) (?:you|anyone|somebody|someone){_PLEASE} ?(?:help{_ME} (?:to )?)?"
    rf"(?:tell|show|explain|let|find|find out|say|clarify|look up|check|understand|know|remind){_ME}"
    rf"(?: know| understand)?(?: about)?,?{_PLEASE}:?\s+(?:{_ASKED}|(?=the))",
    rf"(?:can|could|would|will) you{_PLEASE} ?"
    r"(?=(?:explain|describe|list|name|outline|recap|compare|sum(?:mari[sz]e)?)\b)",
    rf"{_PLEASE}(?:tell|show|let) (?:me|us)(?: know| understand)?,?{_PLEASE}:?\s+{_ASKED}",
    r"(?:I|we)(?: would|['’]d)?(?: (?:really|just|also))? (?:like|love|want|need|wish|have|try|am trying|are trying)"
    r" to (?:know|understand|find out|learn|ask|see|hear)(?: (?:you|from you))?(?: about)?[,:]?\s+(?=\w)",
    r"(?:I|we) (?:am|are|was|were)(?: just)? (?:wondering|curious|interested|asking)(?: (?:to know|about|in))?"
    r"[,:]?\s+(?=\w)",
    rf"I (?:do not|don['’]t) (?:know|understand|see)\s+{_ASKED}",
    r"do(?:es)? (?:you|anyone|anybody|someone) (?:happen to )?(?:know|remember|see)[,:]?\s+(?=\w)",
    r"(?:do you have |have you got )?(?:any|an) idea(?: of| about)?[,:]?\s+(?=\w)",
    r"(?:my|the|one|another|a|quick) (?:quick )?question(?: is| here is)?[,:]\s*",
)
_OPENING = re.compile(rf"^\W*(?:{'|'.join(_OPENINGS)})", re.IGNORECASE)
_CLOSING = re.compile(  # each looked for once in a run of marks, or a row of dots costs the square of its length
    r"(?<![\s,;.–—-])[\s,;.–—-]++(?:please|kindly|thanks|thank you|cheers|many thanks)"
    r"(?: (?:in advance|very much|so much|a lot))?(?=\W*$)"
    r"|(?<![\s,;])[\s,;]++if (?:you (?:can|could|know|do not mind|don['’]t mind)|possible|at all possible)(?=\W*$)"
    r"|(?<![\s,;])[\s,;]++(?:do you know|can you tell(?: me)?|could you tell(?: me)?|would you know)(?=\W*$)",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"(?<=\w),? (?:please|kindly)\b,?(?= \w)", re.IGNORECASE)
_WHAT = re.compile(r"\w")


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


def plain_form(question: str) -> str:
    """The same question put plainly; unchanged where nothing but its form would be left."""
    text = " ".join(question.split())
    for pattern, full in _SHORTENED:
        text = pattern.sub(full, text)
    while (shorter := _without(text)) != text:
        text = shorter
    return text


def _without(text: str) -> str:
    """Leave out one opening, and what is said behind the question."""
    opened = _OPENING.sub("", text, count=1)
    shorter = _INSIDE.sub("", _CLOSING.sub("", opened if _WHAT.search(opened) else text))
    return shorter if _WHAT.search(shorter) else text


def kind_of_answer(question: str) -> AnswerKind | None:
    """The kind of thing that would answer; nothing where the question says nothing of it.

    The first word that asks counts: "What did she do when he came?" asks for no time.
    """
    if is_yes_no(question):
        return "yes-no"
    main = main_question(question)
    found = [(match.start(), kind) for kind, pattern in _KINDS if (match := pattern.search(main))]
    return min(found, key=lambda one: one[0])[1] if found else None
