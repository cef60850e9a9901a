"""Do citations point to the right place? Random quotes against pypdfium2, an extractor that Catena does not use.

`catena eval spans --data ../shared/data --spans 500 --seed 1` prints a row per PDF: recall and
precision of the quotes' words inside their boxes, and recall of the pages' words in `page.text`.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2

from catena.ingest.pdf.pdf_reader import PdfReading
from catena.types import Box, Page, Word

PDFS = (
    "financebench/pdfs/3M_2018_10K.pdf",  # tables, numbers far from labels
    "financebench/pdfs/AMAZON_2019_10K.pdf",
    "financebench/pdfs/CORNING_2020_10K.pdf",
    "financebench/pdfs/MGMRESORTS_2022Q4_EARNINGS.pdf",
    "financebench/pdfs/VERIZON_2022_10K.pdf",  # outline
    "kg-rag/sec-10-q/data/v1/docs/2023 Q1 AAPL.pdf",
    "enterprise-rag-challenge/round1/pdfs/43437bccca01aeae222ec7cc706ba3eaf50be2d7.pdf",  # designed report
    "enterprise-rag-challenge/round1/pdfs/ac9aa244462c80705c3ff046542c02c459989742.pdf",
    "mmlongbench-doc/data/documents/2023.acl-long.386.pdf",  # two columns
    "mmlongbench-doc/data/documents/2310.07609v1.pdf",  # two columns
    "mmlongbench-doc/data/documents/2312.10997v5.pdf",  # two columns, rotated stamp
    "mmlongbench-doc/data/documents/ISEP_student_handbook_2020.pdf",
    "mmlongbench-doc/data/documents/PG_2020.03.09_US-Germany_FINAL.pdf",  # survey with charts
    "mmlongbench-doc/data/documents/User_Manual_1500S_Classic_EN.pdf",  # manual, text tables
    "mmlongbench-doc/data/documents/obs-productdesc-en.pdf",  # outline, tables
    "mmlongbench-doc/data/documents/Independents-Report.pdf",
    "robust/py-pdf-sample-files/026-latex-multicolumn/multicolumn.pdf",
    "robust/docling/tests/data/pdf/sources/right_to_left_03.pdf",  # Persian
    "robust/pdfjs/test/pdfs/issue12823.pdf",  # Chinese
    "robust/pdfminer/samples/zen_of_python_corrupted.pdf",  # rotated page
)
MAX_PAGES = 25  # per PDF, drawn at random
_TOKEN = re.compile(r"\w+")
_HYPHEN = re.compile("[-\u00ad\u2010\u2011\ufffe\u0002]\\s*")
_MARGIN = 0.5  # points around a box


@dataclass(slots=True)
class Score:
    """Counts over one PDF."""

    name: str
    num_spans: int = 0
    found: int = 0
    quoted: int = 0
    inside: int = 0
    read: int = 0
    printed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / self.quoted if self.quoted else 1.0

    @property
    def precision(self) -> float:
        return self.found / self.inside if self.inside else 1.0

    @property
    def page_recall(self) -> float:
        return self.read / self.printed if self.printed else 1.0

    def __iadd__(self, other: Score) -> Score:
        self.num_spans += other.num_spans
        self.found += other.found
        self.quoted += other.quoted
        self.inside += other.inside
        self.read += other.read
        self.printed += other.printed
        return self


@dataclass(slots=True)
class Print:
    """A page as pypdfium2 reads it: characters with their centres, as displayed, origin top left."""

    text: str
    characters: list[tuple[str, float, float]]


def tokens(text: str) -> list[str]:
    """Words in one normal form: compatibility characters resolved, hyphens and case dropped."""
    text = unicodedata.normalize("NFKC", _HYPHEN.sub("", text)).casefold()
    return [part for word in _TOKEN.findall(text) for part in _split_wide(word)]


def _split_wide(word: str) -> Iterator[str]:
    """Chinese and Japanese character by character: extractors disagree on where their words end."""
    if word.isascii():
        yield word
        return
    kept = ""
    for character in word:
        if unicodedata.east_asian_width(character) in "WF":
            if kept:
                yield kept
            yield character
            kept = ""
        elif not unicodedata.combining(character):
            kept += character
    if kept:
        yield kept


def read_print(page: Any) -> Print:
    """Read a pypdfium2 page."""
    text_page = page.get_textpage()
    left, bottom, right, top = page.get_cropbox()
    rotation = page.get_rotation()
    characters = []
    for index in range(text_page.count_chars()):
        character = text_page.get_text_range(index, 1)
        x0, y0, x1, y1 = text_page.get_charbox(index)
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        characters.append((character, *_displayed(x, y, (left, bottom, right, top), rotation)))
    return Print(text_page.get_text_range(), characters)


def _displayed(x: float, y: float, crop: Box, rotation: int) -> tuple[float, float]:
    left, bottom, right, top = crop
    return {
        0: (x - left, top - y),
        90: (y - bottom, x - left),
        180: (right - x, y - bottom),
        270: (top - y, right - x),
    }[rotation]


def random_span(page: Page, generator: random.Random) -> tuple[int, int]:
    """20 to 200 characters of a page from the start of a word to the end of one, inside one logical line."""
    lines = [line for line in page.lines if line.end - line.start >= 20]
    line = generator.choices(lines, [line.end - line.start for line in lines])[0]
    words = [word for word in page.words if line.start <= word.start and word.end <= line.end]
    first = generator.randrange(len(words))
    length = generator.randint(20, 200)
    last = first
    while last + 1 < len(words) and words[last + 1].end - words[first].start <= length:
        last += 1
    while first > 0 and words[last].end - words[first].start < 20:
        first -= 1
    return words[first].start, words[last].end


def boxes_of(page: Page, start: int, end: int) -> list[Word]:
    return [word for word in page.words if word.start < end and word.end > start]


def text_inside(printed: Print, words: Iterable[Word]) -> str:
    """The characters whose centres lie in the words' boxes, word by word."""
    text = ""
    last_end = -1
    for word in words:
        x0, y0, x1, y1 = word.box
        inside = "".join(
            character
            for character, x, y in printed.characters
            if x0 - _MARGIN <= x <= x1 + _MARGIN and y0 <= y <= y1 and not character.isspace()
        )
        text += inside if word.start == last_end else f" {inside}"
        last_end = word.end
    return text


def check_pdf(path: Path, num_spans: int, generator: random.Random) -> Score:
    """Draw `num_spans` quotes from up to MAX_PAGES pages of one PDF and check them."""
    score = Score(path.name)
    reading = PdfReading(path)
    chosen = set(generator.sample(range(1, reading.num_pages + 1), min(MAX_PAGES, reading.num_pages)))
    pages = [page for page in reading.pages("evaluation") if page.ref.number in chosen and page.text]
    other = pypdfium2.PdfDocument(path)
    prints = {page.ref.number: read_print(other[page.ref.number - 1]) for page in pages}
    for page in pages:
        _check_page(page, prints[page.ref.number], score)
    quotable = [page for page in pages if any(line.end - line.start >= 20 for line in page.lines)]
    for index in range(num_spans if quotable else 0):
        page = quotable[index % len(quotable)]
        _check_span(page, random_span(page, generator), prints[page.ref.number], score)
    return score


def _check_page(page: Page, printed: Print, score: Score) -> None:
    theirs, ours = Counter(tokens(printed.text)), Counter(tokens(page.text))
    missing = theirs - ours
    score.printed += theirs.total()
    score.read += theirs.total() - missing.total()
    if missing.total() > 0.02 * theirs.total():
        score.failures.append(f"page {page.ref.number} lacks {dict(missing.most_common(12))}")


def _check_span(page: Page, span: tuple[int, int], printed: Print, score: Score) -> None:
    start, end = span
    quoted = Counter(tokens(page.text[start:end]))
    inside = Counter(tokens(text_inside(printed, boxes_of(page, start, end))))
    found = (quoted & inside).total()
    score.num_spans += 1
    score.found += found
    score.quoted += quoted.total()
    score.inside += inside.total()
    if found < max(quoted.total(), inside.total()):
        score.failures.append(
            f"page {page.ref.number} {page.text[start:end][:80]!r}: "
            f"not inside {dict(quoted - inside)}, too much {dict(inside - quoted)}"
        )


def run(data: Path, num_spans: int, seed: int, *, is_verbose: bool = False) -> Score:
    """Print the table; returns the total."""
    generator = random.Random(seed)
    total = Score("total")
    print(f"{'PDF':44} {'spans':>5} {'recall':>7} {'precis.':>7} {'page':>7}")
    per_pdf = -(-num_spans // len(PDFS))
    for name in PDFS:
        score = check_pdf(data / name, min(per_pdf, num_spans - total.num_spans), generator)
        total += score
        _print_row(score)
        for failure in score.failures if is_verbose else ():
            print(f"    {failure}")
    _print_row(total)
    return total


def _print_row(score: Score) -> None:
    print(
        f"{score.name[:44]:44} {score.num_spans:5} {score.recall:7.4f} {score.precision:7.4f} "
        f"{score.page_recall:7.4f}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--spans", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    total = run(options.data, options.spans, options.seed, is_verbose=options.verbose)
    is_good = total.recall >= 0.99 and total.precision >= 0.95 and total.page_recall >= 0.99
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
