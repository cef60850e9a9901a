"""Common abbreviations with their long forms ("CEO": chief executive officer), and words often abbreviated."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

MAX_FORMS = 2
"""Meanings of one abbreviation that are looked for."""
_WORD = re.compile(r"\b[A-Za-z]{2,6}\b")


def long_forms(short: str) -> tuple[str, ...]:
    """The long forms of an abbreviation; none for a word that is none, or is one only in capitals."""
    return _table().get(short) or _table().get(short.lower(), ())


def other_forms(text: str) -> list[str]:
    """The text with one abbreviation written out, or one long form abbreviated, for each that it holds."""
    written = [
        text[: word.start()] + long + text[word.end() :]
        for word in _WORD.finditer(text)
        for long in long_forms(word.group())[:MAX_FORMS]
    ]
    lower = text.lower()
    shortened = [
        re.sub(re.escape(long), short, text, flags=re.IGNORECASE)
        for long, short in _shorts().items()
        if long in lower
    ]
    return [*written, *shortened]


@cache
def _table() -> dict[str, tuple[str, ...]]:
    lines = (files("catena.agents.extractive") / "abbreviations.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {short: tuple(long.split("; ")) for short, long in rows}


@cache
def _shorts() -> dict[str, str]:
    """By long form in small letters, where the abbreviation stands for nothing else."""
    return {longs[0].lower(): short.upper() for short, longs in _table().items() if len(longs) == 1}
