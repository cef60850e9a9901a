"""The word index: which documents of a library hold a term, ranked by BM25.

Terms fall into buckets, and a row holds those of one document in one bucket. So a document is added without reading
another's rows, and a search reads the buckets of its terms alone. One row of totals holds for each bucket the sum of
its rows' checksums, so that a row that is gone is seen, too.
"""

from __future__ import annotations

import math
import struct
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from catena.errors import Damage
from catena.library.checksums import columns, digest, is_sound, sealed, signed
from catena.library.schema import NUM_BUCKETS, word_rows, word_totals

MAX_TIMES = 100  # a term in more passages of a document hardly changes its BM25 score
K1, B = 1.2, 0.75  # of BM25, as SQLite's FTS5 has them
_ROW = columns(word_rows)
_SUMS = struct.Struct(f"<{NUM_BUCKETS}q")


def count_terms(passages: Iterable[str]) -> Counter[str]:
    """Count in how many passages each term stands; a passage is its terms, separated by spaces."""
    counts = Counter(term for terms in passages for term in set(terms.split(" ")) if term)
    return Counter({term: min(times, MAX_TIMES) for term, times in counts.items()})


def put_words(connection: Connection, document_key: int, document_id: str, counts: Mapping[str, int]) -> int:
    """Keep the terms of a document that has none yet; returns the sum of its rows' checksums."""
    length = sum(counts.values())
    entries: defaultdict[int, list[bytes]] = defaultdict(list)
    for term, times in counts.items():
        entries[_bucket(term)].append(b"  %b %d" % (_bytes(term), times))
    head = b"%b %d" % (document_id.encode(), length)
    rows = [
        sealed(
            word_rows, {"bucket": one, "document_key": document_key, "terms": head + b"".join(held) + b" "}
        )
        for one, held in entries.items()
    ]
    if rows:
        connection.execute(word_rows.insert(), rows)
        _change_totals(connection, {row["bucket"]: row["checksum"] for row in rows}, 1, length)
    return signed(sum(row["checksum"] for row in rows))


def drop_words(connection: Connection, document_key: int) -> None:
    """Delete the terms of a document."""
    rows = _rows_of(connection, document_key)
    if rows:
        connection.execute(word_rows.delete().where(_is_of(document_key)))
    if rows and _are_sound(rows):  # else the totals tell that there was damage
        _change_totals(connection, {row.bucket: -row.checksum for row in rows}, -1, -_head(rows[0])[1])


def words_checksum(connection: Connection, document_key: int) -> int | None:
    """The sum of the checksums of a document's rows; None where one is damaged."""
    rows = _rows_of(connection, document_key)
    return _sum(rows) if _are_sound(rows) else None


def word_scores(connection: Connection, terms: Sequence[str]) -> list[tuple[str, float]]:
    """Rank documents by BM25, best first; a term that is given twice counts twice. Raises Damage."""
    totals = _sound_totals(connection)
    held = {one: _sound_rows(connection, one, totals) for one in {_bucket(term) for term in terms}}
    scores: defaultdict[str, float] = defaultdict(float)
    for term in terms:
        for document_id, score in _scores_of(_bytes(term), held[_bucket(term)], totals):
            scores[document_id] += score
    return sorted(scores.items(), key=lambda found: -found[1])


def check_words(connection: Connection) -> None:
    """Read the whole index. Raises Damage."""
    totals = _sound_totals(connection)
    for bucket in range(NUM_BUCKETS):
        _sound_rows(connection, bucket, totals)


def keep_words(connection: Connection, document_keys: Collection[int]) -> None:
    """Delete the terms of all documents but these, which are sound."""
    there = connection.execute(select(word_rows.c.document_key).distinct()).scalars().all()
    for key in {*there} - {*document_keys}:
        connection.execute(word_rows.delete().where(word_rows.c.document_key == key))
    seal_words(connection)


def seal_words(connection: Connection) -> None:
    """Take the totals anew of the rows that are there, which are sound."""
    sums, lengths = [0] * NUM_BUCKETS, dict[int, int]()
    for row in connection.execute(select(*_ROW)):
        sums[row.bucket] = signed(sums[row.bucket] + row.checksum)
        lengths[row.document_key] = _head(row)[1]
    _put_totals(connection, sums, len(lengths), sum(lengths.values()))


def _scores_of(term: bytes, rows: Sequence[Row[Any]], totals: Row[Any]) -> Iterator[tuple[str, float]]:
    """What a term adds to each document that holds it."""
    wanted = b"  " + term + b" "
    hits = [(row, at + len(wanted)) for row in rows if (at := row.terms.find(wanted)) >= 0]
    rarity = math.log((totals.num_documents - len(hits) + 0.5) / (len(hits) + 0.5))
    mean = totals.num_terms / max(1, totals.num_documents)
    for row, at in hits:
        times = int(row.terms[at : row.terms.index(b" ", at)])
        document_id, length = _head(row)
        share = times * (K1 + 1) / (times + K1 * (1 - B + B * length / mean))
        yield document_id, max(rarity, 1e-6) * share


def _sound_totals(connection: Connection) -> Row[Any]:
    row = _totals(connection)
    if row is None:
        raise Damage("word index")
    return row


def _totals(connection: Connection) -> Row[Any] | None:
    """The totals; None where they are damaged."""
    row = connection.execute(select(*columns(word_totals))).first()
    return row if row is not None and is_sound(word_totals, row) else None


def _sound_rows(connection: Connection, bucket: int, totals: Row[Any]) -> Sequence[Row[Any]]:
    rows = connection.execute(select(*_ROW).where(word_rows.c.bucket == bucket)).all()
    if not _are_sound(rows) or _sum(rows) != _SUMS.unpack(totals.sums)[bucket]:
        raise Damage("word index")
    return rows


def _change_totals(connection: Connection, checksums: Mapping[int, int], documents: int, terms: int) -> None:
    """Add to the totals; those that are damaged are not made sound by that."""
    row = _totals(connection)
    if row is None:
        return
    sums = [*_SUMS.unpack(row.sums)]
    for bucket, checksum in checksums.items():
        sums[bucket] = signed(sums[bucket] + checksum)
    _put_totals(connection, sums, row.num_documents + documents, row.num_terms + terms)


def _put_totals(connection: Connection, sums: Sequence[int], num_documents: int, num_terms: int) -> None:
    values = {"key": 1, "num_documents": num_documents, "num_terms": num_terms, "sums": _SUMS.pack(*sums)}
    connection.execute(word_totals.insert().prefix_with("OR REPLACE"), sealed(word_totals, values))


def _are_sound(rows: Iterable[Row[Any]]) -> bool:
    return all(is_sound(word_rows, row) for row in rows)


def _sum(rows: Iterable[Row[Any]]) -> int:
    return signed(sum(row.checksum for row in rows))


def _rows_of(connection: Connection, document_key: int) -> Sequence[Row[Any]]:
    return connection.execute(select(*_ROW).where(_is_of(document_key))).all()


def _is_of(document_key: int) -> Any:
    """A condition that SQLite answers by the key of the table, bucket by bucket."""
    return word_rows.c.bucket.in_(range(NUM_BUCKETS)) & (word_rows.c.document_key == document_key)


def _head(row: Row[Any]) -> tuple[str, int]:
    """The id of the document and the number of its terms, which stand before the first."""
    document_id, length = row.terms[: row.terms.index(b"  ")].split(b" ")
    return document_id.decode(), int(length)


def _bucket(term: str) -> int:
    return digest(term) % NUM_BUCKETS


def _bytes(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")
