"""A reply that names no passage and says that nothing answers, or that the model will not: in many languages."""

from __future__ import annotations

import re
from functools import cache

from catena.agents.word_lists import by_language
from catena.retrieval.sentences import sentence_spans

NOT_FOUND = "NOT IN THE DOCUMENT"
"""What the prompt asks for when the passages do not answer."""
UNSPACED = ("zh", "ja", "ko", "th")
"""Languages whose words stand together, or carry endings that no list holds."""
MAX_SENTENCES = 3
"""A longer reply that names no passage is an answer."""
_ENGLISH = re.compile(
    r"^(?:(?:i['’]?m |i am )?sorry,?\s+(?:but\s+)?|unfortunately,?\s+|based on [^,]{,60},\s+)*"
    r"(?:(?:none of )?the (?:given |provided |above )*(?:passages?|documents?|texts?|context|evidence)"
    r" (?:do(?:es)? not|don['’]t|doesn['’]t|did not) (?:directly |explicitly |clearly )?"
    r"(?:mention|state|say|contain|provide|specify|answer|give|discuss|address|indicate|disclose|have)"
    r"|there is (?:no|not enough|insufficient) (?:information|mention|evidence)"
    r"|no (?:relevant )?(?:information|passage)"
    r"|none of the (?:given |provided )*passages|(?:it|this|that) is not (?:stated|mentioned|specified)"
    r"|i (?:cannot|could not|can['’]t|couldn['’]t) (?:find|answer|determine)"
    r"|not (?:stated|mentioned|specified|found|available|in the))\b",
    re.IGNORECASE,
)


def opens_with_not_found(answer: str) -> bool:
    """Tell whether the phrase of the prompt opens an answer, in whatever dress."""
    opening = re.sub(r"[^a-z ]", "", " ".join(answer.casefold().split()))[: len(NOT_FOUND) + 20].strip()
    return opening.startswith((NOT_FOUND.casefold(), "the answer is not in the document", "unanswerable"))


def denies(answer: str) -> bool:
    """Tell whether an answer that names no passage says that the passages do not answer."""
    plain = " ".join(answer.split())
    if _ENGLISH.match(plain):
        return True
    first = _first(plain)
    return any(
        (_has("text", language, first) or _has("information", language, first))
        and _has("negation", language, first)
        and _has("says", language, first)
        for language in by_language("says")
    )


def declines(answer: str) -> bool:
    """Tell whether an answer that names no passage says that the model will not answer."""
    first = _first(" ".join(answer.split()))
    return any(
        _has("itself", language, first)
        or (
            _has("unable", language, first)
            and _has("help", language, first)
            and _has("negation", language, first)
        )
        for language in by_language("help")
    )


def _first(answer: str) -> str:
    """The first sentence that says something, folded; nothing of an answer that is long."""
    spans = sentence_spans(answer)
    if not spans or len(spans) > MAX_SENTENCES:
        return ""
    return " ".join(answer[start:end] for start, end in spans[:2]).casefold().replace("’", "'")


def _has(meaning: str, language: str, text: str) -> bool:
    found = _pattern(meaning, language)
    return bool(found and found.search(text))


@cache
def _pattern(meaning: str, language: str) -> re.Pattern[str] | None:
    words = by_language(meaning).get(language, frozenset())
    if not words:
        return None
    parts = sorted((re.escape(word).replace(r"\*", r"\w*") for word in words), key=len, reverse=True)
    if language in UNSPACED:
        return re.compile("|".join(part.removesuffix(r"\w*") for part in parts))
    return re.compile(
        "|".join(rf"(?<!\w){part}" + ("" if part.endswith("'") else r"(?!\w)") for part in parts)
    )
