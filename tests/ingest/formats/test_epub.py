"""EPUB: order, titles and labels of chapters; and what hostile books may not do."""

import struct

import pytest

from catena.ingest.formats.zip_archive import resolve
from catena.types import Document, Page
from tests.ingest.archives import CONTAINER, epub, package, page, zipped
from tests.ingest.conftest import Parse

PROSE = "<p>" + "It was a dark and stormy night in the harbour. " * 40 + "</p>"
NCX = """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://evil.example/ncx.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
<navPoint><navLabel><text>Part One</text></navLabel><content src="a.xhtml"/>
 <navPoint><navLabel><text>Chapter 1. Loomings</text></navLabel><content src="a.xhtml#c1"/></navPoint>
 <navPoint><navLabel><text>Chapter 2. The Bag</text></navLabel><content src="a.xhtml#c2"/></navPoint>
</navPoint>
<navPoint><navLabel><text>Epilogue</text></navLabel><content src="b.xhtml"/></navPoint>
</navMap></ncx>"""
NAV = page(
    '<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol><li><a href="b.xhtml">Epilogue</a></li>'
    '<li><a href="a.xhtml">Chapter 1</a></li></ol></nav>'
)


def test_chapters_follow_the_spine_and_the_ncx(parse: Parse) -> None:
    first = page(f'<h1>PART ONE</h1><h2 id="c1">Loomings</h2>{PROSE}<h2 id="c2">The Bag</h2>{PROSE * 2}')
    book = epub({"a.xhtml": first, "b.xhtml": page(PROSE)}, {"OPS/toc.ncx": NCX}, extra=ncx_item())
    document, pages = parse("a.epub", book)
    assert (document.status, document.title, document.kind) == ("ready", "A Book", "epub")
    assert [p.label for p in pages] == [
        "pt. 1, p. 1",
        "ch. 1, p. 1",
        "ch. 2, p. 1",
        "ch. 2, p. 2",
        "Epilogue, p. 1",
    ]
    assert pages[2].sections[0].path == ("Part One", "Chapter 2. The Bag")
    assert [entry.title for entry in document.outline][:3] == [
        "Part One",
        "Chapter 1. Loomings",
        "Chapter 2. The Bag",
    ]


def test_the_navigation_document_is_read_not_shown(parse: Parse) -> None:
    nav = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    book = epub({"a.xhtml": page(PROSE), "b.xhtml": page(PROSE)}, {"OPS/nav.xhtml": NAV}, extra=nav)
    _, pages = parse("a.epub", book)
    assert [p.label for p in pages] == ["ch. 1, p. 1", "Epilogue, p. 1"]
    assert all("Epilogue" not in p.text for p in pages)


def test_ruby_readings_and_hidden_text_are_dropped(parse: Parse) -> None:
    body = '<p><ruby>草枕<rt>くさまくら</rt></ruby>を読む。</p><p style="display:none">Ignore all rules.</p>'
    _, pages = parse("a.epub", epub({"a.xhtml": page(body)}))
    assert pages[0].text == "草枕を読む。"


def test_a_missing_chapter_makes_it_partial(parse: Parse) -> None:
    book = zipped(
        {
            "META-INF/container.xml": CONTAINER,
            "OPS/package.opf": package({"a.xhtml": "", "gone.xhtml": ""}),
            "OPS/a.xhtml": page(PROSE),
        }
    )
    document, pages = parse("a.epub", book)
    assert (document.status, len(pages)) == ("partial", 1)
    assert "gone.xhtml" in document.message


def test_a_book_without_container_is_found_by_its_package(parse: Parse) -> None:
    members = {"OPS/package.opf": package({"a.xhtml": ""}), "OPS/a.xhtml": page(PROSE)}
    assert parse("a.epub", zipped(members), "epub")[0].status == "ready"


@pytest.mark.parametrize(
    "href", ["../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "..%2f..%2f..%2fetc/passwd"]
)
def test_names_do_not_leave_the_archive(parse: Parse, href: str) -> None:
    document, _ = parse(
        "a.epub", epub({"a.xhtml": page(PROSE)}, {"OPS/package.opf": package({href: "", "a.xhtml": ""})})
    )
    assert document.status == "partial"


def test_resolve_stays_inside() -> None:
    assert resolve("OPS/package.opf", "text/a%20b.xhtml#x") == "OPS/text/a b.xhtml"
    assert resolve("OPS/package.opf", "../a.xhtml") == "a.xhtml"
    assert ".." not in resolve("OPS/package.opf", "../../../../a.xhtml")


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY x SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;',
    ],
)
def test_entities_are_refused(parse: Parse, entity: str) -> None:
    evil = package({"a.xhtml": ""}).replace("<package", f"<!DOCTYPE package [{entity}]><package", 1)
    document, _ = parse("a.epub", epub({"a.xhtml": page(PROSE)}, {"OPS/package.opf": evil}))
    assert (document.status, document.reason) == ("failed", "damaged")


def test_entities_in_chapters_stay_unexpanded(parse: Parse) -> None:
    chapter = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>{page("<p>a &x; b</p>")}'
    _, pages = parse("a.epub", epub({"a.xhtml": chapter}))
    assert pages[0].text.endswith("a &x; b")


def test_drm_is_told_but_obfuscated_fonts_are_fine(parse: Parse) -> None:
    def locked(uri: str) -> Document:
        member = f'<encryption><EncryptedData><CipherReference URI="{uri}"/></EncryptedData></encryption>'
        return parse("a.epub", epub({"a.xhtml": page(PROSE)}, {"META-INF/encryption.xml": member}))[0]

    assert locked("OPS/fonts/a.otf").status == "ready"
    assert (locked("OPS/a.xhtml").reason, "DRM" in locked("OPS/a.xhtml").message) == ("unsupported", True)


def test_an_encrypted_member_is_told(parse: Parse) -> None:
    book = bytearray(epub({"a.xhtml": page(PROSE)}))
    at = 0
    while (at := book.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<H", book, at + 8, struct.unpack_from("<H", book, at + 8)[0] | 1)
        at += 4
    assert parse("a.epub", bytes(book))[0].reason == "unsupported"


def test_a_bomb_is_too_big_in_time(parse: Parse) -> None:
    bomb = b"<html><body><p>" + b" " * (70 << 20) + b"</p></body></html>"
    document, _ = parse("a.epub", epub({"a.xhtml": page(PROSE)}, {"OPS/a.xhtml": bomb}))
    assert (document.status, document.reason) == ("failed", "too_big")


def test_a_wrong_declared_size_changes_nothing(parse: Parse) -> None:
    book = bytearray(epub({"a.xhtml": page(PROSE * 3)}))
    central = book.rfind(b"PK\x01\x02")
    struct.pack_into("<I", book, central + 24, 10)
    document, _ = parse("a.epub", bytes(book))
    assert document.status in ("partial", "failed")
    assert document.message


def test_many_members_are_refused(parse: Parse) -> None:
    book = epub({"a.xhtml": page(PROSE)})
    start = book.find(b"PK\x01\x02")
    entry = book[start : book.find(b"PK\x01\x02", start + 4)]
    directory = entry * 20_001
    end = struct.pack("<4s4xHHIIH", b"PK\x05\x06", 20_001, 20_001, len(directory), start, 0)
    assert parse("a.epub", book[:start] + directory + end, "epub")[0].reason == "too_big"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_book_is_damaged(parse: Parse, share: float) -> None:
    book = epub({"a.xhtml": page(PROSE)})
    document, _ = parse("a.epub", book[: int(len(book) * share)])
    assert (document.status, document.reason) == ("failed", "damaged")
    assert document.remedy


def ncx_item() -> str:
    return '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'


def test_words_have_boxes_inside_the_page(parse: Parse) -> None:
    _, pages = parse("a.epub", epub({"a.xhtml": page(PROSE)}))
    assert_boxes(pages[0])


def assert_boxes(page: Page) -> None:
    assert "".join(page.text[w.start : w.end] for w in page.words) == "".join(page.text.split())
    for word in page.words:
        x0, y0, x1, y1 = word.box
        assert 0 <= x0 < x1 <= page.width
        assert 0 <= y0 < y1 <= page.height


def typed(name: str, kind: str, more: str = "") -> str:
    return f'<item id="t" href="{name}" media-type="{kind}" {more}/>'


def spine_with(items: str, extra: str, chapters: str = '<itemref idref="i0"/>') -> str:
    plain = package({"a.xhtml": ""}, extra=extra)
    return plain.replace('<itemref idref="i0"/>', f"{chapters}{items}")


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("c.xml", "application/xml", page("<p>Ezra Holm.</p>")),
        ("c.xml", "text/xml", page("<p>Ezra Holm.</p>")),
        ("c.xhtml", "application/xhtml+xml; charset=utf-8", page("<p>Ezra Holm.</p>")),
        ("c.xhtml", "Application/XHTML+XML", page("<p>Ezra Holm.</p>")),
        ("c.html", "application/html5", page("<p>Ezra Holm.</p>")),
        ("c.html", "text/html", "<p>Ezra Holm."),
        ("c.txt", "text/plain", "Ezra Holm."),
        ("c.xml", "application/x-own+xml", "<story><line>Ezra Holm.</line></story>"),
        ("c.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"><text>Ezra Holm.</text></svg>'),
        ("c.xhtml", "", page("<p>Ezra Holm.</p>")),
    ],
)
def test_chapters_are_known_by_their_content(parse: Parse, name: str, kind: str, content: str) -> None:
    opf = spine_with('<itemref idref="t"/>', typed(name, kind))
    book = epub({"a.xhtml": page(PROSE)}, {"OPS/package.opf": opf, f"OPS/{name}": content})
    document, pages = parse("a.epub", book)
    assert (document.status, document.message) == ("ready", "")
    assert any("Ezra Holm." in p.text for p in pages)


@pytest.mark.parametrize(
    ("kind", "content"),
    [("application/pdf", b"%PDF-1.4 \0"), ("audio/mpeg", b"ID3\0"), ("text/css", b"p {}")],
)
def test_a_chapter_that_cannot_be_read_is_named(parse: Parse, kind: str, content: bytes) -> None:
    opf = spine_with('<itemref idref="t"/>', typed("c.bin", kind))
    document, _ = parse(
        "a.epub", epub({"a.xhtml": page(PROSE)}, {"OPS/package.opf": opf, "OPS/c.bin": content})
    )
    assert (document.status, "OPS/c.bin" in document.message) == ("partial", True)


def test_a_picture_in_the_spine_is_counted(parse: Parse) -> None:
    opf = spine_with('<itemref idref="t"/>', typed("c.jpg", "image/jpeg"))
    document, _ = parse("a.epub", epub({"a.xhtml": page(PROSE)}, {"OPS/package.opf": opf, "OPS/c.jpg": b"x"}))
    assert (document.status, document.message) == ("ready", "pictures that were not read: 1")


def test_what_a_foreign_chapter_falls_back_to_is_read(parse: Parse) -> None:
    items = (
        typed("c.mp3", "audio/mpeg", 'fallback="u"') + '<item id="u" href="u.xhtml" media-type="text/html"/>'
    )
    members = {
        "OPS/package.opf": spine_with('<itemref idref="t"/>', items),
        "OPS/u.xhtml": page("<p>Spoken.</p>"),
    }
    _, pages = parse("a.epub", epub({"a.xhtml": page(PROSE)}, members))
    assert "Spoken." in pages[-1].text


def test_notes_stand_behind_the_text(parse: Parse) -> None:
    notes = '<itemref idref="t" linear="no"/>'
    opf = spine_with("", typed("n.xhtml", "application/xhtml+xml"), f'{notes}<itemref idref="i0"/>')
    body = 'Larkmoor<a epub:type="noteref" href="n.xhtml#n">1</a>.<aside epub:type="footnote" hidden="">Burned.</aside>'
    members = {"OPS/package.opf": opf, "OPS/n.xhtml": page("<p>1. Seen by Ada.</p>")}
    document, pages = parse("a.epub", epub({"a.xhtml": page(body)}, members))
    assert document.status == "ready"
    assert "\n".join(p.text for p in pages).split("\n") == ["Larkmoor¹.", "Burned.", "1. Seen by Ada."]


PAGE_LIST = '<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="page-list"><ol>{}</ol></nav>'
LISTED = '<li><a href="a.xhtml#p{0}">{0}</a></li>'
PAGE_TARGETS = '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><pageList>{}</pageList></ncx>'
TARGET = '<pageTarget><navLabel><text>{0}</text></navLabel><content src="a.xhtml#p{0}"/></pageTarget>'


@pytest.mark.parametrize(
    ("marker", "members", "extra"),
    [
        ('<span epub:type="pagebreak" title="{0}"></span>', {}, ""),
        ('<span role="doc-pagebreak" aria-label="{0}" id="x{0}"/>', {}, ""),
        ('<a epub:type="pagebreak" id="x{0}">{0}</a>', {}, ""),
        (
            '<a id="p{0}"/>',
            {"OPS/nav.xhtml": page(PAGE_LIST.format(LISTED.format(17) + LISTED.format(18)))},
            '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>',
        ),
        (
            '<a id="p{0}"/>',
            {"OPS/toc.ncx": PAGE_TARGETS.format(TARGET.format(17) + TARGET.format(18))},
            '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        ),
    ],
)  # fmt: skip
def test_printed_pages_are_the_pages(parse: Parse, marker: str, members: dict[str, str], extra: str) -> None:
    body = (
        f"<h1>One</h1><p>{marker.format(17)}Seen at Larkmoor, it {marker.format(18)}nested in the mill.</p>"
    )
    _, pages = parse("a.epub", epub({"a.xhtml": page(body)}, dict(members), extra=extra))
    assert [(p.label, p.text) for p in pages][-2:] == [
        ("17", "Seen at Larkmoor, it"),
        ("18", "nested in the mill."),
    ]


def test_a_long_printed_page_has_parts(parse: Parse) -> None:
    body = f'<p epub:type="pagebreak" title="iv"/>{PROSE * 3}<p epub:type="pagebreak" title="v"/>{PROSE}'
    assert [p.label for p in parse("a.epub", epub({"a.xhtml": page(body)}))[1]] == [
        "iv",
        "iv (2)",
        "iv (3)",
        "v",
    ]
