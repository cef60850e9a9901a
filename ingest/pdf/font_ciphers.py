"""Fonts that print other letters than they say: found by how often each letter comes, in no language in particular.

Fonts whose character codes are shifted ("WKH IHH" for "THE FEE"), mixed up, or all one letter. Text of such a font is
none; what its page says has to be recognised.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catena.types import Box

MIN_LETTERS = 25
MIN_MIXED_LETTERS = 400
"""Fewer may have any distribution: names, abbreviations, parts of a table."""
MIN_DIFFERENT = 8
"""Fewer different letters are a code, such as that of genes."""
MAX_SHIFTED_SHARE = 0.3
"""Of one character: "e" and spaces have less in any language."""
MAX_ONE_LETTER = 0.6
_USUAL_VOWELS = (0.33, 0.58)
_MIN_GAIN = 0.35  # nats a character: what a shift explains better
_MIN_EVIDENCE = 20.0  # nats in all
_LIKE_LANGUAGE = (2.5, 3.05)  # nats: entropy of letters in European languages, 2.75 to 2.95
_MAX_DIVERGENCE = 0.7  # nats: Finnish and Turkish are at 0.15 from the frequencies below
_MAX_SHIFT = 95
_MAX_COST = 3.6  # nats a character: ordinary text costs 2.9 to 3.3

# Percent, in the mean of English, French, German and Spanish; Wikipedia, "Letter frequency", a to z.
_FREQUENCIES = (
    8.46, 1.62, 3.20, 4.50, 14.00, 1.41, 1.91, 3.03, 6.82, 0.38, 0.57, 4.47, 2.77,
    7.58, 6.15, 1.91, 0.59, 6.64, 7.38, 6.77, 4.04, 1.20, 1.09, 0.21, 0.79, 0.50,
)  # fmt: skip
_REPEATED = re.compile(rb"([^A-Za-z0-9])(?: ?\1)+")
_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123))
_NO_LETTERS = bytes(set(range(256)) - set(_LETTERS))
_NO_VOWELS = bytes(set(range(256)) - set(b"aeiouAEIOU"))


def _costs() -> NDArray[np.float64]:
    """Nats that each ASCII character costs in ordinary text."""
    costs = np.full(128 + 2 * _MAX_SHIFT, -log(0.0003))
    own = costs[_MAX_SHIFT : _MAX_SHIFT + 128]
    own[32] = -log(0.15)  # where spaces are shifted too
    own[[ord(character) for character in "0123456789"]] = -log(0.01)
    own[[ord(character) for character in ".,-()':;/$%&"]] = -log(0.006)
    for letter, percent in enumerate(_FREQUENCIES):
        own[[65 + letter, 97 + letter]] = -log(0.85 * percent / 100)
    return costs


_COSTS = _costs()
_LETTER_COSTS = -np.log(np.array(_FREQUENCIES) / 100)


def text_without_meaning(blocks: Iterable[dict[str, Any]]) -> list[Box]:
    """Find where on a page, of extractDICT, letters are not what their font says; by font and size."""
    texts: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
    spans = [span for block in blocks for line in block["lines"] for span in line["spans"]]
    for span in spans:
        texts[span["font"], span["size"]].append(span["text"])
    fonts = {font for font, parts in texts.items() if is_cipher(" ".join(parts))}
    if not fonts:
        return []
    return [span["bbox"] for span in spans if (span["font"], span["size"]) in fonts]


def is_cipher(text: str) -> bool:
    """Tell whether a text has letters as no language has them, but as one would have under other codes."""
    if len(text) < MIN_LETTERS:
        return False
    raw = text.encode("ascii", "ignore")
    letters = raw.translate(None, _NO_LETTERS)
    if len(letters) >= MIN_LETTERS and 3 * len(letters) > len(raw):
        share = len(letters.translate(None, _NO_VOWELS)) / len(letters)
        if _USUAL_VOWELS[0] <= share <= _USUAL_VOWELS[1] or _is_mostly_foreign(text):
            return False
        return _is_one_letter(text, letters) or _is_shifted(raw, letters) or _is_mixed_up(letters)
    if not _is_odd(raw):
        return False
    raw = _REPEATED.sub(rb"\1", raw)  # leaders, rules
    return _is_odd(raw) and _is_shifted(raw, letters)


def _is_mostly_foreign(text: str) -> bool:
    return not text.isascii() and sum(map(str.isascii, text)) < 0.8 * len(text)


def _is_odd(raw: bytes) -> bool:
    """Tell whether signs outnumber letters and figures in ASCII, as after a shift from letters to signs."""
    signs = raw.translate(None, b" 0123456789" + _LETTERS)
    return len(signs) >= MIN_LETTERS and 2 * len(signs) > len(raw) and len(set(signs)) >= MIN_DIFFERENT


def _is_one_letter(text: str, letters: bytes) -> bool:
    """Tell whether one letter is most of all letters, in words of several."""
    most = max(letters.lower().count(bytes([letter])) for letter in set(letters.lower()))
    return most > MAX_ONE_LETTER * len(letters) and len(letters) > 2 * len(text.split())


def _is_shifted(raw: bytes, letters: bytes) -> bool:
    """Tell whether the same distance from each code, or from each letter round the alphabet, makes it ordinary text."""
    codes = np.frombuffer(raw.translate(None, b" "), np.uint8)
    most = np.bincount(codes).max() if len(codes) else 0
    if len(set(raw)) < MIN_DIFFERENT or most > MAX_SHIFTED_SHARE * len(codes):
        return False
    costs = np.correlate(_COSTS, np.bincount(codes, minlength=128) / max(len(codes), 1), "valid")
    if _explains(costs, costs[_MAX_SHIFT], len(codes)):
        return True
    if len(letters) < MIN_LETTERS or len(set(letters.lower())) < MIN_DIFFERENT:
        return False
    counts = _counted(letters)
    costs = np.array([float(np.roll(counts, shift) @ _LETTER_COSTS) for shift in range(26)])
    return _explains(costs, costs[0], len(letters))


def _explains(costs: NDArray[np.float64], as_it_is: float, number: int) -> bool:
    """Tell whether the best of some shifts makes text of what is none without it."""
    gain = as_it_is - float(costs.min())
    return float(costs.min()) < _MAX_COST and gain > _MIN_GAIN and gain * number > _MIN_EVIDENCE


def _counted(letters: bytes) -> NDArray[np.float64]:
    """The share of each letter, a to z."""
    codes = np.frombuffer(letters.lower(), np.uint8) - 97
    return np.bincount(codes, minlength=26) / len(letters)


def _is_mixed_up(letters: bytes) -> bool:
    """Tell whether letters come as unevenly as in a language, but not its letters."""
    if len(letters) < MIN_MIXED_LETTERS:
        return False
    counts = _counted(letters)
    seen = counts[counts > 0]
    entropy = -float((seen * np.log(seen)).sum())
    cost = float(counts @ _LETTER_COSTS)
    return _LIKE_LANGUAGE[0] < entropy < _LIKE_LANGUAGE[1] and cost - entropy > _MAX_DIVERGENCE
