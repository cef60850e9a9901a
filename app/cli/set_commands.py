"""Sets of questions: make one, have systems answer it, rank the systems, and export it for others.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catena.app.cli.shared_options import ApiBase, Home, Json, MaxCost, Model
from catena.app.process_border import print_json, say
from catena.bookqa.item_slots import parse_kinds
from catena.errors import OptionError
from catena.files.atomic_files import write_file

if TYPE_CHECKING:
    from catena.bookqa.arena import Ranking
    from catena.bookqa.set_cost import Estimate

Concurrency = Annotated[int, typer.Option(min=1, help="Model calls at once.")]
Engine = Annotated[
    Literal["local", "ray"],
    typer.Option(help="This process, or the machines of a Ray cluster (extra `ray`)."),
]


def generate(
    out: Annotated[Path, typer.Option("--out", "-o", help="The set, an item a line.")],
    books: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, or documents of the library.")
    ] = None,
    within: Annotated[
        str | None,
        typer.Option("--in", metavar="NAME", help="About all documents of a collection or a filter, too."),
    ] = None,
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
        found = catena.documents(within) if within else []
        books = [*(books or ()), *(one.id for one in found if one.is_readable)]
        say(estimate_set(catena, order, len(book_names(books))).line(), is_error=True)
        report = generate_set(catena, books, order, out, options, progress.on_progress)
    if as_json:
        print_json(asdict(report), indent=None)
    else:
        say("\n".join(report.lines()))
    say(f"{out}: {report.num_items} items", is_error=True)
    raise typer.Exit(1 if report.failures else 0)


SetFile = Annotated[Path, typer.Argument(help="The set, as `catena generate` makes it.")]


def answer(
    set_file: SetFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the answers, a file a system.")],
    systems: Annotated[
        str,
        typer.Option(
            help="Any of none (the model without the book), retrieve, full, chain, kv, embedded, embedded-chain, "
            "bm25, longest; with a model of its own: chain@MODEL."
        ),
    ] = "embedded,bm25",
    model: Model = None,
    api_base: ApiBase = None,
    concurrency: Concurrency = 8,
    max_cost: MaxCost = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Have systems answer a set about books of the library, with citations.

    Says first what the models will take. Killed, the same command goes on where it was.
    """
    from dataclasses import asdict

    from catena.app.cli.progress_bars import Counted
    from catena.arena_cost import estimate_answers
    from catena.arena_runs import AnswerOptions, answer_set
    from catena.client import Catena
    from catena.settings import load_settings

    settings = load_settings(home=home, model=model, api_base=api_base)
    settings = settings.with_concurrency(concurrency)
    names = [name.strip() for name in systems.split(",") if name.strip()]
    options = AnswerOptions(settings.model, concurrency, max_cost)
    with Catena(settings=settings) as catena, Counted("answers", is_shown=not as_json) as counted:
        print_estimates(estimate_answers(catena, set_file, names, out, options))
        found = answer_set(catena, set_file, names, out, options, counted.on_end)
    if as_json:
        print_json([{**asdict(one), "path": str(one.path)} for one in found], indent=None)
    for one in () if as_json else found:
        cost = "" if one.usage.cost_usd is None else f", ${one.usage.cost_usd:.2f}"
        say(f"{one.path}: {one.num} of {one.num_items} answered, {one.usage.calls} model calls{cost}")
        for failure in one.failures:
            say(f"  failed: {failure.key}: {failure.message} {failure.remedy}".rstrip(), is_error=True)
    raise typer.Exit(1 if any(one.failures for one in found) else 0)


def arena(
    runs: Annotated[Path, typer.Argument(help="Folder of answers, as `catena answer` makes it.")],
    judge: Annotated[
        list[str] | None,
        typer.Option(help="A LiteLLM model, or rules (gold evidence and overlap of words); repeatable."),
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Games at most; they go where the order is least certain.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="A picture, .png (extra `plots`) or .html (default: RUNS/arena.html).")
    ] = None,
    api_base: ApiBase = None,
    concurrency: Concurrency = 8,
    max_cost: MaxCost = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Rank systems: every two are compared on every question, in both orders.

    Says first what judges that are models will take. Killed, the same command goes on where it was. People's votes of
    the page's view "Compare" are compared with the judges.
    """
    from catena.app.cli.progress_bars import Counted
    from catena.arena_cost import estimate_games
    from catena.arena_runs import RULES, ArenaOptions, judge_runs
    from catena.bookqa.arena import to_json
    from catena.bookqa.arena_page import to_html, write_png
    from catena.client import Catena
    from catena.settings import load_settings

    plot = plot or runs / "arena.html"
    if plot.suffix not in (".png", ".html"):
        raise OptionError(f"{plot.name} is neither .png nor .html.", "Name the picture so.")
    settings = load_settings(home=home, api_base=api_base)
    settings = settings.with_concurrency(concurrency)
    with Catena(settings=settings) as catena, Counted("games", is_shown=not as_json) as counted:
        judges = judge or [RULES]
        print_estimates(estimate_games(catena, runs, judges, budget))
        options = ArenaOptions(budget, concurrency, max_cost)
        rankings = judge_runs(catena, runs, judges, options, counted.on_end)
    if plot.suffix == ".png":
        write_png(rankings, plot)
    else:
        write_file(plot, to_html(rankings).encode())
    if as_json:
        say("[" + ",\n".join(map(to_json, rankings)) + "]")
    else:
        print_rankings(rankings)
    say(f"Wrote {plot}", is_error=True)


def export(
    set_file: SetFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the file and its data card.")],
    format: Annotated[str, typer.Option(help="messages, dpo, squad, ragas, lciteeval or longbench.")],
    runs: Annotated[
        Path | None, typer.Option(help="Folder of answers that an arena has judged: dpo needs it.")
    ] = None,
    judge: Annotated[str, typer.Option(help="Whose verdicts dpo takes.")] = "rules",
    licence: Annotated[str | None, typer.Option(help="Licence of the books, for the data card.")] = None,
    home: Home = None,
) -> None:
    """Write a set in a standard form that Hugging Face `datasets` loads, with a data card."""
    from catena.arena_runs import export_set
    from catena.bookqa.export import FORMATS
    from catena.client import Catena

    chosen = next((one for one in FORMATS if one == format), None)
    if chosen is None:
        raise OptionError(f"There is no format {format!r}.", f"Take one of: {', '.join(FORMATS)}.")
    with Catena(home) as catena:
        num = export_set(catena, set_file, chosen, out, runs=runs, judge=judge, licence=licence)
    say(f"{out}: {num} records")


def print_estimates(found: Mapping[str, Estimate]) -> None:
    """Print the cost of each system or judge, on the error stream."""
    for name, estimate in found.items():
        say(f"{name}: {estimate.line()}", is_error=True)


def print_rankings(rankings: list[Ranking]) -> None:
    """A table a judge, and how far judges say the same."""
    from rich.table import Table

    from catena.app.cli.console import HarmlessConsole, marked  # Rich, where it is shown alone
    from catena.bookqa.arena_page import agreement_lines, caption, win_shares

    console = HarmlessConsole()
    for ranking in rankings:
        table = Table(box=None, pad_edge=False)
        table.add_column("")
        heads = (
            "strength",
            "95% interval",
            "won",
            "tied",
            "lost",
            *map(str, range(1, len(ranking.standings) + 1)),
        )
        for head in heads:
            table.add_column(head, justify="right")
        shares = win_shares(ranking)
        for number, (one, row) in enumerate(zip(ranking.standings, shares, strict=True), 1):
            strength = one.strength
            table.add_row(
                f"{number} {marked(one.system)}",
                f"{strength.value:+.2f}",
                f"{strength.low:+.2f} to {strength.high:+.2f}",
                *map(str, (one.wins, one.ties, one.losses)),
                *("" if cell is None else f"{cell:.0%}" for cell in row),
            )
        console.print(table)
        console.print(f"[dim]{marked(caption(ranking))}[/]")
    for line in agreement_lines(rankings):
        console.print(f"[dim]{marked(line)}[/]")
