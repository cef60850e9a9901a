"""The word index: documents by BM25, each written without reading another's rows, each row held to its checksum."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from catena.benchmarks import synthetic
from catena.errors import Damage
from catena.library.checksums import columns, digest, sealed
from catena.library.library import Library
from catena.library.schema import documents, word_rows


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


def add(library: Library, seed: int, passages: list[str]) -> str:
    """Add a document whose passages hold these terms."""
    document = synthetic.document(seed, 1, library.home / f"{seed}.pdf")
    (page, held), *_ = synthetic.pages(seed, 1)
    with library.writing(document) as writer:
        writer.add(page, held, (passages + [""] * len(held))[: len(held)])
    return document.id


def run(library: Library, statement: str) -> None:
    with library.database.write() as connection:
        connection.execute(text(statement))


def damages(library: Library) -> list[str]:
    """What the doctor says, but of the originals, which these documents never had."""
    return [problem.message for problem in library.check() if problem.name != "original"]


def texts(number: int) -> list[list[str]]:
    drawn = random.Random(5)
    return [
        [" ".join(f"w{min(drawn.randrange(40), drawn.randrange(40))}" for _ in range(30)) for _ in range(3)]
        for _ in range(number)
    ]


def test_scores_are_those_of_fts5(library: Library) -> None:
    made, raw = texts(9), sqlite3.connect(":memory:")
    raw.execute("CREATE VIRTUAL TABLE t USING fts5(terms)")
    ids = {number + 1: add(library, number + 1, passages) for number, passages in enumerate(made)}
    for number, passages in enumerate(made):
        counts = Counter(term for one in passages for term in set(one.split()))
        raw.execute("INSERT INTO t (rowid, terms) VALUES (?, ?)", (number + 1, " ".join(counts.elements())))
    query = "SELECT rowid, -bm25(t) FROM t WHERE t MATCH 'w3 OR w30 OR w39 OR w3' ORDER BY 2 DESC"
    wanted = {ids[key]: score for key, score in raw.execute(query)}
    raw.close()
    assert dict(library.search(["w3", "w30", "w39", "w3"])) == pytest.approx(wanted)


def test_a_removed_document_leaves_the_scores_of_the_others_as_if_it_had_never_been(library: Library) -> None:
    first = add(library, 1, ["whale sea"])
    before = library.search(["whale", "sea"])
    add(library, 2, ["whale whale", "ship"])
    library.remove(synthetic.file_id(2))
    assert library.search(["whale", "sea"]) == before and before[0][0] == first


def test_a_term_is_no_count_and_no_part_of_another(library: Library) -> None:
    one, two = add(library, 1, ["12 sea"] * 3), add(library, 2, ["3 1 seaside"])
    assert [found for found, _ in library.search(["3"])] == [two]
    assert [found for found, _ in library.search(["sea"])] == [one]
    assert library.search(["", "2", "64"]) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE word_rows SET terms = 'none'",
        "UPDATE word_rows SET checksum = 'none'",
        "UPDATE word_rows SET document_key = document_key + 40",
        "UPDATE word_totals SET sums = zeroblob(1024)",
        "DELETE FROM word_totals",
    ],
)
def test_an_add_and_a_removal_neither_read_nor_mend_what_others_have_damaged(
    library: Library, statement: str
) -> None:
    add(library, 1, ["whale sea"])
    run(library, statement)
    add(library, 2, ["whale ship"])
    add(library, 3, ["whale"])
    library.remove(synthetic.file_id(2))
    with pytest.raises(Damage, match="word index"):
        library.search(["whale"])
    assert damages(library)


def test_the_cost_of_an_add_does_not_grow_with_the_library(library: Library) -> None:
    rows: list[int] = []
    with library.database.write() as connection:
        raw: Any = connection.connection.driver_connection
    for seed in range(1, 13):
        steps = [0]
        raw.set_progress_handler(lambda steps=steps: steps.__setitem__(0, steps[0] + 1), 100)
        add(library, seed, [" ".join(f"w{n}" for n in range(300))])
        rows.append(steps[0])
    raw.set_progress_handler(None, 0)
    assert rows[-1] <= rows[1] * 1.5 + 5


def as_of_version_4(library: Library) -> None:
    """Bring a library back to the form in which FTS5 held the words."""
    with library.database.write() as connection:
        connection.execute(text("CREATE VIRTUAL TABLE document_terms USING fts5(terms)"))
        for row in connection.execute(select(*columns(documents))).all():
            held = connection.execute(select(word_rows.c.terms).where(word_rows.c.document_key == row.key))
            counts: Counter[str] = Counter()
            for blob in held.scalars():
                parts = blob.decode().split("  ", 1)[1].split()
                counts.update({term: int(times) for term, times in zip(parts[::2], parts[1::2], strict=True)})
            c0 = " ".join(counts.elements())
            insert = text("INSERT INTO document_terms (rowid, terms) VALUES (:key, :terms)")
            connection.execute(insert, {"key": row.key, "terms": c0})
            values = sealed(documents, {**row._mapping, "terms_checksum": digest(c0)})
            own = documents.update().where(documents.c.key == row.key)
            connection.execute(own, {one: values[one] for one in ("terms_checksum", "checksum")})
        for statement in (
            "DROP TABLE word_rows",
            "DROP TABLE word_totals",
            "PRAGMA user_version = 4",
            "DELETE FROM counters WHERE name = 'schema'",
        ):
            connection.execute(text(statement))


def test_a_library_whose_words_fts5_holds_is_migrated(home: Path) -> None:
    with Library(home) as library:
        ids = [add(library, seed, ["whale sea"] * seed) for seed in (1, 2)]
        found = library.search(["whale", "sea"])
        as_of_version_4(library)
    with Library(home) as library:
        assert library.search(["whale", "sea"]) == found and len(found) == len(ids)
        assert damages(library) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE document_terms_content SET c0 = 'whale'", "UPDATE documents SET kind = 'x'"]
)
def test_what_is_damaged_before_a_migration_is_damaged_after_it(home: Path, statement: str) -> None:
    with Library(home) as library:
        add(library, 1, ["whale sea"])
        as_of_version_4(library)
        run(library, statement)
    with Library(home) as library:
        assert damages(library)
