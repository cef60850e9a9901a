"""Plain text: paragraphs from hard-wrapped lines, chapters, rows, verse, any encoding; pages of about 500 words."""

import pytest

from catena.ingest.formats.plain_text import parse_text
from catena.ingest.pagination.blocks import Block
from catena.ingest.pagination.chapters import number_of
from catena.ingest.pagination.paged_book import count_words, cut
from tests.ingest.conftest import Parse

PARAGRAPH = (
    "It is a truth universally acknowledged, that a single man in\n"
    "possession of a good fortune, must be in want of a wife. However\n"
    "little known the feelings or views of such a man may be on his\n"
    "first entering a neighbourhood, this truth is so well-\n"
    "fixed in the minds of the surrounding families.\n"
)
WRAPPED = PARAGRAPH + "\n"


def texts(source: str) -> list[str]:
    return [block.text for block in parse_text(source).blocks]


def headings(source: str) -> list[tuple[int, str]]:
    return [(b.section.level, b.section.title) for b in parse_text(source).blocks if b.section]


def test_wrapped_lines_are_joined() -> None:
    assert len(texts(WRAPPED * 2)) == 2
    assert "man in possession" in texts(WRAPPED)[0]
    assert "so well-fixed in" in texts(WRAPPED)[0]


def test_long_lines_are_paragraphs() -> None:
    line = "A paragraph on one line that goes on and on. " * 5
    assert texts(f"{line}\n{line}\n{line}") == [line.strip()] * 3


def test_indented_first_lines_start_paragraphs() -> None:
    assert len(texts("".join("   " + PARAGRAPH for _ in range(3)))) == 3


def test_a_text_with_a_margin_is_wrapped_like_one_without() -> None:
    """As licences and RFCs are: three spaces before every line, more before what is set in."""
    source = "".join(f"   {line}\n" if line else "\n" for line in (WRAPPED * 2).splitlines())
    inset = source.replace("   ", "      ")
    assert texts(source + inset) == texts(WRAPPED * 4)


def test_an_item_and_the_lines_set_in_below_it_are_one_paragraph() -> None:
    item = "  * The first line of an item, which is as long as all\n    the others are, ends on the second one.\n"
    outer = "1. A number stands before this item, and its other lines\n   begin below its first word.\n"
    found = texts(WRAPPED + item * 2 + "\n" + outer * 2)
    assert len(found) == 5
    assert (
        found[-4:-2]
        == ["* The first line of an item, which is as long as all the others are, ends on the second one."]
        * 2
    )
    assert found[-1].endswith("its other lines begin below its first word.")


def test_a_number_that_the_margin_brings_to_the_front_begins_no_item() -> None:
    source = (
        "b) The work must say that it is released under this License and section\n7. This must be kept.\n"
    )
    assert len(texts(WRAPPED + source)) == 2


def test_lines_of_verse_that_are_set_in_by_turns_are_kept() -> None:
    verse = (
        "    Lustily raking over the hay,\n  He was well aware of her,\n    As she came by,\n  And sang.\n"
    )
    assert texts(WRAPPED * 2 + verse)[-4:] == [line.strip() for line in verse.splitlines()]


def test_books_without_blank_lines() -> None:
    assert len(texts(PARAGRAPH * 8)) == 8


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("CHAPTER I\n\n", "CHAPTER I"),
        ("CHAPTER II. The Pool of Tears\n\n", "CHAPTER II. The Pool of Tears"),
        ("Chapter Twelve\n\nThe Return\n\n", "Chapter Twelve. The Return"),
        ("CHAPTER 3.\n", "CHAPTER 3."),
        ("EPILOGUE\n\n", "EPILOGUE"),
    ],
)
def test_chapters(source: str, expected: str) -> None:
    assert headings(WRAPPED + source + WRAPPED) == [(1, expected)]


def test_prose_is_no_chapter() -> None:
    assert headings("Chapter and verse were quoted.\n\n" + WRAPPED) == []
    assert headings("Book of mine, go forth.\n\n" + WRAPPED) == []


def test_parts_rank_above_chapters() -> None:
    source = f"PART I\n\nCHAPTER I\n\n{WRAPPED}CHAPTER II\n\n{WRAPPED}PART II\n\nCHAPTER I\n\n{WRAPPED}"
    assert [level for level, _ in headings(source)] == [1, 2, 2, 1, 2]


def test_the_table_of_contents_is_no_chapter() -> None:
    contents = "CONTENTS\n\nCHAPTER I. ONE\nCHAPTER II. TWO\n\n"
    source = f"{contents}CHAPTER I\n\nONE\n\n{WRAPPED}CHAPTER II\n\nTWO\n\n{WRAPPED}"
    assert [title for _, title in headings(source)] == ["CHAPTER I. ONE", "CHAPTER II. TWO"]


def test_labels_count_pages_in_chapters(parse: Parse) -> None:
    book = "Preface words.\n\n" + "".join(f"CHAPTER {n}\n\n{WRAPPED * 12}" for n in ("I", "II"))
    _, pages = parse("novel.txt", book)
    assert [page.label for page in pages] == [
        "front, p. 1",
        "ch. 1, p. 1",
        "ch. 1, p. 2",
        "ch. 2, p. 1",
        "ch. 2, p. 2",
    ]
    assert pages[2].sections[0].path == ("CHAPTER I",)
    assert pages[1].lines[0].kind == "heading"


def test_columns_are_rows() -> None:
    table = "Year      Sales     Profit\n2018      32,765    5,363\n2017      31,657    4,858\n"
    blocks = [block for block in parse_text(WRAPPED + table).blocks if block.kind == "row"]
    assert blocks[1].cells == ("2018", "32,765", "5,363")


def test_verse_keeps_its_lines() -> None:
    verse = "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,\n"
    assert len(texts(WRAPPED * 3 + verse)) == 3 + 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_encodings(parse: Parse, encoding: str) -> None:
    source = "The café’s façade – “naïve” – was painted blue. Nobody knew why it had been so."
    assert parse("a.txt", source.encode(encoding))[1][0].text == source


def test_a_stray_byte_does_not_change_the_encoding(parse: Parse) -> None:
    source = "Žluťoučký kůň úpěl ďábelské ódy. ".encode() * 20 + b"\xff" + b"Konec."
    assert "Žluťoučký" in parse("a.txt", source)[1][0].text


@pytest.mark.parametrize("unit", ["word ", "w" * 30 + " ", "x", "字", "Ends here. ", "\u0301", "😀"])
def test_endless_lines_become_pages_of_bounded_size(unit: str) -> None:
    text = (unit * (200_000 // len(unit))).strip()
    leaves = list(cut([Block("text", text)]))
    assert "".join(block.text for leaf in leaves for block in leaf.blocks).replace(" ", "") == text.replace(
        " ", ""
    )
    assert max(sum(len(block.text) for block in leaf.blocks) for leaf in leaves) < 20_000
    assert max(sum(count_words(block.text) for block in leaf.blocks) for leaf in leaves) <= 650


def test_a_heading_never_ends_a_page() -> None:
    blocks = parse_text("".join(f"CHAPTER {n}\n\n{WRAPPED}" for n in range(1, 60))).blocks
    assert all(leaf.blocks[-1].kind != "heading" for leaf in cut(blocks))


@pytest.mark.parametrize(
    ("word", "number"),
    [("XII", 12), ("iv", 4), ("21", 21), ("twelve", 12), ("Twenty-One", 21), ("CXXXV", 135)]
    + [("mild", None), ("the", None)],
)
def test_numbers_of_chapters(word: str, number: int | None) -> None:
    assert number_of(word) == number


def test_blank_text_is_no_text(parse: Parse) -> None:
    assert parse("a.txt", " \n\n \t")[0].reason == "no_text"
