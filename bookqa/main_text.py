"""Main text of a book: not the licence around it, nor prefaces, contents and indexes of other hands."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Front and back matter of the EPUB 3 Structural Semantics Vocabulary (idpf.org/epub/vocab/structure), as printed.
_MATTER = re.compile(
    r"(?:\w+['’]s? )?(?:cover|(?:half[- ])?title ?page|copyright(?: page)?|series page|acknowledge?ments?|imprint"
    r"|imprimatur|contributors|(?:other )?credits|errat(?:a|um)|corrigend(?:a|um)|dedication|revision history|foreword"
    r"|preface|note|preamble|epigraph|colophon|(?:table of )?contents|index(?: of \w+)?|glossary|bibliography|afterword"
    r"|(?:list of )?(?:illustrations|figures|tables|maps|abbreviations)|biography|about the (?:author|publisher)"
    r"|licen[cs]e|advertisements?|(?:end|foot)?notes|transcriber['’]s notes?)\b.{0,40}",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"(?:(?:an?|the|general|editor['’]s) )?introduct(?:ion|ory)\b.{0,40}", re.IGNORECASE
)
_CHAPTER = re.compile(r"chapter\b|book the \w+$|(?:[ivxlc]+|\d+)[.:]?$", re.IGNORECASE)
MARKER = re.compile(r"\*{3} ?(?P<which>START|END) OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
"""Around the texts of Project Gutenberg (gutenberg.org/policy/license.html): its licence stands outside of them."""
_LEGAL = re.compile(
    r"\b(copyright\w*|licen[cs]\w+|trademarks?|warrant(?:y|ies)|liab(?:le|ility)|redistribut\w+|permission|royalt(?:y|ies)"
    r"|e-?books?|e-?texts?|infring\w+|all rights reserved|isbn)\b",
    re.IGNORECASE,
)
MIN_LEGAL = 4
"""Different legal terms in one passage that make it part of a licence."""


def matter_headings(headings: Iterable[str]) -> frozenset[str]:
    """The headings of front and back matter; an introduction is one only in a book that has chapters."""
    known = frozenset(headings)
    has_chapters = any(_CHAPTER.match(heading) for heading in known)
    return frozenset(
        heading
        for heading in known
        if _MATTER.fullmatch(heading) or (has_chapters and _INTRODUCTION.fullmatch(heading))
    )


def is_legal(passage: str) -> bool:
    """Tell whether a passage is of a licence."""
    return len({term.casefold() for term in _LEGAL.findall(passage)}) >= MIN_LEGAL
