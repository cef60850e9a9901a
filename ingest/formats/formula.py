"""Formulas on one line, as a person types them: 1/12, x², √(a + b), sum from i=1 to n. MathML and Word share it."""

from __future__ import annotations

import re

from catena.ingest.raised import to_subscript, to_superscript

# What binds as one thing on a line: a number, a name, or what stands in brackets or is raised.
_ATOM = re.compile(r"(?:\d[\d.,]*[°%]?|[^\W\d_]+|\([^()]*\)|\[[^\[\]]*\])[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ₀-₉]*$")
_ACCENTS = {
    "^": "\u0302", "ˆ": "\u0302", "\u0302": "\u0302", "¯": "\u0304", "‾": "\u0304", "−": "\u0304", "_": "\u0304",
    "\u0304": "\u0304", "\u0305": "\u0304", "~": "\u0303", "˜": "\u0303", "\u0303": "\u0303", "→": "\u20d7",
    "⃗": "\u20d7", "˙": "\u0307", "\u0307": "\u0307", "¨": "\u0308", "\u0308": "\u0308", "ˇ": "\u030c",
}  # fmt: skip


def fraction(above: str, below: str, *, has_line: bool = True) -> str:
    """1/12, (a + b)/c; without a line it is a binomial: (n over k)."""
    return f"{grouped(above)}/{grouped(below)}" if has_line else f"({above} over {below})"


def power(base: str, raised: str) -> str:
    return f"{_base(base)}{to_superscript(raised, is_formula=True)}" if raised else base


def indexed(base: str, lowered: str) -> str:
    return f"{base}{to_subscript(lowered, is_formula=True)}" if lowered else base


def root(inner: str, degree: str = "") -> str:
    """√2, ∛x, √(a + b); other degrees stand raised before the sign."""
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree)
    return f"{sign if sign else to_superscript(degree, is_formula=True) + '√'}{grouped(inner)}"


def limits(operator: str, below: str, above: str) -> str:
    """A sum, product, integral or limit with what stands under and over it."""
    lowered = indexed(operator, re.sub(r"\s+([=≠<>≤≥→])\s+", r"\1", below))
    return f"{lowered}{to_superscript(above, is_formula=True)}" if above else lowered


def accented(base: str, mark: str) -> str:
    """A letter with its hat, bar, arrow or dots; anything else above stands raised."""
    accent = _ACCENTS.get(mark)
    return f"{base}{accent}" if accent and len(base) == 1 else power(base, mark) if mark else base


def fenced(parts: list[str], opening: str = "(", closing: str = ")", separator: str = ", ") -> str:
    return f"{opening}{separator.join(parts)}{closing}"


def matrix(rows: list[list[str]]) -> str:
    """[a, b; c, d]"""
    return f"[{'; '.join(', '.join(cells) for cells in rows)}]"


def grouped(part: str) -> str:
    """A part in brackets where it would fall apart beside a stroke."""
    part = part.strip()
    return part if _ATOM.match(part) else f"({part})"


def _base(base: str) -> str:
    """Base that is raised to a power; "ab²" would be a b²."""
    return (
        base
        if len(base) < 2 or _ATOM.match(base) or not re.search(r"[\s+−*/=-]", base.strip())
        else f"({base})"
    )
