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
    assert text == "Sales of 5,000¹\n¹ Unaudited.\nNext."


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


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


SUP, SUB = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (run("5 x 10") + run("6", SUP) + run(" newtons"), "5 x 10⁶ newtons"),
        (run("5,000") + run("1", SUP) + run("2", SUP) + run(" euro"), "5,000¹² euro"),
        (run("CO") + run("2", SUB), "CO₂"),
        (run("the 1") + run("st", SUP), "the 1st"),
        (run("10") + run("6", '<w:position w:val="6"/><w:sz w:val="16"/>'), "10⁶"),
        (run("10") + run("6", '<w:rStyle w:val="Up"/>'), "10⁶"),
        (run("Fee ") + run("80", "<w:strike/>") + run(" 90"), "Fee ~~80~~ 90"),
        (run("Fee ") + run("80", '<w:strike w:val="0"/>'), "Fee 80"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>' + run(" Insured"), "☑ Insured"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>' + run(" Not"), "☐ Not"),
        ('<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>' + run(" Yes"), "☑ Yes"),
        (run("20 ") + '<w:r><w:sym w:font="Symbol" w:char="F0B0"/></w:r>' + run("C"), "20 °C"),
        ('<w:r><w:sym w:font="Symbol" w:char="F0B1"/></w:r>' + run("3"), "±3"),
        ('<w:r><w:sym w:font="Unheard" w:char="F0B1"/></w:r>' + run("3"), "3"),
        (run("a", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>') + run(" = 5"), "α = 5"),
        ('<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData></w:fldChar>'
         '</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>' + run(" Fire"), "☑ Fire"),
        ('<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="Oslo"/>'
         '<w:listEntry w:val="Rome"/></w:ddList></w:ffData></w:fldChar></w:r>', "Rome"),
        ("<w:r><w:ruby><w:rt><w:r><w:t>とう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東</w:t></w:r></w:rubyBase></w:ruby></w:r>",
         "東"),
        ("<w:r><w:t>Page</w:t></w:r><w:hyperlink>" + run(" link") + "</w:hyperlink>", "Page link"),
    ],
)  # fmt: skip
def test_what_runs_look_like_is_kept(parse: Parse, runs: str, expected: str) -> None:
    styles = f'<w:styles {W}><w:style w:styleId="Up"><w:rPr>{SUP}</w:rPr></w:style></w:styles>'
    assert text_of(parse, f"<w:p>{runs}</w:p>", **{"word/styles.xml": styles}) == expected


def math(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (math("r=") + f"<m:f><m:num>{math('1')}</m:num><m:den>{math('12')}</m:den></m:f>", "r=1/12"),
        (f"<m:sSup><m:e>{math('10')}</m:e><m:sup>{math('6')}</m:sup></m:sSup>", "10⁶"),
        (f"<m:sSub><m:e>{math('x')}</m:e><m:sub>{math('i')}</m:sub></m:sSub>", "xᵢ"),
        (f"<m:rad><m:deg/><m:e>{math('a')}{math('+')}{math('b')}</m:e></m:rad>", "√(a + b)"),
        (f"<m:rad><m:deg>{math('3')}</m:deg><m:e>{math('x')}</m:e></m:rad>", "∛x"),
        (f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{math("i=1")}</m:sub><m:sup>{math("n")}</m:sup>'
         f"<m:e>{math('i')}</m:e></m:nary>", "∑ᵢ₌₁ⁿ i"),
        (f"<m:d><m:e>{math('a')}</m:e></m:d>", "(a)"),
        (f'<m:acc><m:accPr><m:chr m:val="¯"/></m:accPr><m:e>{math("x")}</m:e></m:acc>', "x̄"),
        (f"<m:m><m:mr><m:e>{math('1')}</m:e><m:e>{math('2')}</m:e></m:mr></m:m>", "[1, 2]"),
    ],
)  # fmt: skip
def test_equations_stand_on_one_line(parse: Parse, equation: str, expected: str) -> None:
    assert text_of(parse, f"<w:p><m:oMath>{equation}</m:oMath></w:p>") == expected


RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def relations(**targets: str) -> dict[str, str]:
    """The relationships of the main part: an id, which is its type too, and a target."""
    items = "".join(
        f'<Relationship Id="{name}" Type="{RELATION}{name}" Target="{target}"/>'
        for name, target in targets.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {"word/_rels/document.xml.rels": f'<Relationships xmlns="{space}">{items}</Relationships>'}


@pytest.mark.parametrize(
    ("name", "chunk", "status"),
    [
        ("a.html", "<html><body><p>The dividend is 4.15 euro.</p></body></html>", "ready"),
        ("a.txt", "The dividend is 4.15 euro.", "ready"),
        ("a.docx", docx(par("The dividend is 4.15 euro.")), "ready"),
        (
            "a.mht",
            "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<p>The dividend is 4.15 euro.",
            "ready",
        ),
        ("a.rtf", "{\\rtf1 The dividend}", "partial"),
        ("a.bin", b"\0\1\2", "partial"),
    ],
)
def test_parts_from_other_files_are_read_or_named(
    parse: Parse, name: str, chunk: str | bytes, status: str
) -> None:
    body = par("Minutes.") + '<w:altChunk r:id="aFChunk"/>'
    document, pages = parse("a.docx", docx(body, {**relations(aFChunk=name), f"word/{name}": chunk}))
    assert document.status == status
    assert ("The dividend is 4.15 euro." in pages[0].text) == (status == "ready")
    assert (name in document.message) == (status == "partial")


def test_a_part_that_is_missing_is_named(parse: Parse) -> None:
    document, _ = parse("a.docx", docx(par("Minutes.") + '<w:altChunk r:id="none"/>'))
    assert document.status == "partial"


def test_headers_and_footers_come_once(parse: Parse) -> None:
    header = f"<w:hdr {W}>{par('Contract 4711-B')}</w:hdr>"
    page = f'<w:p>{run("Page ")}<w:fldSimple w:instr=" PAGE ">{run("1")}</w:fldSimple></w:p>'
    footer = f"<w:ftr {W}>{page}{par('Confidential')}</w:ftr>"
    sections = '<w:sectPr><w:headerReference r:id="header"/><w:footerReference r:id="footer"/></w:sectPr>'
    members = relations(header="h.xml", footer="f.xml") | {"word/h.xml": header, "word/f.xml": footer}
    body = (
        par("Lease", '<w:pStyle w:val="H1"/>')
        + f"<w:p><w:pPr>{sections}</w:pPr></w:p>"
        + par("Text.")
        + sections
    )
    assert text_of(parse, body, **members).split("\n") == [
        "Lease",
        "Contract 4711-B",
        "Text.",
        "Confidential",
    ]


def test_comments_are_notes_of_their_author(parse: Parse) -> None:
    body = f'<w:p>{run("Limit 5.")}<w:r><w:commentReference w:id="0"/></w:r></w:p>'
    comments = (
        f'<w:comments {W}><w:comment w:id="0" w:author="Ada">{par("Check it.")}</w:comment></w:comments>'
    )
    assert text_of(parse, body, **{"word/comments.xml": comments}) == "Limit 5.\nComment (Ada): Check it."


def test_notes_are_numbered_as_printed(parse: Parse) -> None:
    def call(kind: str, number: int) -> str:
        return f'<w:r><w:{kind}Reference w:id="{number}"/></w:r>'

    body = f"<w:p>{run('a')}{call('footnote', 9)}{run(' b')}{call('endnote', 3)}{run(' c')}{call('footnote', 4)}</w:p>"
    foot = "".join(f'<w:footnote w:id="{n}">{par(f"Note {n}")}</w:footnote>' for n in (4, 9))
    end = f'<w:endnotes {W}><w:endnote w:id="3">{par("End")}</w:endnote></w:endnotes>'
    members = {"word/footnotes.xml": f"<w:footnotes {W}>{foot}</w:footnotes>", "word/endnotes.xml": end}
    lines_ = text_of(parse, body, **members).split("\n")
    assert lines_ == ["a¹ bⁱ c²", "¹ Note 9", "ⁱ End", "² Note 4"]


def test_what_is_left_out_is_counted(parse: Parse) -> None:
    body = (
        f"<w:p>{run('Seen')}{run('two words', '<w:vanish/>')}<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:r><w:object/></w:r><w:r><w:drawing><x><pic/></x></w:drawing></w:r><w:r><w:drawing><chart/></w:drawing></w:r></w:p>"
    )
    message = parse("a.docx", docx(body))[0].message
    assert message.split("; ") == [
        "words that no reader sees were left out: 2", "words that tracked changes delete were left out: 1",
        "embedded objects that were not read: 1", "pictures that were not read: 1",
        "charts and diagrams that were not read: 1",
    ]  # fmt: skip
