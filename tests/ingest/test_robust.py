"""Broken, locked and hostile documents: each ends ready, partial or failed with a reason, in time."""

import os
import zlib
from pathlib import Path

import pymupdf
import pytest

from catena.benchmarks.robust import differing, files_of, parse_all
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from tests.ingest.conftest import Parse, parse_file

NUM_FILES = 60


def pdf(num_pages: int = 12) -> bytes:
    with pymupdf.open() as document:
        for number in range(num_pages):
            page = document.new_page()
            for line in range(30):
                page.insert_text((50, 60 + 20 * line), f"Line {line} of page {number + 1} says something.")
        return bytes(document.tobytes())


def raw_pdf(content: bytes, filters: str, *, count: int = 1, kids: str = "[3 0 R]") -> bytes:
    """A PDF of one page whose content stream is given; objects are found by repair."""
    return b"\n".join(
        (
            b"%PDF-1.4",
            b"1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj",
            f"2 0 obj <</Type/Pages/Kids {kids}/Count {count}>> endobj".encode(),
            b"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R>> endobj",
            f"4 0 obj <</Length {len(content)}/Filter {filters}>> stream".encode(),
            content,
            b"endstream endobj",
            b"trailer <</Root 1 0 R>>",
            b"%%EOF",
        )
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_pdf_is_never_ready(parse: Parse, share: float) -> None:
    whole = pdf()
    document, _ = parse("cut.pdf", whole[: int(len(whole) * share)])
    assert document.status in ("partial", "failed")
    assert document.message
    if document.status == "failed":
        assert document.reason
        assert document.remedy


def test_junk_before_the_mark_is_accepted(parse: Parse) -> None:
    document, pages = parse("junk.pdf", b"HTTP/1.1 200 OK\r\n" + b"x" * 1024 + b"\n" + pdf(2))
    assert document.status in ("ready", "partial")
    assert "Line 3 of page 2" in pages[1].text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.pdf", b"", "not_a_document"),
        ("page.pdf", b"<html><p>x</p></html>", "wrong_type"),
        ("picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(90), "wrong_type"),
        ("program.pdf", b"MZ\x90\0" + bytes(90), "not_a_document"),
        ("mark-only.pdf", b"%PDF-1.7\n", "damaged"),
    ],
)
def test_not_what_it_says(parse: Parse, name: str, content: bytes, reason: str) -> None:
    document, _ = parse(name, content)
    assert (document.status, document.reason) == ("failed", reason)
    assert name in document.message
    assert document.remedy


@pytest.mark.parametrize("kids", ["[2 0 R]", "[3 0 R 2 0 R]", "[9 0 R]", "[]"])
def test_page_trees_with_cycles_and_lies(parse: Parse, kids: str) -> None:
    content = zlib.compress(b"BT ET")
    document, _ = parse("tree.pdf", raw_pdf(content, "/FlateDecode", count=1_000_000, kids=kids))
    assert document.status == "failed"
    assert document.reason in ("damaged", "too_big", "no_text")


def test_a_double_flate_bomb_ends_in_time(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(raw_pdf(flate_bomb(), "[/FlateDecode/FlateDecode]"))
    assert path.stat().st_size < 20_000
    with ParserPool(load_settings(parser_seconds=3, parser_memory_mib=512)) as pool:
        document, _ = parse_file(pool, path)
        assert (document.status, bool(document.remedy)) == ("failed", True)
        assert document.reason in ("timeout", "out_of_memory", "too_big", "no_text", "damaged")
        good = tmp_path / "good.pdf"
        good.write_bytes(pdf(1))
        assert parse_file(pool, good)[0].status == "ready"


def flate_bomb() -> bytes:
    """2 GiB of blanks, compressed twice. A flushed piece can be repeated, so only 4 MiB are ever deflated."""
    deflate = zlib.compressobj(9)
    start = deflate.compress(b" " * (1 << 22)) + deflate.flush(zlib.Z_FULL_FLUSH)
    piece = deflate.compress(b" " * (1 << 22)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return zlib.compress(start + piece * 511 + deflate.flush(), 9)


def test_passwords(parse: Parse) -> None:
    with pymupdf.open() as document:
        document.new_page().insert_text((50, 50), "The secret is out.")
        locked = bytes(document.tobytes(encryption=5, user_pw="open sesame", owner_pw="owner"))
        owned = bytes(document.tobytes(encryption=5, owner_pw="owner"))
    assert parse("owned.pdf", owned)[0].status == "ready"
    assert parse("locked.pdf", locked, password="open sesame")[1][0].text == "The secret is out."
    for password in (None, "wrong"):
        failed, _ = parse("locked.pdf", locked, password=password)
        assert (failed.reason, "--password-file" in failed.remedy) == ("needs_password", True)


@pytest.mark.parametrize(
    "name",
    ["-rf.pdf", "new\nline.pdf", "📖.pdf", "a" * 251 + ".pdf", "<script>.pdf", "\u202efdp.pdf", "CON.pdf"],
)
def test_odd_names(pool: ParserPool, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(pdf(1))
    assert pool.parse(path, document_id="d" * 64)[0].status == "ready"
    assert pool.render(path, 1, kind="pdf", dpi=36).startswith(b"\x89PNG")
    path.write_bytes(b"%PDF-1.4\n")
    failed, _ = pool.parse(path, document_id="d" * 64)
    assert (failed.status, "\n" in failed.message) == ("failed", False)


def test_names_that_are_not_unicode(pool: ParserPool, tmp_path: Path) -> None:
    """MuPDF opens no such name; the library, which keeps originals by hash, never gives it one."""
    path = tmp_path / os.fsdecode(b"caf\xe9.pdf")
    path.write_bytes(pdf(1))
    document, _ = pool.parse(path, document_id="d" * 64)
    assert document.message.isprintable()
    path.rename(tmp_path / "by-hash")
    again, _ = pool.parse(tmp_path / "by-hash", document_id="d" * 64, name=path.name)
    assert again.status == "ready"


@pytest.mark.data
@pytest.mark.slow
def test_fixed_files_of_every_family(data: Path) -> None:
    """Every ninth file; `make robust` takes all."""
    files = files_of(data / "robust")
    sample = files[:: max(1, len(files) // NUM_FILES)][:NUM_FILES]
    settings = load_settings(parser_seconds=30, ocr=False)
    results = parse_all(sample, settings)
    assert [f"{result.path.name}: {result.complaint}" for result in results if result.complaint] == []
    assert {result.document.status for result in results} == {"ready", "partial", "failed"}
    assert differing(results, settings, 3) == []
