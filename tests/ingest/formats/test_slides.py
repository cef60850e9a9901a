"""Presentations: a slide is a page, with title, tables, charts and notes; what is hidden is counted."""

import io

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from catena.types import Page
from tests.ingest.archives import zipped
from tests.ingest.conftest import Parse

PLACE = Inches(1), Inches(1), Inches(5), Inches(3)


def deck() -> bytes:
    made = Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text, first.placeholders[1].text = "Risks", "Copper is short.\nLinz reopens in May."
    first.notes_slide.notes_text_frame.text = "Mention Alto."
    second = made.slides.add_slide(made.slide_layouts[5])
    second.shapes.title.text = "Budget"
    table = second.shapes.add_table(2, 2, *PLACE).table
    for at, text in enumerate(("Team", "2026", "Design", "55")):
        table.cell(at // 2, at % 2).text = text
    data = CategoryChartData()
    data.categories = ["East", "West"]
    data.add_series("Units", (12, 30))
    third = made.slides.add_slide(made.slide_layouts[6])
    third.shapes.add_chart(XL_CHART_TYPE.PIE, *PLACE, data)
    made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = "Secret"
    made.slides[3]._element.set("show", "0")
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def odp(slides: str, styles: str = "") -> bytes:
    names = ("office", "draw", "text", "presentation", "style", "table")
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in names)
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:presentation>{slides}</office:presentation></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.presentation", "content.xml": content})


def frame(text: str, more: str = "") -> str:
    return f"<draw:frame {more}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"


TITLE = "presentation:class='title'"
ODP = odp(
    f"<draw:page>{frame('Copper is short.')}{frame('Risks', TITLE)}"
    f"<presentation:notes>{frame('Mention Alto.')}{frame('<text:page-number>7</text:page-number>')}"
    "</presentation:notes></draw:page>"
    f"<draw:page draw:style-name='h'>{frame('Secret')}</draw:page>",
    "<style:style style:name='h'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>",
)


def lines(page: Page) -> list[tuple[str, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


def test_a_slide_is_a_page(parse: Parse) -> None:
    document, pages = parse("a.pptx", deck())
    assert [page.label for page in pages] == ["1", "2", "3"]
    assert lines(pages[0]) == [
        ("heading", "Risks"), ("text", "Copper is short."), ("text", "Linz reopens in May."),
        ("text", "Notes: Mention Alto."),
    ]  # fmt: skip
    assert lines(pages[1]) == [("heading", "Budget"), ("row", "Team 2026"), ("row", "Design 55")]
    assert [text for kind, text in lines(pages[2]) if kind == "row"] == ["Units", "East 12", "West 30"]
    assert document.message == "hidden slides that were not read: 1"
    assert [entry.title for entry in document.outline[:2]] == ["Risks", "Budget"]


def test_slides_of_open_document(parse: Parse) -> None:
    document, pages = parse("a.odp", ODP)
    assert lines(pages[0]) == [
        ("heading", "Risks"), ("text", "Copper is short."), ("text", "Notes: Mention Alto."),
    ]  # fmt: skip
    assert (len(pages), document.message) == (1, "hidden slides that were not read: 1")


def test_a_second_reader_finds_the_same_words(parse: Parse) -> None:
    content = deck()
    _, pages = parse("a.pptx", content)
    for slide, page in zip(list(Presentation(io.BytesIO(content)).slides)[:2], pages, strict=False):
        theirs = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        assert {word for text in theirs for word in text.split()} <= set(page.text.split())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pptx", deck()[:-4000]),
        ("a.pptx", zipped({"ppt/presentation.xml": "<p:presentation>"})),
        ("a.pptx", zipped({"ppt/presentation.xml": '<!DOCTYPE p [<!ENTITY b "bomb">]><p>&b;</p>'})),
        ("a.odp", ODP[:-60]),
        ("a.odp", odp("<draw:page>" * 500 + "</draw:page>" * 500)),
    ],
)
def test_broken_presentations(parse: Parse, name: str, content: bytes) -> None:
    document, _ = parse(name, content)
    assert (document.status, document.reason) == ("failed", "damaged")
    assert document.remedy
