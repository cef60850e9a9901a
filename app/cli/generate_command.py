"""Whole shelves of books: sets of questions, made in batches that go on where they were killed.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from catena.app.cli.shared_options import ApiBase, Home, Json, MaxCost, Model
from catena.app.process_border import print_json, say
from catena.bookqa.item_slots import parse_kinds

Concurrency = Annotated[int, typer.Option(min=1, help="Model calls at once.")]
Engine = Annotated[
    Literal["local", "ray"],
    typer.Option(help="This process, or the machines of a Ray cluster (extra `ray`)."),
]


def generate(
    books: Annotated[list[str], typer.Argument(help="Files, folders, or documents of the library.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The set, an item a line.")],
    num: Annotated[int, typer.Option("--num", "-n", min=1, help="Questions about each book.")] = 200,
    kinds: Annotated[
        str | None,
        typer.Option(
            help="Of arc,consequence,order,comparison,number,facts,local,unanswerable (default: all; with no model "
            "what rules make: order,local)."
        ),
    ] = None,
    model: Model = None,
    api_base: ApiBase = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another set.")] = 1,
    concurrency: Concurrency = 8,
    max_cost: MaxCost = None,
    engine: Engine = "local",
    ray_address: Annotated[
        str | None, typer.Option(help="A running cluster (default: one on this machine).")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make questions and answers about whole books, each answer with quotes that code has found in the book.

    A model writes them (--model, or CATENA_MODEL); "--model none" makes gap and order questions by rule. Killed, the
    same command goes on where it was.
    """

    from catena.app.cli.progress_bars import BatchProgress
    from catena.bookqa.book_set_runs import GenerateOptions, book_names, estimate_set
    from catena.bookqa.book_set_runs import generate as generate_set
    from catena.bookqa.generator import NO_MODEL, Order
    from catena.bookqa.rule_questions import KINDS
    from catena.client import Catena
    from catena.settings import load_settings

    settings = load_settings(home=home, model=None if model == NO_MODEL else model, api_base=api_base)
    named = NO_MODEL if model == NO_MODEL else settings.model or NO_MODEL
    chosen = KINDS if named == NO_MODEL and kinds is None and model else parse_kinds(kinds)
    order = Order(num, chosen, seed, named)
    options = GenerateOptions(concurrency, max_cost, engine, ray_address)
    with Catena(settings=settings) as catena, BatchProgress(is_shown=not as_json) as progress:
        say(estimate_set(catena, order, len(book_names(books))).line(), is_error=True)
        report = generate_set(catena, books, order, out, options, progress.on_progress)
    if as_json:
        print_json(asdict(report), indent=None)
    else:
        say("\n".join(report.lines()))
    say(f"{out}: {report.num_items} items", is_error=True)
    raise typer.Exit(1 if report.failures else 0)
