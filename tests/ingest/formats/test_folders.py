"""Folders: a manual is one document in reading order, what is no document is counted, the rest are files."""

from pathlib import Path

import pytest

from catena.client import Catena
from catena.ingest.formats.folders import walk_folder
from catena.ingest.formats.manuals import Manual

FILLER = "The lock keeper writes each boat down. " * 60


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def page(title: str, body: str = "", head: str = "") -> str:
    named = f"<html><head><title>{title} — Canal Manual 3</title>{head}</head>"
    return f"{named}<body><h1>{title}</h1>{body}<p>{FILLER}</p>"


def manual(folder: Path) -> Path:
    """Three pages in an order that their names do not tell, a picture, a style sheet, their source."""
    links = "".join(
        f'<li><a href="{name}">x</a>' for name in ("z.html", "part/a.html#top", "http://other.example/")
    )
    return write(
        folder,
        {
            "index.html": page("Canal", f"<ul>{links}</ul>"),
            "z.html": page("Opening", '<a href="part/b.html">see</a>'),
            "part/a.html": page("Closing", '<a href="../../outside.html">no</a>'),
            "part/b.html": page("Tolls", "<p>A barge pays 4 guilders.</p>"),
            "lock.png": b"\x89PNG\r\n", "style.css": "p {}", "source/z.txt": "Opening", "paper.pdf": b"%PDF-1.4",
        },
    )  # fmt: skip


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in Manual(folder).pages()]


def test_a_manual_is_read_as_its_index_leads(tmp_path: Path) -> None:
    assert names(manual(tmp_path)) == ["index.html", "z.html", "part/b.html", "part/a.html"]


def test_links_to_the_next_page_win(tmp_path: Path) -> None:
    def chained(title: str, following: str) -> str:
        return page(
            title, '<a href="b.html">x</a><a href="c.html">x</a>', f'<link rel="next" href="{following}">'
        )

    files = {
        "index.html": chained("I", "c.html"),
        "c.html": chained("C", "a.html"),
        "a.html": chained("A", "b.html"),
    }
    write(tmp_path, {**files, "b.html": page("B")})
    assert names(tmp_path) == ["index.html", "c.html", "a.html", "b.html"]


def test_a_manual_is_one_document(tmp_path: Path) -> None:
    walked = walk_folder(manual(tmp_path / "m"))
    assert walked.paths == [tmp_path / "m", tmp_path / "m" / "paper.pdf"]
    assert walked.messages() == ["skipped 3 files that are no documents: 1 .png, 1 .txt, 1 .css"]


@pytest.mark.parametrize(
    "files",
    [
        {"a.html": page("A"), "b.html": page("B"), "c.html": page("C")},
        {"index.html": page("I"), "b.html": page("B"), "c.html": page("C")},
        {"index.html": page("I", "<a href=b.html>b</a>"), "b.html": page("B")},
        {
            "index.html": page("I", "<a href='http://x.example/b.html'>b</a>"),
            "b.html": page("B"),
            "c.html": page("C"),
        },
    ],
)
def test_pages_without_an_index_are_documents_each(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert walk_folder(write(tmp_path, files)).paths == sorted(tmp_path / name for name in files)


def test_what_belongs_to_a_saved_page_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"News.html": page("News"), "News_files/ad.html": page("Ad"), "News_files/x.js": "x"})
    walked = walk_folder(tmp_path)
    assert (walked.paths, walked.skipped.total()) == ([tmp_path / "News.html"], 2)


def test_what_is_no_document_is_skipped_in_folders_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.mp3": b"ID3",
            "b.txt": "text",
            "c.bin": bytes(range(256)),
            ".hidden": "x",
            "d.js": "x",
        },
    )
    assert walk_folder(tmp_path).paths == [tmp_path / "b.txt"]
    assert walk_folder(tmp_path / "a.mp3").paths == [tmp_path / "a.mp3"]


def test_the_same_pages_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Manual(manual(tmp_path / name)).write(tmp_path / f"{name}.epub")
    assert (tmp_path / "one.epub").read_bytes() == (tmp_path / "two.epub").read_bytes()


def test_a_manual_is_added_and_asked_like_a_book(tmp_path: Path, home: Path) -> None:
    folder = manual(tmp_path / "canal")
    with Catena(home) as catena:
        document = catena.add(folder)
        assert (document.title, document.status, catena.add(folder).id) == (
            "Canal — Canal Manual 3",
            "ready",
            document.id,
        )
        found = [catena.page(document, number) for number in range(1, document.num_pages + 1)]
    assert [one.sections[0].path[0] for one in found] == ["Canal", "Opening", "Tolls", "Closing"]
    assert "A barge pays 4 guilders." in found[2].text


def test_what_stands_around_every_page_is_no_text(tmp_path: Path, home: Path) -> None:
    links = "".join(f"<a href=p{n}.html>x</a>" for n in range(8))
    bodies = {
        f"p{n}.html": page(f"Page {n}", f"<p>Own words {n}.</p>") + "<p>© 2031 The Lock Society"
        for n in range(8)
    }
    write(tmp_path / "m", {"index.html": page("Index", links), **bodies})
    with Catena(home) as catena:
        document = catena.add(tmp_path / "m")
        text = "\n".join(catena.page(document, number).text for number in range(1, document.num_pages + 1))
    assert "Own words 7." in text
    assert "Lock Society" not in text
