"""`catena eval`: how good are pages, answers and citations, on public questions."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

measure = typer.Typer(
    name="eval", no_args_is_help=True, help="Measure quality on public questions and documents."
)

MODULES = {
    "retrieval": "Is the right page found? Beside simple peers.",
    "answers": "Does the embedded reader's answer stand in its quotes? Does it name the right number?",
    "spans": "Do the boxes of quotes lie where a second extractor sees the words?",
    "robust": "Are hostile files read or refused with a reason?",
    "kills": "Is nothing lost or doubled when a writing process is killed?",
}
"""Measurements that read their own options: `catena.evaluation.NAME` with a `main`."""


def _hang_in(name: str, about: str) -> None:
    """Make `catena.evaluation.NAME` the sub-command NAME; it gets the arguments and is imported when it runs."""

    @measure.command(
        name,
        help=about,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def run(context: typer.Context) -> None:
        sys.argv = [f"catena eval {name}", *context.args]
        main = import_module(f"catena.evaluation.{name}").main
        raise typer.Exit(main() or 0)


for _name, _about in MODULES.items():
    _hang_in(_name, _about)
