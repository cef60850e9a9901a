"""Answers without a model: quotes of stories, numbers of tables.

catena eval answers fairytaleqa [--data ../shared/data] [--half held-out]
catena eval answers numbers --home FOLDER [--data ../shared/data] [--fill] [--verbose]
catena eval answers tables [--number 200] [--verbose]

`numbers` keeps its documents in --home for the next run; with --fill all vectors are made first (100%), without
it every question starts with none (0%). A story and a generated table are embedded in full by their first question.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from catena.benchmarks import fairytales
from catena.benchmarks.drawn_cells import HELD_OUT, SEEN, drawn_questions
from catena.benchmarks.figures import (
    SETS,
    FigureQuestion,
    GivenPages,
    Named,
    Number,
    ask_with,
    measure_figures,
    read_figure_questions,
    to_markdown,
)
from catena.benchmarks.generated_tables import write_tables
from catena.benchmarks.retrieval import ColdShelf
from catena.client import Catena
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.vector_jobs import fill
from catena.settings import load_settings
from catena.types import Answer


def measure_numbers(catena: Catena, data: Path, name: str, *, filled: bool) -> list[Named]:
    """A set's questions that one cell answers, or cells drawn at random: the whole way, and with the page given."""
    drawn = {"drawn cells, seen": SEEN, "drawn cells, held out": HELD_OUT}
    asked = list(drawn_questions(drawn[name]) if name in drawn else read_figure_questions(data, catena, name))
    ids = {one.file: catena.add(data / one.file).id for one in asked}
    if filled:
        for document_id in ids.values():
            fill(catena.library, catena.embedder, document_id)

    def whole_way(question: FigureQuestion) -> Answer:
        shelf = catena.library if filled else ColdShelf(catena.library)
        retriever = HybridRetriever(shelf, catena.embedder)
        return ask_with(catena, retriever, question.text, ids[question.file])

    def page_given(question: FigureQuestion) -> Answer:
        return ask_with(catena, GivenPages(catena, question.pages), question.text, ids[question.file])

    share = "100%" if filled else "0%"
    return [
        measure_figures(f"{name}, whole way, {share} of vectors", asked, whole_way),
        measure_figures(f"{name}, page given", asked, page_given),
    ]


def measure_tables(catena: Catena, num_tables: int) -> Named:
    """Tables printed for the purpose, a document and a question each, the whole way."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [
            FigureQuestion(path.stem, one.question, str(path), Number(one.value, one.unit, 1.0, 0.5), (2,))
            for path, one in write_tables(Path(folder), num_tables)
        ]
        return measure_figures(
            "generated tables",
            asked,
            lambda question: catena.ask(question.text, documents=[catena.add(question.file)]),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["fairytaleqa", "numbers", "tables"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, help="keep the documents here")
    parser.add_argument("--half", choices=get_args(fairytales.Half), default="held-out")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--verbose", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        settings = load_settings(home=options.home or temporary, background=False)
        with Catena(settings=settings) as catena:
            for text in _reports(catena, options):
                print(text, flush=True)


def _reports(catena: Catena, options: argparse.Namespace) -> Iterator[str]:
    if options.what == "fairytaleqa":
        stories = fairytales.read_stories(options.data, options.half)
        yield fairytales.to_markdown(fairytales.measure_quotes(catena, stories))
        return
    rows: Sequence[Named]
    if options.what == "tables":
        rows = [measure_tables(catena, options.number)]
    else:
        rows = [
            row
            for name in (*SETS, "drawn cells, seen", "drawn cells, held out")
            for row in measure_numbers(catena, options.data, name, filled=options.fill)
        ]
    yield to_markdown(rows)
    if options.verbose:
        yield "\n".join(f"{row.name}: {failure}" for row in rows for failure in row.failures)


if __name__ == "__main__":
    main()
