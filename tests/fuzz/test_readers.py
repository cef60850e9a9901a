"""Made-up web pages, Word files, books and bytes: each becomes pages that hold together, or a DocumentError."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st

from catena.errors import DocumentError
from catena.ingest.formats.docx import read_docx
from catena.ingest.formats.epub import read_epub
from catena.ingest.formats.html import parse_html
from catena.ingest.formats.plain_text import parse_text, read_markdown
from catena.ingest.formats.text_decoding import decode, decode_markup
from catena.ingest.pagination.blocks import Book, clean
from catena.ingest.pagination.paged_book import FlowReading
from tests.fuzz.running import fuzz
from tests.ingest.archives import docx, epub, page, zipped

_SECONDS = 10.0  # for inputs of a few KB; a minute is what the parser process has

_WORDS = st.one_of(
    st.sampled_from(["word", "5,000", "−3", "Ω", "日本", "שלום", "‮x", "&amp;", "&#x110000;", "<", "\0", " "]),
    st.text(max_size=20),
)
_TAG_NAMES = (
    "a p div span table thead tbody tr td th caption colgroup col ul ol li dl dt dd h1 h3 sup sub pre br hr img "
    "title head body html base script style template noscript svg text foreignObject math mfrac msup msub mroot "
    "msqrt mover mtable mtr mtd mi mn mo select option optgroup button input textarea details summary dialog iframe "
    "frameset frame object ruby rb rt rp nav header footer aside main form label plaintext xmp b i font"
)
_TAGS = st.sampled_from(_TAG_NAMES.split())
_ATTRIBUTES = st.sampled_from(
    ["", " hidden", " style='display:none'", " colspan=9999999", " rowspan=0", " id=x", " name=''", " open",
     " srcdoc='<p>x<iframe srcdoc=y>'", " value=v", " type=checkbox checked", " start=-9", " href='#x'", " alt=z",
     " epub:type=pagebreak title=9", " role=doc-noteref", " charset=utf-16", ' class="']
)  # fmt: skip


def markup() -> st.SearchStrategy[str]:
    opened = st.builds(lambda tag, extra: f"<{tag}{extra}>", _TAGS, _ATTRIBUTES)
    closed = st.builds(lambda tag: f"</{tag}>", _TAGS)
    odd = st.sampled_from(["<!--", "-->", "<![CDATA[", "]]>", "<!doctype html>", "<?xml?>", "</", "<a b='"])
    return st.lists(st.one_of(opened, opened, closed, _WORDS, odd), max_size=60).map("".join)


_WORD_TAG_NAMES = (
    "w:p w:r w:t w:tbl w:tr w:tc w:sdt w:sdtContent w:sdtPr w:ins w:del w:ruby w:rt w:rubyBase w:txbxContent w:sym "
    "w:tab w:br w:footnoteReference w:endnoteReference w:altChunk w:hyperlink w:fldSimple w:pPr w:rPr w:vertAlign "
    "w:numPr w:object w:commentReference w:sectPr w:headerReference w14:checkbox w14:checked mc:AlternateContent "
    "mc:Choice mc:Fallback m:oMath m:f m:num m:den m:r m:t m:sSup m:e m:sup m:rad m:deg m:nary m:d m:m m:mr"
)
_WORD_TAGS = st.sampled_from(_WORD_TAG_NAMES.split())
_WORD_ATTRIBUTES = st.sampled_from(
    ["", ' w:val="superscript"', ' w:val="9"', ' w:id="1"', ' w:font="Wingdings" w:char="F0FE"', ' r:id="rId1"',
     ' w:char="zz"', ' w:val="-1"', ' w:type="default"']
)  # fmt: skip


def word_xml() -> st.SearchStrategy[str]:
    """Elements of Word, well-formed and in any order."""

    def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda tag, extra, parts: f"<{tag}{extra}>{''.join(parts)}</{tag}>",
            _WORD_TAGS,
            _WORD_ATTRIBUTES,
            st.lists(inner, max_size=6),
        )

    return st.recursive(st.sampled_from(["", "text", "5,000", "日本", "&#8238;"]), wrapped, max_leaves=40)


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of a good file, some of them changed, cut or doubled."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 2)):
            case 0:
                data[at : at + 1] = draw(st.binary(max_size=3))
            case 1:
                del data[at:]
            case _:
                data[at:at] = data[at : at + 200]
    return bytes(data)


def assert_whole(read: Callable[[], Book]) -> None:
    """Whatever comes out is a document of pages whose words stand in their text, in time."""
    started = time.process_time()
    try:
        reading = FlowReading(read())
        for page_ in reading.pages("d" * 64):
            assert page_.text.split("\n") == [clean(line) for line in page_.text.split("\n")]
            assert "".join(page_.text[w.start : w.end] for w in page_.words) == "".join(page_.text.split())
            page_.text.encode()
        reading.title.encode()
        reading.outcome()
    except DocumentError as error:
        assert error.message
    assert time.process_time() - started < _SECONDS


def as_file(data: bytes, read: Callable[[Path], Book]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        assert_whole(lambda: read(Path(file.name)))


def test_html() -> None:
    def html(source: str) -> None:
        assert_whole(lambda: parse_html(source))

    fuzz(html, markup())


def test_markdown() -> None:
    def markdown(source: str) -> None:
        as_file(source.encode("utf-8", "surrogatepass"), read_markdown)

    fuzz(markdown, st.lists(st.one_of(markup(), st.sampled_from(list("#*_-|[]()`>\n ~^")))).map("".join))


def test_docx() -> None:
    def word(data: bytes) -> None:
        as_file(data, read_docx)

    parts = st.builds(lambda body, notes: docx(body, {"word/footnotes.xml": notes}), word_xml(), word_xml())
    fuzz(word, broken(parts))


def test_epub() -> None:
    def book(data: bytes) -> None:
        as_file(data, read_epub)

    chapters = st.dictionaries(st.sampled_from(["a.xhtml", "b.xml", "c.txt"]), markup().map(page), max_size=3)
    fuzz(book, broken(st.one_of(chapters.map(epub), st.just(zipped({"META-INF/container.xml": "<a/>"})))))


def test_encodings() -> None:
    def encoded(data: bytes) -> None:
        decode(data).text.encode("utf-8", "surrogateescape")
        parse_html(decode_markup(data).text)
        assert_whole(lambda: parse_text(decode(data).text))

    codecs = st.sampled_from(["utf-8", "cp1251", "gb18030", "shift_jis", "utf-16-le", "iso2022_jp", "cp437"])
    texts = st.builds(lambda text, codec: text.encode(codec, "ignore"), st.text(), codecs)
    fuzz(encoded, st.lists(st.one_of(texts, st.binary(), st.just(b"<meta charset=big5>"))).map(b"".join))
