"""Raised and lowered figures as plain text, so that 10 to the 6th is never read as 106: one rule for all formats."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

_MAX_FIGURE = 12  # what is longer is small print, no figure
# Footnote marks and what brackets set apart already: nobody takes them for part of the word before.
_SET_APART = re.compile(r"[\[{*†‡§¶#‖®™©℠°ºª′″'\"‘’“”]")
# "1st", "Mme", "Acme TM": letters that belong to the word before and never change a number.
_LETTERS = re.compile(r"[^\W\d_]{2,}\.?$")
_NOTE_MARKS = re.compile(r"\d{1,3}[a-z]?(?:\s*[,;–-]\s*\d{1,3}[a-z]?)+$")


def _alphabet(kind: str, preferred: str) -> dict[int, str]:
    """Map characters to their `<super>` or `<sub>` forms as the Unicode database has them."""
    found: dict[int, str] = {}
    blocks = (
        range(0xA0, 0x100),
        range(0x2B0, 0x2E5),
        range(0x1D2C, 0x1DC0),
        range(0x2070, 0x20A0),
        range(0x2C7C, 0x2C7E),
    )
    for code in (*map(ord, preferred), *(code for block in blocks for code in block)):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and parts[0] == kind:
            found.setdefault(int(parts[1], 16), chr(code))
    for dash in "-–‐‑":  # people write them for the minus sign
        found[ord(dash)] = found[0x2212]
    return found


_RAISED = _alphabet("<super>", "ᵃᵒ")  # not the Spanish ordinals
_LOWERED = _alphabet("<sub>", "")


def to_superscript(text: str, *, is_formula: bool = False) -> str:
    """Raise a figure: "6" to "⁶", "n+½" to "^(n+½)"; letters of an ordinal and marks set apart stay.

    In a formula everything is raised.
    """
    return _figure(text, _RAISED, "^", is_formula)


def to_subscript(text: str, *, is_formula: bool = False) -> str:
    """Lower a figure: "2" to "₂", "Q1" to "_(Q1)"; letters and marks set apart stay outside a formula."""
    return _figure(text, _LOWERED, "_", is_formula)


def _figure(text: str, alphabet: dict[int, str], sign: str, is_formula: bool) -> str:
    inner = text.strip()
    if not inner or not is_formula and _is_left(inner):
        return text
    if not is_formula and _NOTE_MARKS.match(inner):
        changed = "".join(alphabet.get(ord(c), c) if c.isalnum() else c for c in inner)
    elif all(ord(character) in alphabet for character in inner):
        changed = inner.translate(alphabet)
    elif is_formula and len(inner) == 1:
        changed = f"{sign}{inner}"
    else:
        changed = f"{sign}({inner})"
    return text.replace(inner, changed, 1)


def _is_left(inner: str) -> bool:
    is_figure = any(character.isalnum() for character in inner)
    return not is_figure or len(inner) > _MAX_FIGURE or bool(_SET_APART.match(inner) or _LETTERS.match(inner))


MARKS: Mapping[str, Callable[[str], str]] = {
    "sup": to_superscript,
    "sub": to_subscript,
    "struck": lambda text: f"~~{text}~~" if text.strip() else text,
}
"""Writes text as a mark of its run says."""
