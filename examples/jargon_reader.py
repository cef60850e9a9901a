"""Read the Jargon File, as Debian lays it out in plain text, into blocks: headings, entries, paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "part", "chapter", "section", "letter", "entry", "text", "quote", "bullet", "verse", "code", "table"
]

PART = re.compile(r" {10,}(Part [IVX]+\. .+|Welcome to the Jargon File)$")
CHAPTER = re.compile(r"(Chapter \d+\.|Appendix [A-Z]\.|Bibliography$)")
SECTION = re.compile(r" {0,2}[A-Z][^\d]+[^.\d]$")
LETTER = re.compile(r"  ([A-Z0])$")
ENTRY = re.compile(r"   :(.+?): ?(.*)$")
NUMBERED = re.compile(r" *\d+\. ")
CODE = re.compile(r"[{}<>=|\\/_#;^$()0-9]|\S   ")
FULL = 77  # columns that the text was filled to


@dataclass(frozen=True, slots=True)
class Block:
    kind: Kind
    text: str
    rest: str = ""  # of an entry: pronunciation and grammar; of a bullet: how deep it is indented
    rows: tuple[tuple[str, ...], ...] = ()


def read_blocks(text: str) -> Iterator[Block]:
    """The book in its order, without the lists of contents (the typesetter makes its own)."""
    groups = split_groups(text.replace("\xa0", " "))
    start = next(index for index, group in enumerate(groups) if PART.match(group[0]))
    groups = groups[start:]
    titles = {group[0].strip() for group in groups if len(group) == 1 and SECTION.match(group[0])}
    titles |= {group[0].split(". ", 1)[-1] for group in groups if CHAPTER.match(group[0])}
    listing, letter = "titles", ""
    for group in groups:
        first = group[0]
        if heading := read_heading(group):
            listing = ""
            yield heading
        elif first.strip() in ("Table of Contents", "Glossary"):
            listing = "titles" if first.startswith(" ") else "entries"
        elif found := LETTER.match(first):
            listing, letter = "entries", found[1]
        elif found := ENTRY.match(first):
            listing = ""
            if letter:
                yield Block("letter", letter)
                letter = ""
            yield Block("entry", found[1], " ".join([found[2], *(line.strip() for line in group[1:])]))
        elif listing != "entries" and not is_listed(group, titles):
            listing = ""
            yield read_body(group)


def split_groups(text: str) -> list[list[str]]:
    """Runs of lines between blank lines."""
    return [group.split("\n") for group in re.split(r"\n[ \t]*\n+", text.strip("\n")) if group.strip()]


def is_listed(group: list[str], titles: set[str]) -> bool:
    """Whether the line stands in a list of contents: the title of a chapter, perhaps with its number."""
    title = group[0].strip()
    return len(group) == 1 and (title in titles or re.sub(r"^([0-9]+|[A-Z]|[IVX]+)\. ", "", title) in titles)


def read_heading(group: list[str]) -> Block | None:
    if len(group) != 1:
        return None
    line = group[0]
    if found := PART.match(line):
        return Block("part", found[1])
    if CHAPTER.match(line):
        return Block("chapter", line)
    if SECTION.match(line) and line != "Glossary":
        return Block("section", line.strip())
    return None


def read_body(group: list[str]) -> Block:
    """Prose is what was filled to the full width with one indent; the rest keeps its lines."""
    if group[0].lstrip().startswith("┌"):
        return Block("table", "", rows=tuple(read_rows(group)))
    indents = {len(line) - len(line.lstrip()) for line in group}
    indent = min(indents)
    if re.match(r" *• ", group[0]) and indents <= {indent, indent + 2}:
        return Block("bullet", join(group)[2:], rest=str((indent - 5) // 2))
    if NUMBERED.match(group[0]) and len({len(line) - len(line.lstrip()) for line in group[1:]}) < 2:
        return Block("text", join(group))
    if len(indents) == 1 and indent in (3, 5, 7) and is_filled(group):
        return Block("text" if indent == 3 else "quote", join(group))
    lines = [line[min(indent, 3) :].rstrip() for line in group]
    is_verse = len(lines) > 1 and len(CODE.findall("\n".join(lines))) < sum(map(len, lines)) / 50
    return Block("verse" if is_verse else "code", "\n".join(lines))


def is_filled(group: list[str]) -> bool:
    """Whether no line could have taken the first word of the next."""
    pairs = zip(group, group[1:], strict=False)
    return all(len(line) + len(after.split()[0]) > FULL - 4 for line, after in pairs)


def join(group: list[str]) -> str:
    return " ".join(line.strip() for line in group)


def read_rows(group: list[str]) -> Iterator[tuple[str, ...]]:
    """The rows of a table drawn with box characters; a cell may have several lines."""
    cells: list[list[str]] = []
    for line in group:
        if line.lstrip()[0] in "┌├└":
            if cells:
                yield tuple(" ".join(" ".join(parts).split()) for parts in cells)
            cells = []
            continue
        parts = [part.strip() for part in line.strip().strip("│").split("│")]
        cells = cells or [[] for _ in parts]
        for cell, part in zip(cells, parts, strict=True):
            cell.append(part)
