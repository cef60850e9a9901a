"""Visible part of a web page, and a count of what is there but not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborNode

from catena.ingest.formats.markup import attributes

# Never shown: they work or describe. Readings of ruby would stand in the middle of the word.
UNSEEN = frozenset((
    "script", "style", "template", "head", "noframes", "datalist", "rt", "rp", "rtc", "track", "param",
    "map",
))  # fmt: skip
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![.\d]*[1-9])", re.I
)
_RAISED_STYLE = re.compile(r"vertical-align\s*:\s*(super|sub|text-top)\b", re.I)
_STRUCK_STYLE = re.compile(r"text-decoration[\w-]*\s*:[^;]*line-through", re.I)
# EPUB 3 Structural Semantics and DPUB-ARIA: notes are kept, though readers hide them until they are called.
_NOTES = frozenset(
    "footnote footnotes endnote endnotes rearnote rearnotes note doc-footnote doc-endnote doc-endnotes".split()  # noqa: SIM905
)
PAGE_BREAKS = frozenset(("pagebreak", "doc-pagebreak"))
_REFERENCES = frozenset(("noteref", "doc-noteref", "annoref"))
# What makes of manuals put around each page: DocBook XSL (navheader, navfooter), Texinfo (nav-panel), Sphinx.
_BROWSING_CLASSES = frozenset(("navheader", "navfooter", "nav-panel", "sphinxsidebar", "headerlink"))
_BROWSING_ROLES = frozenset(("navigation", "search", "menubar", "menu"))
# Link types of HTML, and the access keys that DocBook gives the same links.
_BROWSING_LINKS = "a[rel], a[accesskey]"
_LINK_TYPES = frozenset("prev previous next up start first last contents index top home parent".split())  # noqa: SIM905
_ACCESS_KEYS = frozenset("pnuhPNUH")
_MAX_BROWSING = 300  # characters of a line of such links


def kinds(own: Mapping[str, str]) -> frozenset[str]:
    """Return an element's kinds, as `epub:type` and `role` say."""
    return frozenset(f"{own.get('epub:type', '')} {own.get('role', '')}".lower().split())


def is_hidden(tag: str, own: Mapping[str, str]) -> bool:
    """Tell whether a browser keeps an element from view; notes count as seen."""
    if tag == "dialog":
        return "open" not in own
    is_kept = own.get("hidden", "no").lower() in ("no", "until-found")
    if is_kept and own.get("aria-hidden") != "true" and "popover" not in own and "style" not in own:
        return False
    if kinds(own) & _NOTES:
        return False
    if not is_kept or own.get("aria-hidden") == "true" or "popover" in own:
        return True
    return bool(_HIDDEN_STYLE.search(own.get("style", "")))


def is_browsing(tag: str, own: Mapping[str, str]) -> bool:
    """Tell menus and the lines of links around a page of a manual."""
    if tag == "nav" or own.get("role") in _BROWSING_ROLES:
        return True
    return bool("class" in own and _BROWSING_CLASSES.intersection(own["class"].split()))


def browsing_lines(root: LexborNode) -> set[int]:
    """The smallest elements that hold two links to pages before, after or above: their `mem_id`s."""
    lines: set[int] = set()
    links = [link for link in root.css(_BROWSING_LINKS) if _is_browsing_link(attributes(link))]
    seen: set[int] = set()
    for link in links[:100]:
        parent = link.parent
        for _ in range(4):
            if parent is None or parent.tag in ("body", "html", "main", "article"):
                break
            if parent.mem_id in seen and len(parent.text()) < _MAX_BROWSING:
                lines.add(parent.mem_id)
                break
            seen.add(parent.mem_id)
            parent = parent.parent
    return lines


def _is_browsing_link(own: Mapping[str, str]) -> bool:
    is_typed = bool(_LINK_TYPES.intersection(own.get("rel", "").lower().split()))
    return is_typed or own.get("accesskey", "-") in _ACCESS_KEYS


def mark_of(tag: str, own: Mapping[str, str]) -> str:
    """Return the mark of an element's text: "sup", "sub", "struck", "quote", or "" for none."""
    if tag in ("sup", "sub"):
        return tag
    if tag in ("s", "strike", "del"):
        return "struck"
    if tag == "q":
        return "quote"
    if _REFERENCES & kinds(own):
        return "sup"
    if style := own.get("style"):
        if raised := _RAISED_STYLE.search(style):
            return "sub" if raised[1].lower() == "sub" else "sup"
        return "struck" if _STRUCK_STYLE.search(style) else ""
    return ""


def drawn_text(svg: LexborNode) -> str:
    """The words of a drawing, in the order of the file."""
    return " ".join(" ".join(_drawn(svg)).split())


def _drawn(node: LexborNode) -> Iterator[str]:
    for element in node.css("text, foreignobject, foreignObject"):
        text = element.text(separator=" " if element.tag != "text" else "")
        if text.strip():
            yield text


class LeftOut:
    """Counts what a page holds besides the text that was read."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, what: str, number: int = 1) -> None:
        self._counts[what] += number

    def notes(self) -> list[str]:
        return [f"{what}: {number}" for what, number in self._counts.items() if number]


HIDDEN = "words that no reader sees were left out"
PICTURES = "pictures that were not read"
FRAMES = "frames with other pages that were not read"
EMBEDDED = "embedded objects that were not read"
