from __future__ import annotations

from catena.retrieval.passages import indexed_text, split
from catena.types import LineKind, Page, PageRef, Passage, Section
from tests.retrieval.shelf import make_page


def cut(*pages: Page) -> list[Passage]:
    return [passage for _, passages in split(pages, "Report") for passage in passages]


def test_passages_are_verbatim_whole_and_in_order() -> None:
    prose = "The company sells many things to many people everywhere. " * 40
    pages = [make_page(n, ("text", prose.strip())) for n in (1, 2)]
    passages = cut(*pages)
    assert [p.ordinal for p in passages] == list(range(len(passages)))
    assert len(passages) > 4
    for passage in passages:
        assert pages[passage.ref.number - 1].text[passage.start : passage.end] == passage.text
        assert passage.text.endswith("everywhere.")


def test_running_headers_and_footers_are_not_indexed() -> None:
    passages = cut(make_page(1, ("header", "ACME 2018"), ("text", "Sales rose."), ("footer", "page 1")))
    assert [p.text for p in passages] == ["Sales rose."]


def test_header_names_document_section_and_page() -> None:
    prose = "Many words are written here about nothing at all. " * 30
    page = make_page(
        1, ("heading", "Cash Flows"), ("text", prose), sections=(Section(0, ("Part II", "Item 8")),)
    )
    header = cut(page)[-1].header
    assert header.splitlines()[:2] == ["Report", "Item 8"]
    assert "Cash Flows" in header


def test_later_rows_of_a_table_carry_its_column_heads() -> None:
    rows: list[tuple[LineKind, str]] = [
        ("row", f"Item number {n} of the long list 1,{n:03} 2,{n:03}") for n in range(60)
    ]
    prose = [("text", "Filler words of a page that opens with something else. " * 3)]
    page = make_page(1, *prose, ("heading", "Debt by maturity"), ("row", "Name 2018 2017"), *rows)  # type: ignore[arg-type]
    last = cut(page)[-1]
    assert "Debt by maturity Name 2018 2017" in last.header
    assert "Name 2018 2017" not in last.text
    assert indexed_text(last).endswith(last.text)


def test_a_new_section_starts_a_new_passage() -> None:
    prose = "Some words that fill the section with text for a while. " * 6
    page = make_page(1, ("text", prose), ("heading", "Risks"), ("text", prose))
    start = page.lines[1].start
    page = Page(page.ref, page.text, "1", lines=page.lines, sections=(Section(start, ("Risks",)),))
    assert any(passage.text.startswith("Risks") for passage in cut(page))


def test_a_sentence_over_a_page_break_is_linked() -> None:
    first, second = cut(make_page(1, ("text", "Sales rose because")), make_page(2, ("text", "prices rose.")))
    assert first.continues and not second.continues


def test_pages_without_text_have_no_passages() -> None:
    pages = [Page(PageRef("d", 1), "", "1"), make_page(2, ("text", "Something."))]
    assert [len(passages) for _, passages in split(pages, "Report")] == [0, 1]
