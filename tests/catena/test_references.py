"""What documents are cited by: read, given, kept, and written as styles order it; and who wrote a document."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from catena import Catena, Description, Document, OptionError, Reference
from catena.bibliography import CiteStyle, cite
from catena.library.library import Library
from catena.reference_sources import match, read_source
from catena.render.wording import short_reference

PAPER = Reference(("Ann van Lee", "B. Roy"), 2019, "", "Journal of Light", "10.1000/abc")
BODY = Reference(("Lantern Research Center",), 2020)
BOOK = Reference(("Li Wei",), 2001, "Boats", "Harbour Press", "", "9780306406157")


@pytest.fixture
def library(home: Path) -> Any:
    with Library(home) as library:
        for letter, title, read in (
            ("a", "On Lanterns", PAPER),
            ("b", "Views & <b>", BODY),
            ("c", "boats", BOOK),
        ):
            document = Document(letter * 64, title, f"/x/{title}.pdf", "pdf", "ready")
            with library.writing(document) as writer:
                writer.read = read
        with library.writing(Document("d" * 64, "Nameless", "/x/n.pdf", "pdf", "ready")):
            pass
        yield library


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("apa", ["van Lee, A., & Roy, B. (2019). On Lanterns. Journal of Light. https://doi.org/10.1000/abc",
                 "Lantern Research Center. (2020). Views & <b>.",
                 "Nameless. (n.d.).", "Wei, L. (2001). Boats. Harbour Press."]),
        ("mla", ["van Lee, Ann, and B. Roy. “On Lanterns”. Journal of Light, 2019, https://doi.org/10.1000/abc.",
                 "Wei, Li. Boats. Harbour Press, 2001."]),
        ("chicago", ["Wei, Li. 2001. Boats. Harbour Press."]),
    ],
)  # fmt: skip
def test_styles_are_those_of_their_authorities(library: Library, style: CiteStyle, lines: list[str]) -> None:
    written = cite(library, library.documents(), style).split("\n")
    assert len(written) == 4
    assert set(lines) <= set(written)


def test_bibtex_and_csl_are_read_back(library: Library, tmp_path: Path) -> None:
    for style, name in (("bibtex", "a.bib"), ("csl", "a.json")):
        (tmp_path / name).write_text(cite(library, library.documents(), style), "utf-8")  # type: ignore[arg-type]
        found = {document.id[0]: fields for document, fields in match(library, read_source(tmp_path / name))}
        assert found["a"] == {"authors": PAPER.authors, "year": 2019, "title": "On Lanterns",
                              "venue": "Journal of Light", "doi": "10.1000/abc"}  # fmt: skip
        assert found["b"]["authors"] == BODY.authors
        assert found["c"]["isbn"] == BOOK.isbn


@pytest.mark.parametrize(
    ("authors", "year", "said"),
    [
        (("Ann Lee",), 2019, "Lee 2019"),
        (("Ann van der Lee", "B. Roy"), None, "van der Lee and Roy"),
        (("A. B", "C. D", "E. F"), 2001, "B et al. 2001"),
        (("Lantern Research Center",), 2020, "Lantern Research Center 2020"),
        ((), 2020, ""),
    ],
)
def test_texts_name_a_work_by_author_and_year(authors: tuple[str, ...], year: int | None, said: str) -> None:
    assert short_reference(Reference(authors, year)) == said


def test_what_is_given_wins_and_survives(library: Library) -> None:
    kept = library.collections
    kept.set_reference("a" * 64, {"authors": ["Ann Lee"], "venue": ""})
    with library.writing(library.document("a" * 64)) as writer:  # it is read again
        writer.read = Reference(("Another",), 2021, venue="Elsewhere")
    assert kept.description("a" * 64).reference == Reference(("Ann Lee",), 2021)
    kept.set_reference("a" * 64, {"authors": None, "venue": None})
    assert kept.description("a" * 64).reference == Reference(("Another",), 2021, venue="Elsewhere")


@pytest.mark.parametrize(
    "fields",
    [
        {"year": "2019"},
        {"year": 0},
        {"isbn": "9780306406158"},
        {"doi": "11.1/2"},
        {"size": 3},
        {"authors": 3},
    ],
)
def test_what_no_field_takes_is_refused(library: Library, fields: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        library.collections.set_reference("a" * 64, fields)
    assert library.collections.description("a" * 64) == Description("a" * 64, PAPER)


def test_zotero_is_read_by_its_files_and_nothing_is_written(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "zotero.sqlite"
    with sqlite3.connect(path) as raw:
        raw.executescript(ZOTERO)
    raw.close()
    before = path.read_bytes()
    ((document, fields),) = match(library, read_source(path))
    assert document.title == "boats"
    assert fields == {"authors": ("Maria Curie", "Pew"), "year": 1911, "title": "Radium", "venue": "Nature"}
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.glob("zotero*")] == ["zotero.sqlite"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.bib", b"@book{"), ("a.json", b"[1]"), ("a.json", b"\xff"), ("a.sqlite", b"no database"), ("a.txt", b""),
     ("b.bib", None)],
)  # fmt: skip
def test_what_is_no_source_is_said(tmp_path: Path, name: str, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(OptionError):
        read_source(tmp_path / name)


def test_better_bibtex_names_attached_files(library: Library, tmp_path: Path) -> None:
    item = {"title": "Else", "creators": [{"creatorType": "author", "firstName": "Ann", "lastName": "Lee"}],
            "date": "2003-04", "attachments": [{"path": "/elsewhere/Boats.pdf"}]}  # fmt: skip
    (tmp_path / "library.json").write_text(json.dumps({"items": [item]}))
    ((document, fields),) = match(library, read_source(tmp_path / "library.json"))
    assert (document.title, fields["authors"], fields["year"]) == ("boats", ("Ann Lee",), 2003)


def test_who_wrote_a_document_is_quoted_from_its_page(home: Path, tmp_path: Path) -> None:
    (tmp_path / "lanterns.md").write_text("# On Lanterns\n\nBy Ann Lee and Li Wei\n\nA lantern is a light.\n")
    (tmp_path / "boats.md").write_text("---\nauthor: Jon Holmes\n---\n# Boats\n\nA boat is a ship.\n")
    with Catena(home) as c:
        lanterns, boats = c.add(tmp_path / "lanterns.md"), c.add(tmp_path / "boats.md")
        answer = c.ask("Who wrote this document?", documents=lanterns)
        assert answer.short == "Ann Lee, Li Wei"
        assert answer.citations[0].quote == "Ann Lee and Li Wei"
        assert answer.citations[0].parts[0].boxes
        assert answer.citations[0].reference == "Lee and Wei"
        only_file = c.ask("Who are the authors of this document?", documents=boats)
        assert only_file.statements == ()
        assert any("metadata name as authors of Boats: Jon Holmes" in one for one in only_file.warnings)


ZOTERO = """
CREATE TABLE items (itemID INTEGER PRIMARY KEY, key TEXT); CREATE TABLE deletedItems (itemID INTEGER);
CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT);
CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value TEXT);
CREATE TABLE itemData (itemID INTEGER, fieldID INTEGER, valueID INTEGER);
CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT);
CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
CREATE TABLE itemCreators (itemID INTEGER, creatorID INTEGER, creatorTypeID INTEGER, orderIndex INTEGER);
CREATE TABLE itemAttachments (itemID INTEGER, parentItemID INTEGER, path TEXT);
INSERT INTO items VALUES (1, 'AAAA'), (2, 'BBBB'), (3, 'CCCC'); INSERT INTO deletedItems VALUES (3);
INSERT INTO fields VALUES (1, 'title'), (2, 'date'), (3, 'publicationTitle');
INSERT INTO itemDataValues VALUES (1, 'Radium'), (2, '1911-00-00 1911'), (3, 'Nature'), (4, 'On Lanterns');
INSERT INTO itemData VALUES (1, 1, 1), (1, 2, 2), (1, 3, 3), (3, 1, 4);
INSERT INTO creators VALUES (1, '', 'Pew'), (2, 'Maria', 'Curie'), (3, 'Ed', 'Itor');
INSERT INTO creatorTypes VALUES (1, 'author'), (2, 'editor');
INSERT INTO itemCreators VALUES (1, 1, 1, 1), (1, 2, 1, 0), (1, 3, 2, 2);
INSERT INTO itemAttachments VALUES (2, 1, 'storage:boats.pdf');
"""
