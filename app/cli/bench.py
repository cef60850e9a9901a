"""`catena bench`: how fast it is on this machine, as tables in Markdown.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catena.app.process_border import require_checkout, say

bench = typer.Typer(
    help="Measure speed on this machine; prints Markdown tables (in a checkout).",
    no_args_is_help=True,
    callback=require_checkout,
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A PDF.")]
Runs = Annotated[int, typer.Option(min=1, help="How often each is measured.")]


@bench.command("help")
def help_(runs: Runs = 10) -> None:
    """Time `catena --help`."""
    from catena.benchmarks import speed, timing

    say(timing.table(speed.help_rows(runs)))


@bench.command()
def add(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="PDFs.")], runs: Runs = 3
) -> None:
    """Compare `add` with bare `get_text("words")`, pages a second."""
    from catena.benchmarks import speed, timing

    say(timing.table(speed.add_rows(files, runs)))


@bench.command()
def start(
    file: File,
    question: Annotated[str, typer.Option(help="What is asked first.")] = "What is this document about?",
    runs: Runs = 3,
) -> None:
    """Time the first cited answer from a PDF, from no process and an empty library."""
    from catena.benchmarks import speed, timing

    say(timing.table(speed.start_rows(file, question, runs)))


@bench.command()
def question(
    file: File,
    ask: Annotated[list[str] | None, typer.Option(help="A question; repeatable.")] = None,
) -> None:
    """Time the next questions, with no vectors and with all of them."""
    from catena.benchmarks import speed, timing

    say(timing.table(speed.question_rows(file, ask or speed.QUESTIONS)))


@bench.command()
def scale(
    source: Annotated[Path, typer.Option(exists=True, help="Library that passages are drawn from.")],
    home: Annotated[Path, typer.Option(help="Folder of the made library; kept for the next run.")],
    data: Annotated[Path, typer.Option(exists=True, help="Folder with questions.jsonl.")],
    passages: Annotated[int, typer.Option(min=1000, help="How many.")] = 500_000,
    questions: Annotated[int, typer.Option(min=2, help="How many.")] = 200,
) -> None:
    """Ask a library of many passages, drawn from a real one: words, meaning, both; and where the time goes."""
    from catena.benchmarks import scale, timing

    say(f"built in {scale.build(source, home, passages):.0f} s", is_flushed=True)
    say(timing.table(scale.rows(home, scale.questions(data, questions))))


@bench.command()
def ui(
    book: File,
    home: Annotated[Path, typer.Option(help="Folder of the library asked; kept for the next run.")],
    visitors: Annotated[
        int, typer.Option(min=0, help="How many come and go before memory is looked at.")
    ] = 200,
    runs: Runs = 5,
) -> None:
    """Time the pages in a real browser, on the last 350 pages of a book; 500 are added meanwhile."""
    from catena.benchmarks import page_speed as pages
    from catena.benchmarks import timing

    say(timing.table(pages.rows(book, home, visitors=visitors, runs=runs)))


@bench.command()
def server(
    askers: Annotated[int, typer.Option(min=1, max=200, help="Who ask at once.")] = 50,
    uploads: Annotated[int, typer.Option(min=2, max=80, help="Files that are added meanwhile.")] = 20,
    questions: Annotated[int, typer.Option(min=1, help="Of each asker, one after the other.")] = 4,
) -> None:
    """Let many ask and add over HTTP at once: seconds, errors, what is lost or told to somebody else."""
    from catena.benchmarks import server_load, timing

    say(timing.table(server_load.rows(askers, uploads, questions)))
