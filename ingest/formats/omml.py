"""Equations of Word (OMML) as text on one line."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from catena.ingest.formats import formula
from catena.ingest.formats.safe_xml import attribute, local

_SPACED = frozenset("=≠<>≤≥≈≡∼→←⇒⇔∈+−±×·")


def equation_text(element: Element) -> str:
    """Write an `m:oMath` on one line."""
    return " ".join(_inside(element).split())


def _inside(element: Element) -> str:
    return "".join(_text(child) for child in element)


def _text(element: Element) -> str:
    name = local(element)
    if name == "t":
        text = element.text or ""
        return f" {text} " if text in _SPACED else text
    if name.endswith("Pr") and name != "Pr":
        return ""
    write = _WRITERS.get(name)
    return write(element) if write else _inside(element)


def _part(element: Element, name: str) -> str:
    """The text of a child; "" where there is none."""
    return next((_inside(child).strip() for child in element if local(child) == name), "")


def _setting(element: Element, name: str, default: str) -> str:
    """A property, as in `<m:naryPr><m:chr m:val="∑"/>`."""
    for properties in element:
        if local(properties) == f"{local(element)}Pr":
            for child in properties:
                if local(child) == name:
                    value = attribute(child, "val")
                    return default if value is None else value
    return default


def _fraction(element: Element) -> str:
    has_line = _setting(element, "type", "bar") != "noBar"
    return formula.fraction(_part(element, "num"), _part(element, "den"), has_line=has_line)


def _root(element: Element) -> str:
    return formula.root(_part(element, "e"), _part(element, "deg"))


def _large(element: Element) -> str:
    sign = _setting(element, "chr", "∫")
    return f"{formula.limits(sign, _part(element, 'sub'), _part(element, 'sup'))} {_part(element, 'e')}"


def _fence(element: Element) -> str:
    parts = [_inside(child).strip() for child in element if local(child) == "e"]
    opening, closing = _setting(element, "begChr", "("), _setting(element, "endChr", ")")
    return formula.fenced(parts, opening, closing, _setting(element, "sepChr", "|"))


def _matrix(element: Element) -> str:
    rows = [row for row in element if local(row) == "mr"]
    return formula.matrix([[_inside(cell).strip() for cell in row if local(cell) == "e"] for row in rows])


def _array(element: Element) -> str:
    return "; ".join(_inside(child).strip() for child in element if local(child) == "e")


_WRITERS: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSup": lambda e: formula.power(_part(e, "e"), _part(e, "sup")),
    "sSub": lambda e: formula.indexed(_part(e, "e"), _part(e, "sub")),
    "sSubSup": lambda e: formula.limits(_part(e, "e"), _part(e, "sub"), _part(e, "sup")),
    "sPre": lambda e: formula.limits("", _part(e, "sub"), _part(e, "sup")) + _part(e, "e"),
    "rad": _root,
    "nary": _large,
    "d": _fence,
    "m": _matrix,
    "eqArr": _array,
    "func": lambda e: f"{_part(e, 'fName')} {_part(e, 'e')}",
    "limLow": lambda e: formula.indexed(_part(e, "e"), _part(e, "lim")),
    "limUpp": lambda e: formula.power(_part(e, "e"), _part(e, "lim")),
    "acc": lambda e: formula.accented(_part(e, "e"), _setting(e, "chr", "\u0302")),
    "bar": lambda e: formula.accented(_part(e, "e"), "\u0305"),
}
