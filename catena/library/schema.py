"""The tables of `library.db`. Another shape of them is another `SCHEMA_VERSION` with a migration from the last."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

SCHEMA_VERSION = 12
METADATA = MetaData()


class Blob(LargeBinary):
    """Bytes as SQLite gives them: what a damaged row holds in their place is no reason to fall."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


def _owned_by(column: str) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE")


def _checksum(name: str = "checksum") -> Column[int]:
    """See `catena/library/checksums.py`."""
    return Column(name, Integer, nullable=False, server_default=text("0"))


# Passages of a document have the ids first_passage, first_passage + 1, ... in the order of their ordinals.
# AUTOINCREMENT: an id is never given twice, so a stale FAISS file cannot point to another document's text.
documents = Table(
    "documents",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", String),
    Column("status", String, nullable=False),
    Column("num_pages", Integer, nullable=False),
    Column("num_pages_with_text", Integer, nullable=False),
    Column("reason", String),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("parser_version", String, nullable=False),
    Column("added_at", Float, nullable=False),
    Column("first_passage", Integer, nullable=False),
    Column("num_passages", Integer, nullable=False),
    Column("num_rows", Integer, nullable=False, server_default=text("0")),  # of `pages`
    _checksum("index_checksum"),  # of its row of `lexical_indexes`, 0: there is none
    _checksum("terms_checksum"),  # of its rows of the word index, together
    _checksum(),
    Column("outline", Text, nullable=False),
    _checksum("outline_checksum"),
    _checksum("figures_checksum"),  # of its row of `document_figures`, 0: there is none
    sqlite_autoincrement=True,
)
sources = Table(
    "sources",
    METADATA,
    Column("document_key", _owned_by("documents.key"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("added_at", Float, nullable=False),
    # The document that stands there now, "" where the file is gone; NULL: this one does.
    Column("successor", String),
    _checksum(),
    Index("sources_by_path", "path"),
)
# Of the sources that are addresses: what their servers called the version that was fetched.
web_copies = Table(
    "web_copies",
    METADATA,
    Column("document_key", _owned_by("documents.key"), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("final_url", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("modified", Text, nullable=False),
    Column("fetched_at", Float, nullable=False),
    _checksum(),
)
SOURCE_ORDER: ColumnElement[int] = literal_column("sources.rowid", Integer)
"""The order in which places were noted, whatever the clock said then."""
pages = Table(
    "pages",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("document_key", _owned_by("documents.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("source", String, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("lines", Text, nullable=False),  # with their cues, since version 9
    Column("sections", Text, nullable=False),
    _checksum(),
    UniqueConstraint("document_key", "number"),
)
# Apart from the text, so that reading a document's text does not read its boxes.
page_words = Table(
    "page_words",
    METADATA,
    Column("page_key", _owned_by("pages.key"), primary_key=True, autoincrement=False),
    Column("words", Blob, nullable=False),
    _checksum(),
)
passages = Table(
    "passages",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("document_key", _owned_by("documents.key"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("header", Text, nullable=False),
    Column("continues", Integer, nullable=False),
    _checksum(),
    UniqueConstraint("document_key", "ordinal"),
    sqlite_autoincrement=True,
)
lexical_indexes = Table(
    "lexical_indexes",
    METADATA,
    Column("document_key", _owned_by("documents.key"), primary_key=True, autoincrement=False),
    Column("data", Blob, nullable=False),
)
document_figures = Table(
    "document_figures",
    METADATA,
    Column("document_key", _owned_by("documents.key"), primary_key=True, autoincrement=False),
    Column("data", Text, nullable=False),
)
embedders = Table(
    "embedders",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
)
# One vector per passage: another embedder's replaces it, and no query mixes two.
vectors = Table(
    "vectors",
    METADATA,
    Column("passage_id", _owned_by("passages.id"), primary_key=True, autoincrement=False),
    Column("embedder_key", ForeignKey("embedders.key"), nullable=False),
    Column("vector", Blob, nullable=False),
    _checksum(),
    Index("vectors_by_embedder", "embedder_key", "passage_id"),
)
# How many vectors a document has: one that is gone is seen.
fillings = Table(
    "fillings",
    METADATA,
    Column("document_key", _owned_by("documents.key"), primary_key=True, autoincrement=False),
    Column("embedder", String, primary_key=True),
    Column("num_vectors", Integer, nullable=False),
)
# A FAISS file is named by its own SHA-256; one that is not in this table is of no use.
vector_files = Table(
    "vector_files",
    METADATA,
    Column("embedder_key", _owned_by("embedders.key"), primary_key=True, autoincrement=False),
    Column("sha256", String, nullable=False),
)
answers = Table(
    "answers",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("run_id", String, nullable=False, unique=True),
    Column("thread_id", String, nullable=False, index=True),
    Column("created_at", Float, nullable=False),
    Column("question", Text, nullable=False),
    Column("data", Text, nullable=False),
    _checksum(),
)
# Documents by id, not by key: an answer or a call may be about a document that was added again since.
answer_documents = Table(
    "answer_documents",
    METADATA,
    Column("answer_key", _owned_by("answers.key"), primary_key=True),
    Column("document_id", String, primary_key=True, index=True),
)
votes = Table(
    "votes",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("second", Text, nullable=False),
    Column("winner", Text),
    Column("voted_at", Float, nullable=False),
    _checksum(),
)
vote_documents = Table(
    "vote_documents",
    METADATA,
    Column("vote_key", _owned_by("votes.key"), primary_key=True),
    Column("document_id", String, primary_key=True, index=True),
)
calls = Table(
    "calls",
    METADATA,
    Column("key", String, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("response", Text, nullable=False),
    _checksum(),
)
call_documents = Table(
    "call_documents",
    METADATA,
    Column("call_key", _owned_by("calls.key"), primary_key=True),
    Column("document_id", String, primary_key=True, index=True),
)
# By the document's id, not its key: what people said stays when a damaged document is read again from its original.
descriptions = Table(
    "descriptions",
    METADATA,
    Column("document_id", String, primary_key=True),
    Column("read", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("collections", Text, nullable=False),
    _checksum(),
)
collections = Table(
    "collections",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("filter", Text, nullable=False),  # empty: documents are put into it
    _checksum(),
)
counters = Table(
    "counters",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)

NUM_BUCKETS = 128
# See `catena/library/word_index.py`. No foreign key: rows are found by their bucket first.
word_rows = Table(
    "word_rows",
    METADATA,
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("document_key", Integer, primary_key=True, autoincrement=False),
    Column("terms", Blob, nullable=False),  # "ID LENGTH  term times  term times "
    _checksum(),
    sqlite_with_rowid=False,
)
word_totals = Table(
    "word_totals",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("num_documents", Integer, nullable=False),
    Column("num_terms", Integer, nullable=False),
    Column("sums", Blob, nullable=False),  # 64 bits for each bucket
    _checksum(),
)

COUNTERS = ("vectors", "purge", "catalogue", "descriptions", "collections")
"""The last three are checksums: of which documents there are, and of all rows of the tables of these names."""


def create_tables(connection: Connection) -> None:
    """Make the tables of a new library."""
    METADATA.create_all(connection)
    connection.execute(counters.insert(), [{"name": name, "value": 0} for name in COUNTERS])
