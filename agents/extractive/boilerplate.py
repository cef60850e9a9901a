"""Boilerplate of a book: contents, references, index. It names things, and says nothing of them."""

from __future__ import annotations

import re

_HEADING = re.compile(
    r"^\W*(?:\d+\W*)?(?:table of )?(?:contents|references|bibliography|works cited|literature cited|index"
    r"|list of (?:figures|tables|abbreviations)|acknowled?ge?ments?)\W*$",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?:\.\s?){5,}|\u2026{2,}")
_PAGE_BEHIND = re.compile(r"^\d+(?:\.\d+)*\s.{3,80}\D\s\d{1,4}$")
_REFERENCE = re.compile(
    r"\bIn (?:Proceedings|Findings|Advances in)\b|\barXiv(?: preprint)?[: ]\S*\d{4}"
    r"|\bpages? \d+[\u2013-]\d+\.|\bpp?\. ?\d+[\u2013-]\d+|\bdoi[.:]|^\W*\[\d+\]\s+[A-Z]\W"
    r"|^\W*Cited on pages? \d|https?://\S+,? (?:19|20)\d\d\.",
)


def is_apparatus(text: str, heading: str) -> bool:
    """Tell whether a line stands in the contents, the references or the like, or looks as if it did."""
    return bool(
        _HEADING.match(heading) or _LEADER.search(text) or _PAGE_BEHIND.match(text) or _REFERENCE.search(text)
    )
