"""Filters of documents: by collection, kind, year, author, tag and words of the title; written as people type them.

All 10-Ks of 2022 are `title:10-K year:2022`. A text without a colon is the name of a collection.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from catena.arguments import list_of, refused, require_choice, require_text, require_whole
from catena.errors import OptionError
from catena.types import Description, Document, Kind

_FIELDS = ("in", "kind", "year", "author", "tag", "title")
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")
_JOINED = re.compile(r"(?<=\w)[-‐‑.'’](?=\w)")
"""Marks that a name is written with or without: 10-K is 10K."""
_APART = re.compile(r"[\W_]+")
_REMEDY = 'Write it as "title:10-K year:2020-2022 author:Smith tag:audit kind:pdf in:NAME".'


@dataclass(frozen=True, slots=True)
class Filter:
    """Documents in a collection, of a kind, of some years (the first and the last), by an author, with all tags, with
    words in their title or file name; what is left out is not asked for. Raises OptionError."""

    collection: str = ""
    kind: Kind | None = None
    years: tuple[int, int] | None = None
    author: str = ""
    tags: tuple[str, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        for name in ("collection", "author", "title"):
            require_text(name, getattr(self, name), is_filled=False)
        if self.kind is not None:
            require_choice("kind", self.kind, get_args(Kind))
        if self.years is not None:
            first, last = (*list_of("years", self.years), 0, 0)[:2]
            require_whole("years", first, 1, 9999)
            require_whole("years", last, first, 9999)
            object.__setattr__(self, "years", (first, last))
        object.__setattr__(self, "tags", tuple(list_of("tags", self.tags, str)))
        for tag in self.tags:
            require_text("tags", tag)

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Read what `str` writes, or the name of a collection. Raises OptionError."""
        require_text("filter", text)
        if ":" not in text:
            return cls(collection=text.strip())
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise OptionError(f"The filter {text!r} cannot be read: {error}.", _REMEDY) from error
        found: dict[str, Any] = {"tags": []}
        for word in words:
            name, colon, value = word.partition(":")
            if name not in _FIELDS or not colon or not value.strip() or name in found:
                raise OptionError(f"The filter {text!r} cannot be read at {word!r}.", _REMEDY)
            if name == "tag":
                found["tags"].append(value)
            else:
                found[name] = value
        found["years"] = _years(found.pop("year", None))
        return cls(found.pop("in", ""), **found)

    def __str__(self) -> str:
        first, last = self.years or (0, 0)
        parts = [
            ("in", self.collection),
            ("kind", self.kind or ""),
            ("year", "" if not first else f"{first:04}" if first == last else f"{first:04}-{last:04}"),
            ("author", self.author),
            *(("tag", tag) for tag in self.tags),
            ("title", self.title),
        ]
        return " ".join(f"{name}:{shlex.quote(value)}" for name, value in parts if value)

    def fits(self, document: Document, described: Description) -> bool:
        """Tell whether a document is one of these; in which collection it is, others judge."""
        tags = {tag.casefold() for tag in described.tags}
        year = described.reference.year
        return (
            (self.kind is None or document.kind == self.kind)
            and (self.years is None or (year is not None and self.years[0] <= year <= self.years[1]))
            and all(tag.casefold() in tags for tag in self.tags)
            and (not self.author or any(_has(name, self.author) for name in described.reference.authors))
            and (not self.title or _is_called(document, described, self.title))
        )


def _is_called(document: Document, described: Description, wanted: str) -> bool:
    names = (document.title, described.reference.title, Path(document.path).stem)
    return any(_has(name, wanted) for name in names)


def _has(name: str, wanted: str) -> bool:
    """Tell whether words follow each other in a name, the last perhaps cut short; case and accents do not count."""
    sought = _plain(wanted)
    return bool(sought.strip()) and sought in _plain(name)


@lru_cache(maxsize=100_000)
def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " " + _APART.sub(" ", _JOINED.sub("", bare)).strip()


def _years(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = _YEARS.fullmatch(text)
    if not found:
        raise refused("year", text, "a year or two", "Write it as year:2022 or year:2020-2022.")
    return int(found[1]), int(found[2] or found[1])
