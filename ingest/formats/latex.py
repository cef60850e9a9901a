"""LaTeX: sections, paragraphs, lists, tables; formulas as text. Macros are not run and no other file is read.

pylatexenc turns commands into what they print; headings and tables are found before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pylatexenc.latex2text import LatexNodes2Text

from catena.ingest.formats.html_visibility import PICTURES, LeftOut
from catena.ingest.formats.text_decoding import decode
from catena.ingest.pagination.blocks import Block, Book, clean, heading, paragraph, row

_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_INCLUDED = "files that it includes and that were not read (add them by themselves)"
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*\n?[ \t]*")
_VERBATIM = re.compile(r"\\begin\{(verbatim|lstlisting|minted)\*?\}(.*?)\\end\{\1\*?\}", re.S)
_BODY = re.compile(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", re.S)
_PIECE = re.compile(
    r"\\(?P<level>part|chapter|section|subsection|subsubsection|paragraph)\*?\s*(?:\[[^\]]*\]\s*)?(?=\{)"
    r"|\\begin\{(?P<table>tabular[xy]?|longtable)\*?\}(?P<rows>.*?)\\end\{(?P=table)\*?\}",
    re.S,
)
_COLUMNS = re.compile(r"\s*(?:\[[^\]]*\])?(?:\s*\{(?:[^{}]|\{[^{}]*\})*\}){1,2}")
_ROW_END = re.compile(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline\b")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot)\b|\\c(?:line|midrule)(?:\([^)]*\))?\{[^}]*\}"
)
_CELL_END = re.compile(r"(?<!\\)&")
_MANY = re.compile(r"\\multicolumn\{(\d{1,2})\}\{[^{}]*\}")
_MADE_UP = re.compile(r"\\(?:maketitle|today|tableofcontents|includegraphics\s*(?:\[[^\]]*\])?\s*\{[^}]*\})")
"""What pylatexenc would put words in place of that the source does not have."""
_POINTERS = re.compile(r"\\(?:[cC]ite[a-z]*|(?:eq|auto|page|c|C|name)?ref)\*?(?:\[[^\]]*\]){0,2}\{([^}]*)\}")
_MAX_ARGUMENT = 5000


def read_latex(path: Path) -> Book:
    """Read a source file of LaTeX."""
    decoded = decode(path.read_bytes())
    source = _COMMENT.sub(r"\1", decoded.text.replace("\r\n", "\n"))
    left_out = LeftOut()
    left_out.add(PICTURES, len(re.findall(r"\\includegraphics\b", source)))
    left_out.add(_INCLUDED, len(re.findall(r"\\(?:input|include|subfile)\s*\{", source)))
    found = _BODY.search(source)
    body = found[1] if found else source
    title, author = _argument_of(source, "title"), _argument_of(source, "author")
    book = Book(clean(_plain(title)), notes=[*decoded.notes, *left_out.notes()])
    front = [heading(_plain(title), 1) if "\\maketitle" in body else None, paragraph(_plain(author))]
    book.blocks = [*(block for block in front if block), *_blocks(body)]
    return book


def _blocks(body: str) -> Iterator[Block]:
    used = [level for level in _LEVELS if re.search(rf"\\{level}\*?\s*[\[{{]", body)]
    at = table = 0
    while piece := _PIECE.search(body, at):
        yield from _paragraphs(body[at : piece.start()])
        at = piece.end()
        if piece["level"]:
            title, at = _argument(body, at)
            block = heading(_plain(title), used.index(piece["level"]) + 1)
            yield from [block] if block else []
        else:
            table += 1
            yield from _rows(piece["rows"], table)
    yield from _paragraphs(body[at:])


def _paragraphs(source: str) -> Iterator[Block]:
    at = 0
    for code in _VERBATIM.finditer(source):
        yield from _prose(source[at : code.start()])
        yield from (block for line in code[2].splitlines() if (block := paragraph(line)))
        at = code.end()
    yield from _prose(source[at:])


def _prose(source: str) -> Iterator[Block]:
    for part in re.split(r"\n[ \t]*\n|(?=\\item\b)|\\par\b", source):
        if block := paragraph(_plain(part)):
            yield block


def _rows(source: str, table: int) -> Iterator[Block]:
    source = _COLUMNS.sub("", source, count=1)
    for line in _ROW_END.split(_RULES.sub(" ", source)):
        cells: list[str] = []
        for cell in _CELL_END.split(line):
            spans = _MANY.search(cell)
            cells += [_plain(_MANY.sub("", cell)), *[""] * (min(int(spans[1]), 40) - 1 if spans else 0)]
        if block := row(cells, table):
            yield block


def _argument_of(source: str, name: str) -> str:
    found = re.search(rf"\\{name}\s*(?:\[[^\]]*\]\s*)?(?=\{{)", source)
    return _argument(source, found.end())[0] if found else ""


def _argument(source: str, at: int) -> tuple[str, int]:
    """What stands in the braces that open at a place, and where they end."""
    depth = 0
    for end in range(at, min(len(source), at + _MAX_ARGUMENT)):
        if source[end] in "{}" and source[end - 1] != "\\":
            depth += 1 if source[end] == "{" else -1
            if not depth:
                return source[at + 1 : end], end + 1
    return "", at + 1


def _plain(source: str) -> str:
    """What a piece of LaTeX prints, formulas in letters and signs."""
    if not source.strip():
        return ""
    source = _POINTERS.sub(r"[\1]", _MADE_UP.sub(" ", source))
    text = str(_converter().latex_to_text(source))
    return re.sub(r"^\s*\*\s+(?=\S)", "• ", text) if "\\item" in source else text


@cache
def _converter() -> LatexNodes2Text:
    return LatexNodes2Text(math_mode="text", keep_comments=False, strict_latex_spaces=False)
