"""Text as search terms: the one analysis that documents and questions share, in any script.

Common English words are those that the embedder's tokenizer has as a whole, 22,000 of the most frequent.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
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
# Letters that Unicode does not decompose, though its collation (UTS #10) sorts them with their base.
_STROKED = str.maketrans(
    dict(zip("ıøđłħŧðþæœĳ", ("i", "o", "d", "l", "h", "t", "d", "th", "ae", "oe", "ij"), strict=True))
)
# Accents say how a letter of these scripts sounds and are left out at will: all on Latin and Greek ones, of the
# Cyrillic ones the dots of ё and the stress. The й is a letter of its own, the marks of other scripts are vowels.
_ACCENTS = re.compile(
    "(?<=[a-z\u0250-\u02af\u0370-\u03ff\u1f00-\u1fff])[\u0300-\u036f]+|(?<=\u0435)\u0308|(?<=[\u0400-\u04ff])[\u0300\u0301]"
)
_APOSTROPHES = str.maketrans("\u2019\u02bc\u2018\uff07", "''''")
# Shortened words that hang on the next: Lucene's DEFAULT_ARTICLES of French and Italian, with Catalan's and Irish's.
_ELIDED = (
    "agl all b c coll d dagl dall degl dell gl j jusqu l lorsqu m n negl nell pell puisqu qu quoiqu s sugl sull "
    "t un v"
)
_ELISION = re.compile(rf"(?<![^\W_])(?:{'|'.join(_ELIDED.split())})'(?=[^\W\d_])", re.IGNORECASE)
# And on the one before, as the Penn Treebank's tokenizer cuts English.
_CLITIC = re.compile(r"(?<=[^\W\d_])(?:n't|'(?:s|m|d|re|ve|ll))(?![^\W_])", re.IGNORECASE)
_CLIPPED = re.compile(r"(?<![^\W_])(ca|wo|sha)n't(?![^\W_])", re.IGNORECASE)
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}
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
RAREST = 30_000


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


def _plain(text: str) -> str:
    """Fold what people write in several ways: case, width, accents, ligatures, shortened words."""
    if not text.isascii():
        text = _folded(text.translate(_APOSTROPHES))
    if "'" in text:
        text = _CLIPPED.sub(lambda match: _WHOLE[match[1].lower()], text)
        text = _ELISION.sub(" ", _CLITIC.sub("", text))
    return text.lower()


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", _RAISED.sub(_apart, text)).casefold().translate(_NOTHING)
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", text).translate(_STROKED)


def unfolded_terms(question: str) -> list[str]:
    """The words of a question as libraries of before Catena 0.2 hold them, where they are spelled otherwise now."""
    words = _RUN.findall(unicodedata.normalize("NFKC", question).casefold()) if not question.isascii() else []
    return [word for *_, word in words if word and not word.isascii() and word != _plain(word)]


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


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Lower-case words of letters only."""
    return frozenset(_ranks())


def rarity(word: str) -> float:
    """Return how rare a word is in English, 0 for the most frequent and 1 for what is not common at all.

    The vocabulary is in the order of frequency, so that the place of a word tells it.
    """
    return math.log1p(_ranks().get(word.lower(), RAREST) / 100) / math.log1p(RAREST / 100)


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    """Read once, in 30 ms."""
    text = (files("catena.retrieval") / "minilm" / "tokenizer.json").read_text("utf-8")
    vocabulary: dict[str, int] = json.loads(text)["model"]["vocab"]
    return {word: rank for word, rank in vocabulary.items() if len(word) > 1 and word.isalpha()}
