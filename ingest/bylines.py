"""Names of authors as they are printed below a title: with marks and numbers of notes, or in columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from catena.types import Page

# Marks of notes, as a reader of pages writes them: ^(1,∗), ³, †; digits touch the name before them.
_MARKS = re.compile(
    r"\^\([^()]{0,20}\)|\^\w|[¹²³⁰-⁹ʰ-ʸᴬ-ᵪᵸᶛ-ᶿ∗*†‡§¶‖♮♯☆★✉]+|(?<=[^\W\d_])\d(?:,\d)*(?!\w)|(?<!\w)\d(?!\w)"
)
_BETWEEN = re.compile(r"[,;&|/·•]|\s(?:and|und|et|y|e|with)\s|\n")
_BY = re.compile(r"\b(?:written\s+|edited\s+|compiled\s+)?by:?\s+", re.IGNORECASE)
_PARTICLES = re.compile(
    "van|von|de|der|den|da|di|du|la|le|del|della|dos|das|do|ten|ter|zu|af|al|bin|ibn|el|y|e", re.IGNORECASE
)
_SUFFIX = re.compile(r"(?:Jr|Sr|PhD|Ph\.D|MD|M\.D|MSc|II|III|IV)\.?")
_PART = re.compile(r"(?:[^\W\d_](?:['’´`¨-]?[^\W\d_]){1,24}|[^\W\d_]\.?(?:-?[^\W\d_]\.)*)")
_ORGANISED = re.compile(
    r"\b(?:\w*universi\w*|institut\w*|colleg\w*|school\w*|\w*hochschul\w*|fakult\w*|facult\w*|depart\w*|dept|dipart\w*|divisi\w*"
    r"|laborator\w*|labs?|clinic\w*|hospital\w*|cent(?:er|re)s?|foundation|academ\w*|societ\w*|associat\w*|minist\w*"
    r"|agenc\w*|bureau|bank|office|council|commission|compan\w*|corporat\w*|incorporated|inc|ltd|limited|llc|llp|plc|gmbh"
    r"|ag|s\.a|corp|co|research|science[s]?|statisti\w*|informati\w*|engineering|technolog\w*|software|systems?|press"
    r"|publish\w*|verlag|editions?|street|avenue|road|stra(?:ß|ss)e|states?|kingdom|republic|germany|france|china|india|usa)\b",
    re.IGNORECASE,
)
"""Words of bodies and places, where people work: their names have the form of a person's."""
_NO_NAME = re.compile(
    r"\b(?:version|edition|volume|chapter|part|section|page|table|figure|contents?|abstract|introduction|preface|summary"
    r"|guide|manual|report|handbook|tutorial|reference|documentation|notes?|article|paper|document|copyright|rights?|reserved"
    r"|draft|preprint|release|date|form|all|questions?|annual|user|the|of|for|in|on|to|with|from|how|what|why|(?-i:[aA]n|a)|programs?|packages?"
    r"|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:chair(?:man|woman)?|directors?|managers?|officers?|president|secretar(?:y|ies)|treasurer|registry|executive"
    r"|contact|inquiries)\b",
    re.IGNORECASE,
)
"""Words of lists of people who wrote nothing."""
_GROUP = re.compile(
    r"(?:and\s+)?(?:the\s+)?(?:[\w.'’+-]+\s+){1,5}(?:team|group|developers|contributors|collaboration|consortium|committee)",
    re.IGNORECASE,
)
_COMBINING = {
    "¨": "\u0308",
    "´": "\u0301",
    "`": "\u0300",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "¸": "\u0327",
}
_ACCENT = re.compile(rf"([{''.join(_COMBINING)}])([^\W\d_])")
"""An accent before its letter, as TeX's older fonts print it."""
MAX_NAMES, MAX_PARTS = 100, 6
WIDE_GAP = 0.6
"""Of the height of a line, two spaces: what stands further apart stands in columns."""


@dataclass(frozen=True, slots=True)
class Byline:
    """Names in `start:end` of a page's text; `is_said`: "by" stands before them."""

    names: tuple[str, ...]
    start: int
    end: int
    is_said: bool = False


def byline_of(page: Page, start: int, end: int) -> Byline | None:
    """Read a line as one of names; nothing where anything else stands in it."""
    text = page.text[start:end]
    said = _BY.match(text.lstrip())
    begin = start + (len(text) - len(text.lstrip())) + (said.end() if said else 0)
    pieces = list(_pieces(page, begin, end))
    names = [name for piece in pieces if (name := name_of(piece))]
    if not names or not name_of(pieces[0]) or not all(map(_is_beside, pieces)) or len(names) > MAX_NAMES:
        return None
    return Byline(tuple(names), begin, end, said is not None)


def named_after_by(text: str) -> Iterator[tuple[str, int, int]]:
    """Find names that "by" stands before within a text, as on a title page that was read as one paragraph."""
    for said in _BY.finditer(text):
        if said.group().strip() not in ("by", "By", "BY", "by:", "By:", "BY:"):
            continue
        words = list(re.finditer(r"\S+", text[said.end() : said.end() + 120]))
        for number in range(min(MAX_PARTS, len(words)), 1, -1):
            found = text[said.end() : said.end() + words[number - 1].end()]
            is_same_case = found.isupper() == words[0].group().isupper()
            if is_same_case and (name := name_of(found.rstrip(",;:"))):
                yield name, said.end(), said.end() + len(found.rstrip(",;:"))
                break


def is_body(text: str) -> bool:
    """Tell whether a text names a body: a company, an agency, a university."""
    return _ORGANISED.search(text) is not None


def name_of(text: str) -> str:
    """Read a person's name, or that of a group of authors; nothing where it is neither."""
    text = _ACCENT.sub(_accented, " ".join(_MARKS.sub(" ", text).strip(" \t,.;:()").split()))
    if _GROUP.fullmatch(text):
        return re.sub(r"^and\s+", "", text)
    if any(words.search(text) for words in (_NO_NAME, _ROLE, _ORGANISED)):
        return ""
    parts = text.split(" ")
    if not 2 <= len(parts) <= MAX_PARTS or not all(map(_is_part, parts)):
        return ""
    whole = [part for part in parts if len(part.strip(".")) > 1 and not _PARTICLES.fullmatch(part)]
    return _cased(text) if whole and len(whole[-1]) > 1 and not parts[-1].islower() else ""


def _accented(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", found[2] + _COMBINING[found[1]])


def _is_part(part: str) -> bool:
    if part.islower() and _PARTICLES.fullmatch(part) or _SUFFIX.fullmatch(part):
        return True
    return _PART.fullmatch(part) is not None and part[0].isupper()


def _cased(name: str) -> str:
    """A name that is printed in capitals as it is written elsewhere."""
    if not name.isupper():
        return name
    return " ".join(
        part.lower() if _PARTICLES.fullmatch(part) else "-".join(one.capitalize() for one in part.split("-"))
        for part in name.split(" ")
    )


def _is_beside(piece: str) -> bool:
    """Tell whether a piece may stand in a line of names."""
    if _ROLE.search(piece):
        return False
    return bool(name_of(piece)) or _is_place(piece) or is_body(piece)


def _is_place(piece: str) -> bool:
    """Tell whether a piece between names is a mark, an address, or a word alone, as the land where somebody lives."""
    bare = _MARKS.sub(" ", piece).strip(" \t,.;:()")
    return not bare or "@" in bare or (bare.istitle() and " " not in bare and bare.isalpha())


def _pieces(page: Page, start: int, end: int) -> Iterator[str]:
    """What commas, marks of notes, "and" and wide gaps part in a line."""
    text = page.text[start:end]
    cuts = [0, *(place - start for place in _gaps(page, start, end)), len(text)]
    for left, right in zip(cuts, cuts[1:], strict=False):
        marked = _MARKS.sub("\n", text[left:right])
        yield from (piece.strip() for piece in _BETWEEN.split(marked) if piece.strip())


def _gaps(page: Page, start: int, end: int) -> list[int]:
    """Where words of a line stand far from the one before, or begin another printed line; commas part names better."""
    is_listed = "," in page.text[start:end]
    found = []
    words = [word for word in page.words if start <= word.start < end]
    for before, word in zip(words, words[1:], strict=False):
        height = before.box[3] - before.box[1]
        is_apart = word.box[0] - before.box[2] > WIDE_GAP * height
        is_below = word.box[1] > before.box[3] - height / 4 and not is_listed
        if before.end < word.start and (is_apart or is_below):
            found.append(word.start)
    return found
