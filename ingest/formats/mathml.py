"""MathML as text on one line."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborNode

from catena.ingest.formats import formula
from catena.ingest.formats.markup import attributes

_MAX_DEPTH = 60
_SPACED = frozenset("=≠<>≤≥≈≡∼≃≅→←↔⇒⇔∈∉⊂⊆∪∩+−±∓×⋅·÷∧∨")
_INVISIBLE = re.compile("[\u2061-\u2064]")
_LARGE = frozenset("∑∏∐∫∬∭∮⋃⋂⋁⋀⨁⨂")
_SPACES = re.compile(r"\s+")
_DROPPED = frozenset(("annotation", "annotation-xml", "mphantom", "none", "mprescripts", "maligngroup"))


def formula_text(math: LexborNode) -> str:
    """Write a `<math>` element on one line."""
    return _SPACES.sub(" ", _row(math, 0)).strip()


def _text(node: LexborNode, depth: int) -> str:
    if node.is_text_node:
        return _SPACES.sub(" ", _INVISIBLE.sub("", node.text_content or ""))
    tag = (node.tag or "").rpartition(":")[2]
    if not node.is_element_node or tag in _DROPPED:
        return ""
    if depth > _MAX_DEPTH:
        return node.text()
    if tag == "mo":
        return _operator(node.text())
    if tag in ("mi", "mn", "ms", "mtext"):
        return _SPACES.sub(" ", _INVISIBLE.sub("", node.text()))
    if tag == "mspace":
        return " "
    if tag == "semantics":
        return next((_text(child, depth + 1) for child in _children(node)), "")
    if tag == "mfenced":
        return _fenced(node, depth)
    if tag == "mtable":
        return formula.matrix(
            [[_row(cell, depth + 1).strip() for cell in _children(row)] for row in _children(node)]
        )
    if write := _SCRIPTS.get(tag):
        return write(node, [_text(child, depth + 1).strip() for child in _children(node)])
    return _row(node, depth)


def _row(node: LexborNode, depth: int) -> str:
    pieces: list[str] = []
    child = node.first_child
    while child is not None:
        piece = _text(child, depth + 1)
        if child.tag == "mo" and not pieces:  # a sign, not what stands between two terms
            piece = piece.strip()
        if pieces or piece.strip():
            pieces.append(piece)
        child = child.next
    text = "".join(pieces)
    return formula.root(text.strip()) if node.tag == "msqrt" else text


def _operator(text: str) -> str:
    text = _INVISIBLE.sub("", text).strip()
    return f" {text} " if text in _SPACED else f"{text} " if text in (",", ";") else text


def _fenced(node: LexborNode, depth: int) -> str:
    own = attributes(node)
    separator = own.get("separators", ",").strip()[:1]
    parts = [_text(child, depth + 1).strip() for child in _children(node)]
    return formula.fenced(
        parts, own.get("open", "("), own.get("close", ")"), f"{separator} " if separator else ""
    )


def _fraction(node: LexborNode, parts: list[str]) -> str:
    above, below = _padded(parts, 2)
    width = attributes(node).get("linethickness", "1")
    return formula.fraction(above, below, has_line=not re.match(r"0(?![.\d]*[1-9])", width))


def _under(_: LexborNode, parts: list[str]) -> str:
    base, below = _padded(parts, 2)
    return formula.indexed(base, below)


def _over(_: LexborNode, parts: list[str]) -> str:
    base, above = _padded(parts, 2)
    return formula.power(base, above) if base in _LARGE else formula.accented(base, above)


def _both(_: LexborNode, parts: list[str]) -> str:
    return formula.limits(*_padded(parts, 3))


def _scripts(node: LexborNode, parts: list[str]) -> str:
    """A base with scripts after it, by twos; those before it stand after `mprescripts`."""
    names = [child.tag for child in _children(node)]
    at = names.index("mprescripts") if "mprescripts" in names else len(names)
    text = parts[0] if parts else ""
    for place in range(1, at, 2):
        text = formula.limits(text, *_padded(parts[place : min(place + 2, at)], 2))
    before = "".join(
        formula.limits("", *_padded(parts[place : place + 2], 2)) for place in range(at + 1, len(parts), 2)
    )
    return before + text


def _padded(parts: list[str], count: int) -> list[str]:
    return [*parts, *[""] * count][:count]


def _children(node: LexborNode) -> list[LexborNode]:
    return list(node.iter())


_SCRIPTS: dict[str, Callable[[LexborNode, list[str]], str]] = {
    "mfrac": _fraction,
    "msup": lambda _, parts: formula.power(*_padded(parts, 2)),
    "msub": lambda _, parts: formula.indexed(*_padded(parts, 2)),
    "msubsup": _both,
    "mroot": lambda _, parts: formula.root(*_padded(parts, 2)),
    "munder": _under,
    "mover": _over,
    "munderover": _both,
    "mmultiscripts": _scripts,
}
