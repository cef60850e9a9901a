"""Markup as the tree that browsers build: lexbor's HTML5 parser, kept from what would make it slow."""

from __future__ import annotations

import html
import re
from collections.abc import Generator

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_DEPTH = 500  # browsers give up at 512 open elements

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
# HTML closes these by itself, so they do not nest.
_CLOSED_BY_NEXT = frozenset(
    "a body colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr".split()  # noqa: SIM905
)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)([^<>]*)>")
_CDATA = "<![CDATA["
_SUBSET = re.compile(r"(<!doctype[^\[>]{0,200})\[[^\]]{0,100000}\]\s*>", re.I)
_SURROGATE = re.compile("[\ud800-\udfff]")
_IS_XML = re.compile(r"\s*<\?xml\b", re.I)


def parse_markup(markup: str, *, is_xhtml: bool = False) -> LexborNode | None:
    """Parse HTML, or XHTML where the markup or the caller says so; returns the root element."""
    markup = _SURROGATE.sub("\ufffd", markup)
    if is_xhtml or _IS_XML.match(markup):
        markup = _as_html(markup)
    return LexborHTMLParser(_shallow(markup)).root


def walk(root: LexborNode) -> Generator[tuple[LexborNode, bool], bool | None]:
    """Yield every node, and elements again when they end (with True); `send(True)` skips what is inside."""
    opened: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None:
        is_skipped = yield node, False
        child = None if is_skipped else node.first_child
        if child is not None:
            opened.append(node)
            node = child
            continue
        if not is_skipped and node.is_element_node:
            yield node, True
        node = node.next if opened else None
        while node is None and opened:
            last = opened.pop()
            yield last, True
            node = last.next if opened else None


def attributes(node: LexborNode) -> dict[str, str]:
    return {name: value or "" for name, value in node.attributes.items()}


def _shallow(markup: str) -> str:
    """Leave out start tags that open too deep: the tree builder looks through all open elements for each tag."""
    if markup.count("<") < 2 * MAX_DEPTH:
        return markup
    depth = foreign = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth, foreign
        name = match[2].lower()
        if name in ("svg", "math"):
            foreign = max(0, foreign + (-1 if match[1] else 1))
        if name in _VOID or name in _CLOSED_BY_NEXT and not foreign:
            return match[0]
        if match[1]:
            depth = max(0, depth - 1)
            return match[0]
        if depth >= MAX_DEPTH:
            return " "
        depth += 1
        return match[0]

    return _TAG.sub(kept, markup)


def _as_html(markup: str) -> str:
    """Write what only XML has as HTML: empty elements, character data, declarations of entities."""
    first, *parts = _SUBSET.sub(r"\1>", markup, count=1).split(_CDATA)
    pieces = [first]
    for part in parts:
        data, end, rest = part.partition("]]>")
        pieces += [html.escape(data, quote=False), rest] if end else [_CDATA, part]
    return _TAG.sub(_closed, "".join(pieces))


def _closed(match: re.Match[str]) -> str:
    slash, name, rest = match.groups()
    if slash or not rest.endswith("/"):
        return match[0]
    kept = f"<{name}{rest[:-1]}>"
    return kept if name.lower() in _VOID else f"{kept}</{name}>"
