"""Text as search terms: the one analysis that documents and questions share, in any script."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain

import Stemmer

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0970-\u0dff\u0f00-\u0fff"
)
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
_RUN = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    r"|(?P<number>\d+(?:[.,'\u2019]\d+)*(?![^\W_]))"
    rf"|(?P<word>(?:(?![{_UNSPACED}])[^\W_]|[{_MARKS}])+)"
)
_RAISED = re.compile(r"([^\W\d_⁰¹²³⁴-⁹₀-₉]+|\d)([⁰¹²³⁴-⁹]+)")
_DIGITS_INSIDE = re.compile(r"\d{2,}")
_NOTHING = dict.fromkeys(
    [0x00AD, 0x0640, *range(0x200B, 0x2010), *range(0x064B, 0x0653), *range(0x0591, 0x05C8)]
)
_FOLD: dict[int, str | None] = {
    code: unicodedata.normalize("NFKD", chr(code))[0]
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if unicodedata.normalize("NFKD", chr(code))[0].isascii()
} | _NOTHING
_stemmer = Stemmer.Stemmer("english")

_STOPWORDS = """
a about above after again against all am an and any are as at be because been before being below
between both but by can could did do does doing down during each few for from further give had has
have having he her here hers him his how i if in into is it its itself just me more most my no nor
not of off on once only or other our out over own please same she should so some such tell than that
the their them then there these they this those through to too under until up very was we were what
when where which while who whom why will with would you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())

# How a question wants its answer, not what it asks: "Answer in USD millions. Round to one decimal place."
_INSTRUCTIONS = """
ability abilities according answer answering answers assume base based basing best calculate compute conclusion
conclusions decimal decimals details drawing explain following form give given information judgment judgments outlined
percents perspective place places please primarily provided question questions rely relying reply respond response
round rounded rounding shown solely standpoint units utilize utilized utilizing using
"""

INSTRUCTION = 0.25  # the weight of such a word: it may be what is asked, "What was the response?"

# What a stemmer cannot join: "Who makes it?" is answered by "made by". Only forms with no other common meaning.
_IRREGULAR = """
ate:eat eaten:eat became:become began:begin begun:begin bought:buy broke:break broken:break brought:bring
built:build came:come caught:catch children:child chose:choose chosen:choose drank:drink drew:draw driven:drive
drove:drive fallen:fall fed:feed feet:foot felt:feel fled:flee flew:fly forgot:forget forgotten:forget fought:fight
gave:give given:give goes:go gone:go grew:grow grown:grow heard:hear held:hold hid:hide hidden:hide kept:keep
knew:know known:know laid:lay led:lead lent:lend made:make meant:mean men:man met:meet mice:mouse paid:pay
ran:run rang:ring sang:sing sat:sit sent:send shook:shake slept:sleep sold:sell spent:spend
spoke:speak spoken:speak stole:steal stolen:steal stood:stand swam:swim taken:take taught:teach teeth:tooth
threw:throw thrown:throw told:tell took:take understood:understand went:go wives:wife women:woman won:win wore:wear
worn:wear written:write wrote:write
"""
_BASE = dict(pair.split(":") for pair in _IRREGULAR.split())


def terms(text: str) -> list[str]:
    """Every term of `text` in order: stems, plain numbers, and bigrams where a script writes no spaces."""
    return list(chain.from_iterable(map(_terms_of, text.split())))


@lru_cache(maxsize=50_000)
def _terms_of(piece: str) -> tuple[str, ...]:
    """The terms of what stands between two spaces: no term reaches further, and most pieces come again."""
    found: list[str] = []
    for match in _RUN.finditer(_plain(piece)):
        run = match.group()
        if match.lastgroup == "number":
            found.append(_number(run))
        elif match.lastgroup == "unspaced":
            found.extend(_bigrams(run))
        else:
            found.append(_stem(run))
            if not run.isalpha():
                found.extend(_DIGITS_INSIDE.findall(run))
    return tuple(found)


def query_terms(text: str) -> list[str]:
    """The terms of a question that can tell passages apart; all of them when every word is a stopword."""
    kept = _RUN.sub(lambda match: " " if match.group() in STOPWORDS else match.group(), _plain(text))
    return list(dict.fromkeys(terms(kept) or terms(text)))


def asked_terms(question: str) -> dict[str, float]:
    """The terms of a question, with how much each counts: words about the answer's form count less."""
    return {term: INSTRUCTION if term in _instructions() else 1.0 for term in query_terms(question)}


@lru_cache(maxsize=1)
def _instructions() -> frozenset[str]:
    return frozenset(terms(_INSTRUCTIONS))


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", _RAISED.sub(_apart, text)).casefold().translate(_FOLD)


def _apart(match: re.Match[str]) -> str:
    """A raised figure beside what it stands on: "10⁶" is 10 and 6, "m²" is m and m2."""
    word, figure = match.groups()
    return f"{word} {word}{figure}" if word.isalpha() else f"{word} {figure}"


def _number(run: str) -> str:
    """1,577 and 1577 are one term, so are 3.50 and 3.5; 1.577.000 is read as a number grouped by dots."""
    digits = re.sub(r"[,'\u2019]", "", run)
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    if not digits.isascii():
        digits = "".join(c if c == "." else str(unicodedata.decimal(c)) for c in digits)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _bigrams(run: str) -> list[str]:
    return [*run, *(run[at : at + 2] for at in range(len(run) - 1))]


def _stem(word: str) -> str:
    return _stemmer.stemWord(_BASE.get(word, word)) if word.isascii() else word
