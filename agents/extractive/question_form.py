"""Plain form of a question: contractions written out, courtesy and openings left away.

"Could you please tell me who's in charge?" asks what "who is in charge?" asks.
"""

from __future__ import annotations

import re

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
