"""ODT and RTF: headings, lists, tables, notes; what is hidden stays out."""

import pytest

from catena.types import Page
from tests.ingest.archives import zipped
from tests.ingest.conftest import Parse


def odt(body: str, styles: str = "", **members: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:{name}"' for name in ("office", "draw", "text", "style", "table", "xlink")
    )
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:text>{body}</office:text></office:body></office:document-content>"
    )
    files = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}
    return zipped(files | {f"{name}.xml": text for name, text in members.items()})


def lines(page: Page) -> list[tuple[str, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


ODT_BODY = """<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
<text:h text:outline-level="1">Report</text:h>
<text:p>Cost<text:s/>1.2<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>In euro.</text:p>
</text:note-body></text:note> million.</text:p>
<text:list><text:list-item><text:p>First</text:p></text:list-item></text:list>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Arm</text:p></table:table-cell>
<table:table-cell><text:p>Cured</text:p></table:table-cell></table:table-row></table:table-header-rows>
<table:table-row><table:table-cell><text:p>Drug</text:p></table:table-cell><table:table-cell><text:p>31</text:p>
</table:table-cell></table:table-row></table:table>
<text:p>Seen<text:span text:style-name="h"> hidden</text:span></text:p>"""
HIDDEN = "<style:style style:name='h'><style:text-properties text:display='none'/></style:style>"


def test_an_open_document_text(parse: Parse) -> None:
    document, pages = parse("a.odt", odt(ODT_BODY, HIDDEN, meta="<m><title>The Report</title></m>"))
    assert lines(pages[0]) == [
        ("heading", "Report"), ("text", "Cost 1.21 million."), ("text", "1 In euro."), ("text", "First"),
        ("row", "Arm Cured"), ("row", "Drug 31"), ("text", "Seen"),
    ]  # fmt: skip
    assert document.title == "The Report"


RTF = r"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\stylesheet{\s0 Normal;}{\s2\b heading 1;}}
{\info{\title A Report}}\pard\plain\s2 Results\par\pard\plain The caf\'e9 \u8211? cured{\footnote In July.} 31.\par
{\v hidden words}Seen{\v0 too}{\*\generator Evil}
{\field{\*\fldinst HYPERLINK "http://x.example"}{\fldrslt here}}\par
\trowd\cellx1\cellx2 Arm\cell Cured\cell\row Drug | x\cell 31\cell\row\pard After\par}"""


def test_rich_text(parse: Parse) -> None:
    document, pages = parse("a.rtf", RTF)
    assert lines(pages[0]) == [
        ("heading", "Results"), ("text", "The café – cured 31."), ("text", "In July."), ("text", "Seentoohere"),
        ("row", "Arm Cured"), ("row", "Drug | x 31"), ("text", "After"),
    ]  # fmt: skip
    assert document.title == "A Report"
    assert "words that no reader sees were left out: 2" in document.message


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.odt", odt(ODT_BODY)[:-50], "damaged"),
        ("a.odt", odt("<text:section>" * 500 + "</text:section>" * 500), "damaged"),
        ("a.rtf", "{\\rtf1 " + "{" * 300_000, "no_text"),
        ("a.rtf", b"{\\rtf1 \\pict ffd8ffe0}", "no_text"),
    ],
)
def test_broken_files(parse: Parse, name: str, content: bytes | str, reason: str) -> None:
    document, _ = parse(name, content)
    assert (document.status, document.reason) == ("failed", reason)
