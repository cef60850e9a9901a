"""The values that flow through Catena: pages in, cited answers out. No logic, no I/O, no package but ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from catena.errors import DamagedPart as DamagedPart
from catena.errors import FailureReason as FailureReason
from catena.errors import OptionError
from catena.errors import Usage as Usage

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in PDF points, origin top left of the page as displayed (rotation applied)."""

Kind = Literal[
    "pdf", "epub", "docx", "html", "markdown", "text", "xlsx", "xls", "ods", "csv", "pptx", "odp", "odt", "rtf",
    "transcript", "image", "eml", "mbox", "msg", "mhtml", "latex", "notebook",
]  # fmt: skip
DocumentStatus = Literal["ready", "partial", "failed", "damaged"]
"""`damaged`: a part of it was lost on the disk, and so was its original; it answers nothing until it is added again."""
LineKind = Literal["text", "heading", "row", "header", "footer"]
TextSource = Literal["text", "ocr"]
FigureState = Literal["read", "no text", "unread"]
"""`no text`: nothing is printed in it; `unread`: something seems to be, and was not recognised."""
Strategy = Literal["auto", "retrieve", "chain", "full", "kv"]
AnswerStatus = Literal["answered", "not_in_document", "refused", "stopped"]
"""`refused`: a model declined to answer; `not_in_document`: the documents do not say."""
Check = Literal["code", "model"]
Support = Literal["quoted", "supported", "partial", "unsupported", "contradicted", "unchecked"]
"""`quoted`: a verbatim quote, which proves that it stands there, not that it answers. The others are of written
statements, for what was really checked; `unchecked`: no check could tell."""
Confidence = Literal["likely", "possible", "closest"]
"""How sure the embedded reader is that its quotes answer what was asked; measured in docs/benchmarks.md."""
QuoteStatus = Literal["verified", "quote_not_found"]


@dataclass(frozen=True, slots=True, order=True)
class PageRef:
    """One physical page of one document; `number` counts from 1. The join key of everything."""

    document_id: str
    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise OptionError(
                f"There is no page {self.number}: pages are counted from 1.", "Give a number from 1 on."
            )


@dataclass(frozen=True, slots=True)
class Word:
    """`page.text[start:end]` is printed inside `box`. A hyphenated word is two `Word`s that touch."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class SheetCell:
    """`page.text[start:end]` is what the cell `name` ("B7") of a spreadsheet shows."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Cue:
    """`page.text[start:end]` was said from second `start_s` to `end_s` of a recording, by `speaker` if known."""

    start: int
    end: int
    start_s: float
    end_s: float
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line of `page.text`: a paragraph, a heading, a table row, or a running header or footer.

    `cells` are those of a row of a spreadsheet, from left to right; `is_head`: it names the columns of the rows below.
    `cues` are the times of a transcript's paragraph, in order.
    """

    start: int
    end: int
    kind: LineKind
    cells: tuple[SheetCell, ...] = ()
    is_head: bool = False
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """From offset `start` of the page on, text belongs to `path`: ("Part II", "Item 7. MD&A")."""

    start: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page in reading order. Logical lines are separated by a newline and never contain one."""

    ref: PageRef
    text: str
    label: str
    words: Sequence[Word] = ()
    lines: tuple[Line, ...] = ()
    sections: tuple[Section, ...] = ()
    width: float = 0.0
    height: float = 0.0
    source: TextSource = "text"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`start:end` of one page's text."""

    ref: PageRef
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FigureText:
    """Words that stand side by side inside a figure."""

    text: str
    box: Box
    source: TextSource


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture or drawing on a page; `number` counts through the document, from 1.

    `label` is what its caption calls it ("Figure 3(b)"), `caption` the text of that line and where it stands; both are
    empty where none was found. `mentions` is where the text names it.
    """

    ref: PageRef
    box: Box
    number: int = 0
    label: str = ""
    caption: str = ""
    caption_span: tuple[int, int] | None = None
    state: FigureState = "no text"
    texts: tuple[FigureText, ...] = ()
    mentions: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class TablePart:
    """The part of a table that stands on one page."""

    ref: PageRef
    box: Box


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table: its text, its row and column from 0, how many columns it spans, and its box on `page`.

    `is_head`: it stands in a row that names columns. Cells that are empty are left out.
    """

    text: str
    row: int
    column: int
    box: Box
    page: int
    column_span: int = 1
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as data; `number` counts through the document, from 1. One that runs over pages has a part on each.

    `caption` is the line that calls it a table; `unit` what its numbers are in, as it says ("in millions"). Both are
    empty where nothing says so. Rows and cells are in reading order.
    """

    parts: tuple[TablePart, ...]
    caption: str
    unit: str
    num_rows: int
    num_columns: int
    num_head_rows: int
    cells: tuple[TableCell, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    level: int
    title: str
    page: int


@dataclass(frozen=True, slots=True)
class Document:
    """Document of the library, read from one file. `id` is the SHA-256 of its bytes."""

    id: str
    title: str
    path: str
    kind: Kind | None
    status: DocumentStatus
    num_pages: int = 0
    num_pages_with_text: int = 0
    reason: FailureReason | None = None
    message: str = ""
    remedy: str = ""
    outline: tuple[OutlineEntry, ...] = ()
    parser_version: str = ""
    added_at: float = 0.0
    successor: str | None = None
    """Id of the document that took its place, "" where its file is gone; it then answers only when it is named."""

    @property
    def is_current(self) -> bool:
        """Tell whether a file that it was read from still holds these bytes, as far as the library was told."""
        return self.successor is None

    @property
    def is_readable(self) -> bool:
        """Tell whether it can be asked."""
        return self.status in ("ready", "partial")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a document is cited by; empty where it is not known. `authors` as they are printed: given names first."""

    authors: tuple[str, ...] = ()
    year: int | None = None
    title: str = ""
    venue: str = ""
    doi: str = ""
    isbn: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What is said about a document beside its text.

    `read` is what its file says it is cited by, `places` where its pages do, by field; of the others its metadata do.
    `given` holds the fields of the reference that people gave, `tags` and `collections` the names of theirs.
    """

    document_id: str
    read: Reference = Reference()
    places: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()

    @property
    def reference(self) -> Reference:
        """What the document is cited by: what people gave wins over what was read."""
        return replace(self.read, **self.given)


@dataclass(frozen=True, slots=True)
class WebCopy:
    """Copy of a document that was fetched from the web.

    `url` is what was asked for, `final_url` where that led; `etag` and `modified` are what the server called this
    version, `fetched_at` seconds since 1970 when it was last known to be the current one.
    """

    url: str
    final_url: str
    etag: str
    modified: str
    fetched_at: float


PassageKey = tuple[str, int]
"""Document id and ordinal of a passage."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`page.text[start:end] == text`; `header` is context for retrieval only and is never quoted.

    `continues`: the last sentence or row runs on in the passage with the next `ordinal`, on the next page.
    """

    ref: PageRef
    start: int
    end: int
    text: str
    header: str = ""
    ordinal: int = 0
    continues: bool = False

    @property
    def key(self) -> PassageKey:
        return self.ref.document_id, self.ordinal


@dataclass(frozen=True, slots=True)
class PageHit:
    """Page found by a retriever, best first, with the passages that earned it its place."""

    ref: PageRef
    score: float
    retriever: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive passages that fill one worker's window."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence or table row: one span, or two when it runs over a page break."""

    spans: tuple[Span, ...]
    text: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Fact:
    """Fact a worker found: its words, the number of the passage, and the sentence there that it rests on."""

    number: int
    claim: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Note:
    """Note that a reader or worker hands on, best evidence first.

    `ledger` is kept by code beside what workers write: a fact that they drop stays there.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    ledger: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class CitationPart:
    """Where a quote stands. In a spreadsheet `cells` is its place in A1 notation ("B7", "A7:C7"), `sheet` the sheet's
    name, "" in a file that has only one and no name for it. In a recording it was said between the seconds `start_s`
    and `end_s`, by `speaker` if that is known."""

    ref: PageRef
    label: str
    start: int
    end: int
    boxes: tuple[Box, ...]
    sheet: str = ""
    cells: str = ""
    start_s: float | None = None
    end_s: float | None = None
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and where it stands. `verified` means that code found it there.

    `reference` names the document as texts do, "Smith and Lee 2019"; empty where its authors are not known. `url` and
    `fetched_at` (seconds since 1970) are of a document from the web.
    """

    document_id: str
    title: str
    quote: str
    status: QuoteStatus
    source: TextSource
    parts: tuple[CitationPart, ...]
    reference: str = ""
    url: str = ""
    fetched_at: float | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the answer; `citations` are indices into `Answer.citations`."""

    text: str
    support: Support
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentCoverage:
    document_id: str
    pages_total: int
    pages_searched: int
    pages_read: int
    unread: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of a search and reading; `vectors_filled` is a share from 0 to 1."""

    documents: tuple[DocumentCoverage, ...] = ()
    vectors_filled: float = 0.0

    @property
    def pages_total(self) -> int:
        return sum(document.pages_total for document in self.documents)

    @property
    def pages_searched(self) -> int:
        return sum(document.pages_searched for document in self.documents)

    @property
    def pages_read(self) -> int:
        return sum(document.pages_read for document in self.documents)


@dataclass(frozen=True, slots=True)
class RoleUsage:
    """Usage of one model by one role of the agents (worker, manager, answer, …)."""

    role: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class PlannedRole:
    """Planned usage of one model by one role: as it usually is, and never more than `most`."""

    role: str
    model: str
    usual: Usage
    most: Usage


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a question: what it will take, known before a model is called.

    `expected` is a guess; `most` is never exceeded while no call fails. `retries` is what failed calls that are made
    again may take beyond it; `fallback` is what the fallback model takes at most, if it must answer instead.
    `seconds` are expected, and None before the model has answered a question of this kind. Calls that the library
    keeps are made by nobody, and cost less.
    """

    question: str
    strategy: Strategy
    strategy_reason: str
    model: str
    roles: tuple[PlannedRole, ...]
    expected: Usage
    most: Usage
    retries: Usage
    fallback: PlannedRole | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The same value for SDK, CLI and UI; `to_json` in `catena.render.answer_json` is its one JSON form.

    `short` is the answer in a few words (a name, a date, a number with its unit, yes or no); empty where only the
    sentences say it. `confidence` is None where a model wrote sentences, and where nothing is answered.
    `read_as` is a follow-up in its self-contained form, or with misspelt words put right; empty where the question was
    understood as it is.
    """

    question: str
    text: str
    status: AnswerStatus
    run_id: str
    thread_id: str
    strategy: Strategy
    strategy_reason: str
    model: str
    seconds: float
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    usage: Usage = field(default_factory=Usage)
    roles: tuple[RoleUsage, ...] = ()
    warnings: tuple[str, ...] = ()
    stopped: str | None = None
    read_as: str = ""
    short: str = ""
    confidence: Confidence | None = None

    @property
    def verified(self) -> float | None:
        """The share of statements with a quote that code found on its page; None without statements."""
        return self._share(
            any(self.citations[n].status == "verified" for n in one.citations) for one in self.statements
        )

    @property
    def marks(self) -> dict[Support, float]:
        """The share of statements with each mark, those that none has left out."""
        marks = dict.fromkeys(one.support for one in self.statements)
        return {mark: self._share(one.support == mark for one in self.statements) or 0.0 for mark in marks}

    def _share(self, holds: Iterable[bool]) -> float | None:
        return round(sum(holds) / len(self.statements), 4) if self.statements else None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that is kept: its first and its last question, how many there are, and when the last was asked."""

    thread_id: str
    first_question: str
    last_question: str
    num_questions: int
    asked_at: float
