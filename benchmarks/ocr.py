"""Quality of reading scans: pages with text are printed to pictures, recognised, and compared with their own text.

    catena eval ocr [--data ../shared/data] [--pages 8] [--dpi 200] [--noise 12] [--seed 1]

A row a document: recall and precision of words, how much of a recognised word's box lies inside the printed word's,
and pages a second. The picture goes the whole way of `catena add`; one more row is a page typeset on the spot.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import pymupdf
from rich.console import Console
from rich.table import Table

from catena.ingest.ocr.text_recognition import INSTALL, engine
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import Settings, load_settings
from catena.types import Box, Page

PDFS = (
    "financebench/pdfs/3M_2018_10K.pdf",
    "financebench/pdfs/AMAZON_2019_10K.pdf",
    "financebench/pdfs/MGMRESORTS_2022Q4_EARNINGS.pdf",
    "mmlongbench-doc/data/documents/2023.acl-long.386.pdf",  # two columns
    "mmlongbench-doc/data/documents/2312.10997v5.pdf",  # two columns, figures
    "mmlongbench-doc/data/documents/ISEP_student_handbook_2020.pdf",
    "mmlongbench-doc/data/documents/PG_2020.03.09_US-Germany_FINAL.pdf",  # survey with charts
    "mmlongbench-doc/data/documents/User_Manual_1500S_Classic_EN.pdf",  # manual
    "mmlongbench-doc/data/documents/Independents-Report.pdf",
)
BOOK = Path(__file__).resolve().parent.parent / "examples" / "jargon.txt"
MIN_WORDS = 40  # fewer on a page are a title or a picture's caption
_INSIDE = 0.8
_EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, slots=True)
class Result:
    """One document: words printed, recognised, and in both; `inside` the share of a box, a value for each match."""

    name: str
    num_pages: int
    num_printed: int
    num_recognised: int
    num_found: int
    inside: list[float]
    seconds: float


def measure(pool: ParserPool, path: Path, options: argparse.Namespace, folder: Path) -> Result:
    """Print some pages of a document, recognise them, and compare."""
    _, pages = pool.parse(path, document_id="a" * 64)
    readable = [page for page in pages if len(page.words) >= MIN_WORDS and page.source == "text"]
    chosen = random.Random(options.seed).sample(readable, min(options.pages, len(readable)))
    scan = folder / f"{path.stem}.pdf"
    with pymupdf.open() as document:
        for page in chosen:
            image = pool.render(
                path, page.ref.number, kind="pdf" if path.suffix == ".pdf" else "text", dpi=options.dpi
            )
            sheet = document.new_page(width=page.width, height=page.height)
            sheet.insert_image(sheet.rect, stream=_photographed(image, options.noise, options.seed))
        document.save(scan, deflate=True)
    begin = time.perf_counter()
    _, recognised = pool.parse(scan, document_id=f"{abs(hash(path.stem)):064}"[:64])
    seconds = time.perf_counter() - begin
    compared = [compare(one, other) for one, other in zip(chosen, recognised, strict=True)]
    return Result(
        path.name,
        len(chosen),
        sum(len(_words(page)) for page in chosen),
        sum(len(_words(page)) for page in recognised),
        sum(len(inside) for inside in compared),
        [share for inside in compared for share in inside],
        seconds,
    )


def compare(printed: Page, recognised: Page) -> list[float]:
    """Pair equal words, the nearest first; return for each pair how much of the second box the first holds."""
    places: dict[str, list[Box]] = defaultdict(list)
    for text, box in _words(recognised):
        places[text].append(box)
    shares = []
    for text, box in _words(printed):
        if places[text]:
            nearest = min(places[text], key=lambda other: _distance(box, other))
            places[text].remove(nearest)
            shares.append(_share_inside(nearest, box))
    return shares


def _words(page: Page) -> list[tuple[str, Box]]:
    """Words without the punctuation around them; rules, bullets and dots are none."""
    words = [(_EDGES.sub("", page.text[word.start : word.end]), word.box) for word in page.words]
    return [(text, box) for text, box in words if text]


def _distance(one: Box, other: Box) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _share_inside(inner: Box, outer: Box) -> float:
    both = pymupdf.Rect(inner) & pymupdf.Rect(outer)
    return 0.0 if both.is_empty else both.get_area() / max(pymupdf.Rect(inner).get_area(), 1e-6)


def _photographed(image: bytes, noise: float, seed: int) -> bytes:
    """The picture in grey, with the noise of a scanner's sensor (standard deviation, of 255)."""
    picture = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.Pixmap(image))
    pixels = np.frombuffer(picture.samples, np.uint8).astype(np.float32)
    pixels += np.random.default_rng(seed).normal(0, noise, pixels.shape)
    grey = pixels.clip(0, 255).astype(np.uint8).tobytes()
    data: bytes = pymupdf.Pixmap(pymupdf.csGRAY, picture.width, picture.height, grey, False).tobytes("png")
    return data


def table_of(results: Sequence[Result]) -> Table:
    table = Table("document", "pages", "words", "recall", "precision", "box inside", "boxes ≥ 0.8", "pages/s")
    for result in [*results, _sum(results)]:
        table.add_row(
            result.name,
            str(result.num_pages),
            str(result.num_printed),
            f"{result.num_found / max(result.num_printed, 1):.3f}",
            f"{result.num_found / max(result.num_recognised, 1):.3f}",
            f"{mean(result.inside or [0.0]):.3f}",
            f"{mean([share >= _INSIDE for share in result.inside] or [0.0]):.3f}",
            f"{result.num_pages / result.seconds:.2f}",
        )
    return table


def _sum(results: Sequence[Result]) -> Result:
    return Result(
        "all",
        sum(result.num_pages for result in results),
        sum(result.num_printed for result in results),
        sum(result.num_recognised for result in results),
        sum(result.num_found for result in results),
        [share for result in results for share in result.inside],
        sum(result.seconds for result in results),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pages", type=int, default=8, help="of each document, drawn at random")
    parser.add_argument("--dpi", type=int, default=200, help="sharpness of the printed pictures")
    parser.add_argument("--noise", type=float, default=12.0, help="of the scanner, standard deviation of 255")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    console = Console()
    if not engine():
        console.print(f"Text recognition is not installed: {INSTALL}", markup=False)
        return 2
    paths = [path for name in PDFS if (path := options.data / name).is_file()]
    with tempfile.TemporaryDirectory() as folder, ParserPool(_settings(folder)) as pool:
        results = [measure(pool, path, options, Path(folder)) for path in [BOOK, *paths]]
    console.print(table_of(results))
    return 0


def _settings(folder: str) -> Settings:
    return load_settings(home=Path(folder), parser_seconds=120.0)


if __name__ == "__main__":
    sys.exit(main())
