"""Measure tables as data on drawn ones: cells that are right, and pages without a table that are taken for one.

python -m catena.benchmarks.table_scores --tables 200 --others 80 [--peer]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pymupdf

from catena.benchmarks.drawn_tables import Drawn, draw, draw_none
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from catena.tables import find_tables

Cells = dict[tuple[int, int], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--others", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer", action="store_true", help="PyMuPDF's find_tables in place of ours.")
    arguments = parser.parse_args()
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    num_false: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, ParserPool(load_settings(home=Path(folder))) as pool:
        for seed in range(arguments.seed, arguments.seed + arguments.tables):
            drawn = draw(seed)
            found = peer_tables(drawn.document) if arguments.peer else own_tables(drawn, Path(folder), pool)
            assert drawn.truth is not None, "drawn with a table"
            truth, found = without_spaces(drawn.truth.cells), [without_spaces(cells) for cells in found]
            scored = exact_f1(truth, found), neighbour_f1(truth, found)
            for trait in ("all", *drawn.traits):
                scores[trait].append(scored)
        for seed in range(arguments.others):
            drawn = draw_none(seed)
            found = peer_tables(drawn.document) if arguments.peer else own_tables(drawn, Path(folder), pool)
            num_false[drawn.traits[0]] += bool(found)
    print("| | tables | cells right (F1) | neighbours right (F1) |\n| --- | --- | --- | --- |")
    for trait, pairs in scores.items():
        exact, near = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
        print(f"| {trait} | {len(pairs)} | {exact:.3f} | {near:.3f} |")
    print(
        f"pages taken for a table that have none: {sum(num_false.values())} of {arguments.others}: {dict(num_false)}"
    )


def own_tables(drawn: Drawn, folder: Path, pool: ParserPool) -> list[Cells]:
    """What Catena finds, as the library has it."""
    path = folder / "drawn.pdf"
    drawn.document.save(path)
    _, pages = pool.parse(path, document_id="d" * 64)
    return [{(cell.row, cell.column): cell.text for cell in table.cells} for table in find_tables(pages)]


def peer_tables(document: pymupdf.Document) -> list[Cells]:
    """What PyMuPDF finds; it joins no pages."""
    again = pymupdf.open(stream=document.tobytes())
    return [
        {
            (row, column): " ".join(text.split())
            for row, cells in enumerate(table.extract())
            for column, text in enumerate(cells)
            if text and text.strip()
        }
        for page in again.pages()
        for table in page.find_tables().tables
    ]


def without_spaces(cells: Cells) -> Cells:
    """PyMuPDF's tables lose the spaces between words that were drawn one by one: that is not what is measured."""
    return {at: "".join(text.split()) for at, text in cells.items()}


def exact_f1(truth: Cells, found: list[Cells]) -> float:
    """Cells with the same text in the same row and column of the table that has most of them; the others are wrong."""
    best = max((len(truth.items() & cells.items()) for cells in found), default=0)
    return _f1(best, len(truth), sum(map(len, found)))


def neighbour_f1(truth: Cells, found: list[Cells]) -> float:
    """Pairs of texts that stand side by side or one above the other (ICDAR 2013), wherever the table begins."""
    own = Counter(_neighbours(truth))
    other = Counter(pair for cells in found for pair in _neighbours(cells))
    return _f1(sum((own & other).values()), sum(own.values()), sum(other.values()))


def _neighbours(cells: Cells) -> Iterator[tuple[str, str, str]]:
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    for row, column in cells:
        right = next(
            (cells[row, other] for other in columns if other > column and (row, other) in cells), None
        )
        below = next(
            (cells[other, column] for other in rows if other > row and (other, column) in cells), None
        )
        yield from [("right", cells[row, column], right)] if right is not None else []
        yield from [("below", cells[row, column], below)] if below is not None else []


def _f1(right: int, wanted: int, given: int) -> float:
    return 2 * right / (wanted + given) if wanted + given else 1.0


if __name__ == "__main__":
    main()
