"""In which language a sentence is, as far as it must be known: whether code can compare it with a document's words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from catena.agents.word_lists import by_language

LEAST_HITS = 2
"""Words of grammar by which a language is known."""
LEAST_SHARE = 0.3
"""Of a text's letters in a script, for the script to be the text's: names are written in their own."""
WEIGHT = 2.5
"""Letters that one of Chinese, Japanese or Korean is worth."""


def is_other_language(statement: str, source: str) -> bool:
    """Tell whether a statement is surely in another language than the text that it is about."""
    if not source.strip():
        return False
    if (script := _script(statement)) != _script(source):
        return bool(script)
    of_source = _language(source)
    hits = _hits(statement)
    best = max(hits, key=hits.__getitem__, default="")
    is_known = bool(of_source) and hits[best] >= LEAST_HITS
    return is_known and best != of_source and hits[best] > hits[of_source]


@lru_cache(maxsize=64)
def _language(text: str) -> str:
    hits = _hits(text)
    return max(hits, key=hits.__getitem__, default="")


def _hits(text: str) -> Counter[str]:
    """Words of grammar, by language; names count for none."""
    words = Counter(word.casefold() for word in re.findall(r"[^\W\d_]+", text) if word.islower())
    words.update(
        word.casefold() for word in re.findall(r"(?:\A|[.!?]\s+)([^\W\d_]+)", text) if word.istitle()
    )
    found = {
        language: sum(count for word, count in words.items() if word in listed)
        for language, listed in by_language("function").items()
    }
    return Counter(found)


@lru_cache(maxsize=256)
def _script(text: str) -> str:
    """The script that is not Latin and that enough letters are of; kana tells Japanese. Else Latin, or nothing."""
    scripts: Counter[str] = Counter()
    for char, count in Counter(text).items():
        if char.isalpha():
            name = unicodedata.name(char, "").partition(" ")[0].partition("-")[0]
            name = "KANA" if name in ("HIRAGANA", "KATAKANA") else name
            scripts[name] += round(count * (WEIGHT if name in ("CJK", "KANA", "HANGUL") else 1))
    total = scripts.total()
    if scripts["KANA"] > 0.1 * total:
        return "KANA"
    others = [name for name, count in scripts.items() if name != "LATIN" and count >= LEAST_SHARE * total]
    return max(others, key=scripts.__getitem__, default="LATIN" if total else "")
