"""Rich Text (RTF), read by striprtf; what that drops is marked before: cells, headings, notes, hidden text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from catena.ingest.formats.html_visibility import HIDDEN, PICTURES, LeftOut
from catena.ingest.pagination.blocks import Block, Book, clean, heading, paragraph, row

_CELL, _NOTE, _NOTE_END, _HEADING = "\ue000", "\ue001", "\ue002", "\ue010"
"""Of the private use area; others of it that a file holds are left out."""
_PRIVATE = re.compile("[\ue000-\ue01f]")
_TOKENS = re.compile(r"\\(?:([a-z]+)(-?\d{1,9})? ?|'[0-9a-f]{2}|[^a-z])|[{}]", re.I)
_STYLE = re.compile(r"\{\\s(\d{1,4})\b[^{}]*?(?<=[ }])heading (\d);\}", re.I)
_TITLE = re.compile(r"\{\\title\s([^{}\\]{1,300})\}")


def read_rtf(path: Path) -> Book:
    """Read a Rich Text file."""
    source = path.read_bytes().decode("latin-1")
    left_out = LeftOut()
    left_out.add(PICTURES, source.count("\\pict"))
    marked = _marked(_escaped(source), _headings(source), left_out)
    text = rtf_to_text(marked, errors="replace")
    title = _TITLE.search(source)
    return Book(clean(title[1]) if title else "", list(_blocks(text)), notes=left_out.notes())


def _escaped(source: str) -> str:
    """The source in ASCII, as striprtf wants it: bytes that were not written as escapes become some."""
    return re.sub("[\x80-\xff]", lambda found: f"\\'{ord(found[0]):02x}", source)


def _headings(source: str) -> dict[int, int]:
    """The levels of the styles that are headings, by their numbers."""
    return {int(style): int(level) for style, level in _STYLE.findall(source)}


def _marked(source: str, headings: dict[int, int], left_out: LeftOut) -> str:
    """Put marks into the source where striprtf would lose what matters, and leave out what is hidden."""
    pieces: list[str] = []
    is_hidden = False
    stack: list[tuple[bool, bool]] = []  # of the groups that are open: hidden before, a note
    at = 0
    for token in _TOKENS.finditer(source):
        text = source[at : token.start()]
        at = token.end()
        if is_hidden and text.strip():
            left_out.add(HIDDEN, len(text.split()))
        else:
            pieces.append(text)
        word, number, whole = token[1], token[2], token[0]
        if whole == "{":
            stack.append((is_hidden, False))
        elif whole == "}" and stack:
            is_hidden, is_note = stack.pop()
            pieces.append(_mark(_NOTE_END) if is_note else "")
        elif word == "v":
            is_hidden = number != "0"
        elif word == "plain":
            is_hidden = False
        elif word == "footnote" and stack:
            stack[-1] = stack[-1][0], True
            whole = _mark(_NOTE)
        elif word in ("cell", "nestcell"):
            whole = _mark(_CELL)
        elif word == "s" and number and int(number) in headings:
            whole += _mark(chr(ord(_HEADING) + headings[int(number)]))
        elif is_hidden and whole[1:2] in ("'", "~"):
            whole = ""
        pieces.append(whole)
    return "".join(pieces) + source[at:]


def _mark(character: str) -> str:
    return f"\\uc0\\u{ord(character)} \\uc1 "


def _blocks(text: str) -> Iterator[Block]:
    table = 0
    was_row = False
    for line in text.split("\n"):
        line, *notes = re.split(f"{_NOTE}|{_NOTE_END}", line)
        line += "".join(notes[1::2])
        if _CELL in line:
            table += not was_row
            block = row([_PRIVATE.sub(" ", cell) for cell in line.split(_CELL)[:-1]], table)
        else:
            levels = [ord(mark) - ord(_HEADING) for mark in _PRIVATE.findall(line) if mark > _HEADING]
            plain = _PRIVATE.sub("", line)
            block = heading(plain, levels[-1]) if levels else paragraph(plain)
        was_row = block is not None and block.kind == "row"
        yield from [block] if block else []
        yield from (block for note in notes[::2] if (block := paragraph(_PRIVATE.sub(" ", note))))
