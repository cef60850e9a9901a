"""Forms of requests and replies: the SDK's own values, and beside them what JSON says otherwise (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from catena.document_filter import Filter
from catena.errors import OptionError
from catena.jobs.job_store import JobState
from catena.options import AskOptions
from catena.question_runs import RunState
from catena.types import (
    AnswerStatus,
    Box,
    Confidence,
    DocumentCoverage,
    DocumentStatus,
    FailureReason,
    Kind,
    QuoteStatus,
    Reference,
    RoleUsage,
    Statement,
    Strategy,
    Support,
    TextSource,
    Usage,
)
from catena.web_addresses import MAX_ADDRESS

T = TypeVar("T")
COLLECTION = 'The name of a collection, or a filter, as "title:10-K year:2022".'


class About(BaseModel):
    """What is asked: some documents, or those of a collection; neither: all of the library."""

    documents: list[str] | None = Field(
        default=None, min_length=1, max_length=1000, description="Ids, unique prefixes or titles."
    )
    collection: str | None = Field(
        default=None, min_length=1, max_length=1000, description=f"In place of documents. {COLLECTION}"
    )

    @property
    def about(self) -> tuple[str, ...] | Filter | None:
        """Raises OptionError for both, and for what is no filter."""
        if self.collection is not None and self.documents is not None:
            raise OptionError("documents and collection both say what to ask.", "Give one of them.")
        if self.collection is not None:
            return Filter.parse(self.collection)
        return None if self.documents is None else tuple(self.documents)


class SearchRequest(About):
    """Words or a question, and what is searched."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"query": "battery life", "k": 3}]}
    )

    query: str = Field(min_length=1)
    k: int = Field(default=10, ge=1, le=100)


class AskRequest(About):
    """A question; without documents and collection it is asked of those of its conversation, else of all."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"question": "How long does the battery last?", "options": {"max_words": 40}}]
        },
    )

    question: str = Field(min_length=1)
    options: AskOptions = Field(default_factory=AskOptions)


class ReindexRequest(BaseModel):
    """`password`: of an encrypted document; it is kept nowhere."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = None


class AddressRequest(BaseModel):
    """Where a document is on the web."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=MAX_ADDRESS, description="https://…, arxiv:2406.02818, doi:…")
    title: str | None = Field(default=None, max_length=300)


class DocumentBody(BaseModel):
    """A document of the library; `id` is the SHA-256 of its file. `message` and `remedy` say why it failed."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    title: str
    kind: Kind | None
    status: DocumentStatus
    num_pages: int
    num_pages_with_text: int
    reason: FailureReason | None
    message: str
    remedy: str
    parser_version: str
    added_at: float = Field(description="Seconds since 1970.")


class DescribedBody(DocumentBody):
    """A document of the library with its tags, its collections, and what it is cited by."""

    tags: list[str] = []
    collections: list[str] = []
    reference: Reference = Field(default_factory=Reference)


class CollectionBody(BaseModel):
    """A collection; with a `filter` it holds the documents that this fits."""

    name: str
    filter: str | None
    num_documents: int


class UploadBody(BaseModel):
    """A file on its way into the library. `document` is there once it is `done`, `message` where it `failed`."""

    id: int
    state: JobState
    pages_done: int = 0
    pages_total: int = 0
    message: str = ""
    remedy: str = ""
    is_new: bool | None = Field(default=None, description="False: the same bytes were there already.")
    document: DocumentBody | None = None


class PassageBody(BaseModel):
    """`page.text[start:end] == text`; a box for each printed line of it, in points, origin top left."""

    text: str
    start: int
    end: int
    boxes: list[Box]


class HitBody(BaseModel):
    """A page that was found; `label` is its printed number, `image` a picture of it, its passages boxed."""

    document_id: str
    title: str
    page: int
    label: str
    score: float
    retriever: str
    passages: list[PassageBody]
    image: str = ""


class PartBody(BaseModel):
    """A quote, or the part of one that stands on this page: a box for each printed line of it."""

    page: int
    label: str
    start: int
    end: int
    boxes: list[Box]
    sheet: str = Field(default="", description="In a spreadsheet: the name of the sheet.")
    cells: str = Field(default="", description="In a spreadsheet: the cells in A1 notation, B7 or A7:C7.")
    start_s: float | None = Field(default=None, description="In a recording: from this second on.")
    end_s: float | None = None
    speaker: str = ""
    image: str = Field(default="", description="Address of a picture of the page, the quote boxed.")


class CitationBody(BaseModel):
    """A verbatim quote; `verified` means that code found it on the page."""

    document_id: str
    title: str
    page: int
    label: str
    quote: str
    status: QuoteStatus
    source: TextSource
    reference: str = Field(default="", description="As texts name the document: Smith and Lee 2019.")
    url: str = Field(default="", description="Of a document from the web.")
    fetched_at: float | None = None
    parts: list[PartBody]


class CoverageBody(BaseModel):
    """How much was searched and read; `vectors_filled` is a share from 0 to 1."""

    pages_total: int
    pages_searched: int
    pages_read: int
    documents: list[DocumentCoverage]
    vectors_filled: float


class AnswerBody(BaseModel):
    """An answer as `catena ask --json` prints it (`catena.render.answer_json`), with the address of each proof."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: int = Field(alias="schema")
    question: str
    text: str
    status: AnswerStatus
    run_id: str
    thread_id: str
    strategy: Strategy
    strategy_reason: str
    model: str
    seconds: float
    statements: list[Statement]
    citations: list[CitationBody]
    coverage: CoverageBody
    usage: Usage
    roles: list[RoleUsage]
    warnings: list[str]
    stopped: str | None
    read_as: str
    short: str
    confidence: Confidence | None
    verified: float | None
    marks: dict[Support, float]


class RunBody(BaseModel):
    """A question, and how it stands; `answer` once it is answered, `message` and `remedy` where it failed."""

    run_id: str
    question: str
    document_ids: list[str]
    state: RunState
    asked_at: float | None = Field(default=None, description="Seconds since 1970.")
    message: str = ""
    remedy: str = ""
    answer: AnswerBody | None = None


class Listed(BaseModel, Generic[T]):
    """Some of a list; `next` is what to give as `after` for those behind, if there are any."""

    items: list[T]
    next: str | None = None


def cut(
    found: Sequence[T], key: Callable[[T], str], after: str | None, limit: int
) -> tuple[Sequence[T], str | None]:
    """Some of a list, behind one of them, and the key of the last where there are more. Raises OptionError."""
    keys = [key(one) for one in found]
    if after is not None and after not in keys:
        raise OptionError(f"after: there is no {after[:40]!r} in this list.", "Give the `next` of a reply.")
    start = 0 if after is None else keys.index(after) + 1
    some = found[start : start + limit]
    return some, keys[start + len(some) - 1] if start + len(some) < len(found) else None
