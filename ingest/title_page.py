"""What a document is cited by, as its file's metadata and its first pages say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from catena.ingest.bylines import Byline, byline_of, is_body, name_of, named_after_by
from catena.ingest.file_metadata import Metadata
from catena.ingest.identifiers import Found, doi_in, isbn_in, plain_doi, plain_isbn
from catena.types import Document, Line, Page, Reference, Span

Places = dict[str, tuple[Span, ...]]
NUM_PAGES = 6
"""First pages that are looked at; names on two of them."""
_BYLINE_PAGES, _MAX_LINES, _MAX_LINE = 2, 30, 600
_TRUSTED = ("epub", "html", "markdown", "text")
"""Kinds whose metadata are written by who publishes; elsewhere a program notes who saved the file."""
_END = re.compile(
    r"\W*(?:abstract|key ?words|index terms)\W"
    r"|\W*(?:\d[\d.]*\s+)?(?:summary|executive summary|(?:table of )?contents|introduction|preface|abstract|foreword"
    r"|acknowledge?ments|credits|chapter \w+|(?:corporate )?directory|(?:board of )?directors)\b(?!.{60})",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"\bfor the (?:(?:fiscal|financial) )?(?:year|quarter|quarterly period|(?:\w+ )?months|period) end(?:ed|ing)"
    r"\W+(?:\w+\W+){0,4}?((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    rf"\b(?:{_MONTH},? (?:\d{{1,2}}(?:st|nd|rd|th)?(?:\s?[-–]\s?\d{{1,2}})?,? )?((?:19|20)\d\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? ((?:19|20)\d\d)|((?:19|20)\d\d)-\d\d-\d\d|\d\d[./]((?:19|20)\d\d))\b",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|c⃝|copyright)[\s:]*(?:(?:©|\(c\)|c⃝)\s*)?((?:(?:19|20)\d\d\s*(?:[-–,]|and)\s*){0,40}(?:19|20)\d\d)\b|"
    r"(?:©|\(c\)|c⃝)[^\d\n]{1,60}((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_IN_TITLE = re.compile(r"\b(?:(?:19|20)\d\d\s?[-–]\s?)?((?:19|20)\d\d)\b")
_ALONE = re.compile(r"\W*(?:(?:19|20)\d\d\s?[-–]\s?)?(?:19|20)\d\d\W*")
_REGISTRANT = re.compile(r"([^\d\n()_]{2,100})\s*\(?(?i:exact name of (?:the )?registrant)")
_CITED_AS = re.compile(r"(?:recommended|suggested|preferred) citation:?\s*", re.IGNORECASE)
_PROCEEDINGS = re.compile(r"\bproceedings of (?:the )?[^.;|\n]{5,200}", re.IGNORECASE)
_STAMP = re.compile(
    r"\barXiv:\S+ +\[[\w.-]+\] +\d{1,2} \w{3} (?:19|20)\d\d|"
    r"\b(?:conference|proceedings|workshop|symposium|meeting)\b[^.\n]{0,120}(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_NEAR, _OPENING = 4, 400
"""Lines below a title, and characters of a text without lines, within which names stand."""
_YEAR = re.compile(r"(?:1[4-9]|20)\d\d")


def read_reference(document: Document, metadata: Metadata, pages: Sequence[Page]) -> tuple[Reference, Places]:
    """Read what a document is cited by, and where its first pages say so."""
    places: Places = {}
    authors = _authors(document, metadata, pages, places)
    year = _year(document, metadata, pages, places)
    doi = _found("doi", [page for page in pages[:2]], doi_in, places) or _first(metadata, "doi", plain_doi)
    isbn = _found("isbn", pages, isbn_in, places) or _first(metadata, "isbn", plain_isbn)
    venue = _first(metadata, "venue", str) or _proceedings(pages[:1], places)
    return Reference(authors, year, "", venue, doi, isbn), places


def _authors(
    document: Document, metadata: Metadata, pages: Sequence[Page], places: Places
) -> tuple[str, ...]:
    """By what the title page says, metadata that can be trusted or are printed there, or the form of a filing."""
    told = _told_authors(metadata)
    if told and document.kind in _TRUSTED:
        _note_printed(told, pages, places)
        return told
    if registrant := _registrant(pages[:1], places):
        return registrant
    bylines = _bylines(list(_front(document.title, pages[:_BYLINE_PAGES])), told)
    if bylines:
        places["authors"] = tuple(Span(page.ref, one.start, one.end) for page, one in bylines)
        return tuple(dict.fromkeys(name for _, one in bylines for name in one.names))
    if body := _cited_body(pages[:1], places):
        return body
    printed = tuple(name for name in told if _printed(name, pages[:_BYLINE_PAGES]))
    _note_printed(printed, pages[:_BYLINE_PAGES], places)
    return printed


def _told_authors(metadata: Metadata) -> tuple[str, ...]:
    """Names in the metadata; of "Holmes, Jon" the given name first."""
    told = [
        part for text in metadata.get("author", ()) for part in re.split(r"[;&]| and |, (?=\S+ \S)", text)
    ]
    turned = [re.sub(r"^([^,\s]+), ([^,]+)$", r"\2 \1", one.strip(" ,")) for one in told]
    return tuple(dict.fromkeys(one for one in turned if name_of(one) or is_body(one) or not one.isascii()))


def _front(title: str, pages: Sequence[Page]) -> Iterator[tuple[Page, Line]]:
    """The lines of the title page below the title; all where it is not found, until the text begins."""
    lines = [(page, line) for page in pages for line in page.lines if line.kind not in ("header", "footer")]
    named = _bare(title)
    last = _end_of_title(lines, named)
    for page, line in lines[last + 1 : last + 1 + _MAX_LINES]:
        text = _text(page, line)
        if _END.match(text):
            return
        if len(text) <= _MAX_LINE:
            yield page, line
        elif page is not pages[0]:
            return


def _end_of_title(lines: Sequence[tuple[Page, Line]], named: str) -> int:
    """The last line of a title, by its bare words; else the first heading, and all where there is neither."""
    first = lines[:_MAX_LINES]
    titled = [at for at, (page, line) in enumerate(first) if named and _is_of(_text(page, line), named)]
    headings = [at for at, (_, line) in enumerate(first) if line.kind == "heading"]
    starts = [at for at in titled if at in headings] or titled or headings or [len(lines)]
    last = starts[0]
    while last + 1 in titled:
        last += 1
    return last


def _bylines(front: Sequence[tuple[Page, Line]], told: Sequence[str]) -> list[tuple[Page, Byline]]:
    """Lines of names; the first stands close below the title, or holds a name that the metadata say."""
    found: list[tuple[Page, Byline]] = []
    for at, (page, line) in enumerate(front):
        one = byline_of(page, line.start, line.end)
        if one is None:
            continue
        is_told = any(_bare(name) in map(_bare, told) for name in one.names)
        if found or at < _NEAR or one.is_said or is_told:
            found.append((page, one))
    said = [(page, one) for page, one in found if one.is_said]
    return said or found


def _registrant(pages: Sequence[Page], places: Places) -> tuple[str, ...]:
    """Who files a form of the Securities and Exchange Commission."""
    for page in pages:
        if found := _REGISTRANT.search(page.text):
            name = found[1].strip()
            start = page.text.index(name, found.start())
            places["authors"] = (Span(page.ref, start, start + len(name)),)
            return (name,)
    return ()


def _cited_body(pages: Sequence[Page], places: Places) -> tuple[str, ...]:
    """Whom a report asks to be cited, or who "by" names in the first words."""
    for page in pages:
        if cited := _CITED_AS.search(page.text):
            name = re.split(r"[,.]? ?(?:\(|“|\"|(?:19|20)\d\d|, [A-Z])", page.text[cited.end() :][:200])[0]
            if name and len(name) < 100:
                places["authors"] = (Span(page.ref, cited.end(), cited.end() + len(name)),)
                return (name,)
        for name, start, end in named_after_by(page.text[:_OPENING]):
            places["authors"] = (Span(page.ref, start, end),)
            return (name,)
    return ()


def _year(document: Document, metadata: Metadata, pages: Sequence[Page], places: Places) -> int | None:
    """The period of a report, else the date that the title page, the event or the copyright says."""
    for page in pages[:1]:
        if found := _PERIOD.search(page.text):
            return _noted_year(page, found, places)
    if document.kind in _TRUSTED:
        for text in metadata.get("date", ()):
            if (of_file := _YEAR.search(text)) is not None:
                return int(of_file.group())
    for page, line in _front(document.title, pages[:_BYLINE_PAGES]):
        if line.end - line.start < 120 and (found := _DATE.search(page.text, line.start, line.end)):
            return _noted_year(page, found, places)
    for pattern, where in ((_STAMP, pages[:1]), (_COPYRIGHT, pages)):
        for page in where:
            if found := pattern.search(page.text):
                return _noted_year(page, found, places)
    heads = [(page, line) for page in pages[:1] for line in page.lines[:_MAX_LINES]]
    for page, line in heads:
        is_head = line.kind == "heading" or _ALONE.fullmatch(page.text, line.start, line.end)
        if is_head and (found := _IN_TITLE.search(page.text, line.start, line.end)):
            return _noted_year(page, found, places)
    return next(
        (int(found.group()) for text in metadata.get("date", ()) if (found := _YEAR.search(text))), None
    )


def _noted_year(page: Page, found: re.Match[str], places: Places) -> int:
    """The last year of a match, as 2023 of "2003-2023"."""
    last = list(_YEAR.finditer(found.group()))[-1]
    start = found.start() + last.start()
    places["year"] = (Span(page.ref, start, start + 4),)
    return int(last.group())


def _proceedings(pages: Sequence[Page], places: Places) -> str:
    for page in pages:
        for line in page.lines:
            if line.end - line.start < _MAX_LINE and (
                found := _PROCEEDINGS.match(page.text, line.start, line.end)
            ):
                places["venue"] = (Span(page.ref, found.start(), found.end()),)
                return found.group().strip()
    return ""


def _found(name: str, pages: Sequence[Page], look: Callable[[str], Found | None], places: Places) -> str:
    for page in pages:
        if (found := look(page.text)) is not None:
            places[name] = (Span(page.ref, found[1], found[2]),)
            return found[0]
    return ""


def _first(metadata: Metadata, name: str, read: Callable[[str], str]) -> str:
    return next((value for text in metadata.get(name, ()) if (value := read(text).strip())), "")


def _note_printed(names: Sequence[str], pages: Sequence[Page], places: Places) -> None:
    spans = [span for name in names if (span := _printed(name, pages)) is not None]
    if spans:
        places["authors"] = tuple(spans)


def _printed(name: str, pages: Sequence[Page]) -> Span | None:
    """Where a name is printed first."""
    for page in pages:
        if found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", page.text, re.IGNORECASE):
            return Span(page.ref, found.start(), found.end())
    return None


def _is_of(text: str, title: str) -> bool:
    """Tell whether a line is the title or a part of it; `title` is bare."""
    own = _bare(text)
    return bool(own) and (own in title or title in own and len(own) < 2 * len(title))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _text(page: Page, line: Line) -> str:
    return page.text[line.start : line.end]
