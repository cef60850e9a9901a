"""DOCX: headings by style, numbers of clauses, tables by row, notes, text boxes, and what stays hidden."""

import pytest

from catena.types import Line, Page
from tests.ingest.archives import W, docx, par
from tests.ingest.conftest import Parse

STYLES = f"""<w:styles {W}>
<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Mine"><w:name w:val="My clause"/><w:basedOn w:val="H2"/>
 <w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="Loop"><w:name w:val="x"/><w:basedOn w:val="Loop"/></w:style>
</w:styles>"""
NUMBERING = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerRoman"/><w:lvlText w:val="(%3)"/></w:lvl>
</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></w:numbering>"""
STYLED = {"word/styles.xml": STYLES, "word/numbering.xml": NUMBERING}


def item(level: int) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'


def lines(page: Page) -> list[tuple[str, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


def text_of(parse: Parse, body: str, **members: str) -> str:
    return parse("a.docx", docx(body, {**STYLED, **members}))[1][0].text


def test_headings_make_sections(parse: Parse) -> None:
    body = (
        par("Terms", '<w:pStyle w:val="H1"/>')
        + par("Be kind.")
        + par("Pay", '<w:pStyle w:val="H2"/>')
        + par("Soon.")
    )
    document, pages = parse("a.docx", docx(body, STYLED))
    assert lines(pages[0]) == [
        ("heading", "Terms"),
        ("text", "Be kind."),
        ("heading", "Pay"),
        ("text", "Soon."),
    ]
    assert [section.path for section in pages[0].sections] == [("Terms",), ("Terms", "Pay")]
    assert [(entry.level, entry.title) for entry in document.outline] == [(1, "Terms"), (2, "Pay")]


def test_clauses_are_numbered_as_word_shows_them(parse: Parse) -> None:
    body = "".join(par(f"at {level}", item(level)) for level in (0, 1, 1, 2, 2, 0, 1))
    assert text_of(parse, body).split("\n") == [
        "1. at 0", "1.1 at 1", "1.2 at 1", "(i) at 2", "(ii) at 2", "2. at 0", "2.1 at 1",
    ]  # fmt: skip


def test_a_style_may_bring_number_and_rank(parse: Parse) -> None:
    body = par("Definitions", item(0)) + par("Premises", '<w:pStyle w:val="Mine"/>')
    document, pages = parse("a.docx", docx(body, STYLED))
    assert lines(pages[0])[1] == ("heading", "1.1 Premises")
    assert document.outline[0].level == 2


def test_a_table_row_is_one_line(parse: Parse) -> None:
    def cells(*texts: str, span: int = 1) -> str:
        extra = f'<w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr>'
        return "<w:tr>" + "".join(f"<w:tc>{extra}{par(text)}</w:tc>" for text in texts) + "</w:tr>"

    table = f"<w:tbl>{cells('', '2018', '2017')}{cells('Net sales', '32,765', '31,657')}</w:tbl>"
    _, pages = parse("a.docx", docx(par("Before") + table + par("After"), STYLED))
    assert lines(pages[0]) == [
        ("text", "Before"), ("row", "2018 2017"), ("row", "Net sales 32,765 31,657"), ("text", "After"),
    ]  # fmt: skip
    boxes = {pages[0].text[word.start : word.end]: word.box for word in pages[0].words}
    assert boxes["2018"][2] == pytest.approx(boxes["32,765"][2])
    assert boxes["2017"][2] == pytest.approx(boxes["31,657"][2])
    assert boxes["Net"][1] == boxes["32,765"][1]


def test_notes_follow_their_paragraph(parse: Parse) -> None:
    body = '<w:p><w:r><w:t>Sales of 5,000</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>' + par(
        "Next."
    )
    notes = f'<w:footnotes {W}><w:footnote w:id="2">{par("Unaudited.")}</w:footnote></w:footnotes>'
    text = text_of(parse, body, **{"word/footnotes.xml": notes})
    assert text == "Sales of 5,000²\n² Unaudited.\nNext."


def test_text_boxes_come_once(parse: Parse) -> None:
    box = f"<w:txbxContent>{par('Boxed.')}</w:txbxContent>"
    body = f"<w:p><w:r><w:t>Around.</w:t><x><Choice>{box}</Choice><Fallback>{box}</Fallback></x></w:r></w:p>"
    assert text_of(parse, body) == "Around.\nBoxed."


def test_hidden_and_deleted_text_is_dropped(parse: Parse) -> None:
    body = (
        "<w:p><w:r><w:t>Seen </w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>added</w:t></w:r></w:ins></w:p>"
    )
    assert text_of(parse, body) == "Seen added"


def test_styles_that_go_in_circles(parse: Parse) -> None:
    assert text_of(parse, par("Round.", '<w:pStyle w:val="Loop"/>')) == "Round."


@pytest.mark.parametrize(
    "main",
    [
        "<broken",
        "",
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document {W}><w:body/></w:document>',
        "<a>" * 5000 + "</a>" * 5000,
    ],
)
def test_a_broken_main_part_is_damage(parse: Parse, main: str) -> None:
    document, _ = parse("a.docx", docx("", {"word/document.xml": main}))
    assert (document.status, document.reason) == ("failed", "damaged")


def test_an_empty_file_has_no_text(parse: Parse) -> None:
    document, _ = parse("a.docx", docx(par("")))
    assert (document.reason, "a.docx" in document.message) == ("no_text", True)


def test_lines_are_in_order(parse: Parse) -> None:
    _, pages = parse("a.docx", docx(par("One.") + par("Two.")))
    assert pages[0].lines == (Line(0, 4, "text"), Line(5, 9, "text"))
