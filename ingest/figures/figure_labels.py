"""What figures are called in print: the label that opens a caption, and the places that mention one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_CAPTION = 1_200
"""Characters; what is longer is a paragraph that begins with the name of a figure."""
_WORDS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "figure_words.toml").read_text("utf-8")
)  # at import: a job that reads a document finds no file
_WIDE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_NUMBER = (
    r"(?:[A-Z]{1,2}[.\-–]?)?\d{1,4}(?:[.\-–]\d{1,3}){0,3}|(?:[IVX]{1,5}|[A-Z])(?=[.:)\s–—]*(?:$|[.:)–—]))"
)
_PANEL = r"\s?\([a-z]\)|[a-z]"


def _listed(*names: str, is_wide: bool = False) -> str:
    words = {word for name in names for word in _WORDS[name] if bool(_WIDE.search(word)) == is_wide}
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_BEFORE = re.compile(
    rf"(?:(?<!\w)(?P<word>(?i:{_listed('figure', 'table', 'others')}))\.?\s{{0,2}}"
    rf"|(?P<wide>{_listed('figure', 'table', is_wide=True)})\s?)"
    rf"(?P<number>{_NUMBER})(?P<panel>{_PANEL})?(?![A-Za-z0-9])"
)
_BEHIND = re.compile(
    rf"(?<![\w.])(?P<number>\d{{1,4}}(?:\.\d{{1,3}}){{0,2}})\.\s"
    rf"(?P<word>(?i:{_listed('figure_behind', 'table_behind')}))(?P<panel>)(?!\w)"
)
_NEXT = re.compile(rf"\s?(?:,|&|–|-|,? and)\s?(?P<number>{_NUMBER})(?P<panel>{_PANEL})?(?![A-Za-z0-9])")
_OPENING = re.compile(r"[\s(\[•▪■►]{0,4}")
_AFTER = re.compile(r"\s*(?:$|[.:)\]–—|：．-])|\s+(?![a-zà-öø-ÿа-яα-ω])")
_KIND_OF = {word: name.partition("_")[0] for name in _WORDS for word in _WORDS[name]}


@dataclass(frozen=True, slots=True)
class FigureLabel:
    """`text` as printed, at `start:end`; labels of one figure have the same `kind`, `number` and `panel`."""

    text: str
    kind: str
    number: str
    panel: str
    start: int
    end: int

    def names(self, other: FigureLabel) -> bool:
        """Tell whether this mention is of a figure with the other label, or of a panel of it."""
        is_same = (self.kind, self.number) == (other.kind, other.number)
        return is_same and (not other.panel or self.panel == other.panel)


def caption_label(text: str) -> FigureLabel | None:
    """The label that a caption begins with; nothing where a sentence goes on from there ("Figure 3 shows")."""
    at = _OPENING.match(text).end()  # type: ignore[union-attr]
    found = _BEFORE.match(text, at) or _BEHIND.match(text, at)
    if found is None or len(text) > MAX_CAPTION or not _AFTER.match(text, found.end()):
        return None
    word = found["word"] or ""
    return _label(found) if not word or not word[0].islower() or found.re is _BEHIND else None


def mentioned(text: str) -> Iterator[FigureLabel]:
    """Every label in a text, those that follow one another ("Figures 3 and 4") one by one."""
    for pattern in (_BEFORE, _BEHIND):
        for found in pattern.finditer(text):
            first = _label(found)
            yield first
            following = _NEXT.match(text, found.end()) if pattern is _BEFORE else None
            while following is not None:
                number, panel = _plain(following)
                span = following.start("number"), following.end()
                yield FigureLabel(following.group().strip(), first.kind, number, panel, *span)
                following = _NEXT.match(text, following.end())


def _label(found: re.Match[str]) -> FigureLabel:
    word = (found["word"] or found["wide"]).casefold()
    kind = _KIND_OF.get(word, word)
    if kind == "others":
        kind = word.removesuffix("s")
    return FigureLabel(found.group().strip(), kind, *_plain(found), found.start(), found.end())


def _plain(found: re.Match[str]) -> tuple[str, str]:
    """Number and panel in one spelling."""
    number = found["number"].replace("–", "-").upper()
    return number, (found["panel"] or "").strip(" ()")
