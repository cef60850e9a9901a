"""Words of many languages by which replies are read where their shape does not tell: `words/*.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"


@cache
def words_for(name: str) -> frozenset[str]:
    """The words of one meaning in all languages, lower case: `page`, `source`, `answer`, …"""
    return frozenset(word for words in by_language(name).values() for word in words)


@cache
def by_language(name: str) -> dict[str, frozenset[str]]:
    """The words of one meaning by language."""
    listed = _table()[name]
    return {
        language: frozenset(
            unicodedata.normalize("NFC", word.casefold()).replace("_", " ") for word in words.split()
        )
        for language, words in listed.items()
    }


@cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        found |= tomllib.loads(path.read_text("utf-8"))
    return found
