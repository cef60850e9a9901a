"""Content chooses the reader; a name that says otherwise is an error with a way round."""

import io
import zipfile
from pathlib import Path

import pytest

from catena.errors import DocumentError
from catena.ingest.formats.file_kind import shown, sniff
from catena.types import Kind

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"
HTML = b"<!DOCTYPE html><html><body><p>Call me Ishmael.</p></body></html>"


def zipped(*names: str, **contents: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name, b"x"))
    return buffer.getvalue()


DOCX = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
EPUB = zipped("mimetype", "META-INF/container.xml", "OPS/package.opf")


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, "pdf"),
        ("a.PDF", b"x" * 1024 + PDF, "pdf"),
        ("a.bin", PDF, "pdf"),
        ("lost-mark.pdf", PDF.removeprefix(b"%PDF-1.7\n"), "pdf"),
        ("a.epub", EPUB, "epub"),
        ("a", EPUB, "epub"),
        ("a.docx", DOCX, "docx"),
        ("cut.docx", DOCX[:-60], "docx"),
        ("a.html", HTML, "html"),
        ("a.xhtml", b'<?xml version="1.0"?>\n<!-- a page -->\n' + HTML, "html"),
        ("a", HTML, "html"),
        ("fragment.html", b"<p>One</p>", "html"),
        ("wide.html", HTML.decode().encode("utf-16"), "html"),
        ("a.md", b"# Title\n\n* one\n", "markdown"),
        ("README", b"# Title\n\nText.\n", "markdown"),
        ("badges.md", b"<div align=center><img><p><a></a></p></div>\n\n# Title", "markdown"),
        ("a.txt", "Žluťoučký kůň".encode(), "text"),
        ("a.txt", "Žluťoučký kůň".encode("utf-16"), "text"),
        ("a.txt", "wide without a mark".encode("utf-16-le"), "text"),
        ("a.txt", "caf\xe9 cr\xe8me".encode("cp1252"), "text"),
        ("about-pdf.txt", b"Files start with %PDF-1.4, says the standard.", "text"),
        ("notes.log", b"one two", "text"),
        ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (
            "a",
            zipped("mimetype", "content.xml", mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
            "ods",
        ),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook\0".encode("utf-16-le"), "xls"),
        ("a.tsv", b"one\ttwo\n", "csv"),
        ("a.pptx", zipped("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        ("a.odt", zipped("mimetype", "content.xml"), "odt"),
        ("a", b"{\\rtf1 hello}", "rtf"),
        ("a", b"\x89PNG\r\n\x1a\n" + bytes(50), "image"),
    ],
)
def test_kind_by_content(tmp_path: Path, name: str, content: bytes, kind: Kind) -> None:
    assert sniff(written(tmp_path, name, content)) == kind


@pytest.mark.parametrize(
    ("name", "content", "way_round"),
    [
        ("a.pdf", HTML, "--as html"),
        ("a.pdf", b"Call me Ishmael.", "--as text"),
        ("a.pdf", DOCX, "--as docx"),
        ("a.epub", PDF, "--as pdf"),
        ("a.docx", EPUB, "--as epub"),
        ("a.txt", HTML, "--as html"),
        ("a.html", PDF, "--as pdf"),
    ],
)
def test_a_name_that_contradicts_the_content(
    tmp_path: Path, name: str, content: bytes, way_round: str
) -> None:
    path = written(tmp_path, name, content)
    with pytest.raises(DocumentError) as caught:
        sniff(path)
    assert (caught.value.reason, way_round in caught.value.remedy) == ("wrong_type", True)
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("content", "reason", "what"),
    [
        (b"", "not_a_document", "empty"),
        (b"MZ\x90\x00" + bytes(80), "not_a_document", "program"),
        (bytes(range(256)) * 4, "not_a_document", "binary"),
        (zipped("a.jpg", "b.jpg"), "not_a_document", "ZIP"),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), "unsupported", "XLSB"),
        (zipped("mimetype", "content.xml"), "unsupported", "OpenDocument"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unsupported", "Office"),
        (b"%!PS-Adobe-3.0\n", "unsupported", "PostScript"),
        (b'<?xml version="1.0"?><svg></svg>', "unsupported", "XML"),
    ],
)
@pytest.mark.parametrize("name", ["thing.pdf", "thing"])
def test_what_is_not_read(tmp_path: Path, name: str, content: bytes, reason: str, what: str) -> None:
    with pytest.raises(DocumentError) as caught:
        sniff(written(tmp_path, name, content))
    assert caught.value.reason == reason
    assert name in caught.value.message
    assert what in caught.value.message
    assert caught.value.remedy


def test_encrypted_office_files_need_a_password(tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(DocumentError) as caught:
        sniff(written(tmp_path, "secret.docx", content))
    assert caught.value.reason == "needs_password"


def test_the_user_may_overrule(tmp_path: Path) -> None:
    assert sniff(written(tmp_path, "a.pdf", HTML), "text") == "text"
    with pytest.raises(DocumentError, match="empty"):
        sniff(written(tmp_path, "b.pdf", b""), "text")


def test_folders_and_missing_files(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.pdf"):
        with pytest.raises(DocumentError) as caught:
            sniff(path)
        assert caught.value.reason == "not_a_document"


@pytest.mark.parametrize(
    "name", ["-rf.txt", "two\nlines.txt", "📖 book.txt", "a" * 250 + ".txt", "=cmd().txt"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    assert sniff(written(tmp_path, name, b"text")) == "text"
    with pytest.raises(DocumentError) as caught:
        sniff(written(tmp_path, name, b""))
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200


def test_names_are_shown_without_tricks() -> None:
    assert shown("a\u202efdp.exe\x00") == "a\ufffdfdp.exe\ufffd"
    assert shown("b" * 300 + ".pdf").endswith(".pdf")


def test_a_zip_directory_without_end_costs_nothing(tmp_path: Path) -> None:
    entry = b"PK\x01\x02" + bytes(42)
    content = b"PK\x03\x04" + bytes(26) + entry * 100_000
    content += (
        b"PK\x05\x06"
        + bytes(8)
        + (46 * 100_000).to_bytes(4, "little")
        + (30).to_bytes(4, "little")
        + bytes(2)
    )
    with pytest.raises(DocumentError):
        sniff(written(tmp_path, "a.epub", content))
