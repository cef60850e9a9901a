"""The `catena` command: wiring and exit codes. Each sub-command imports what it needs when it runs."""

from __future__ import annotations

import sys
from enum import IntEnum
from importlib.metadata import version
from typing import Annotated

import typer

from catena.app.cli import (
    ask,
    bench,
    collection_commands,
    document_commands,
    eval_command,
    figure_command,
    folder_commands,
    local_models,
    model_command,
    reference_commands,
    server_commands,
    set_commands,
    table_command,
    ui_command,
    upkeep,
    version_commands,
)
from catena.app.process_border import guarded, prepare_streams, say
from catena.errors import DISTRIBUTION, CatenaError, Stopped


class ExitCode(IntEnum):
    ANSWERED = 0
    FAILED = 1
    USAGE = 2
    NOT_IN_DOCUMENT = 3
    STOPPED = 4
    REFUSED = 5


cli = typer.Typer(
    name="catena",
    help="Ask long documents, and get every sentence proved by page, quote and box.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 answered, 1 failed, 2 usage, 3 not in the document, 4 stopped, 5 refused by the model, "
    "130 Ctrl-C.",
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        say(f"catena {version(DISTRIBUTION)}")
        raise typer.Exit


@cli.callback()
def root(
    is_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Ask long documents, and get every sentence proved by page, quote and box."""


for command in (
    document_commands.add,
    document_commands.ls,
    document_commands.show,
    figure_command.figures,
    table_command.tables,
    document_commands.rm,
    reference_commands.meta,
    reference_commands.export_references,
    reference_commands.import_references,
    folder_commands.sync,
    folder_commands.watch,
    version_commands.diff,
    version_commands.recheck,
    ask.ask,
    ask.search,
    ask.history,
    ask.threads,
    ask.runs,
    ask.resume,
    set_commands.generate,
    set_commands.answer,
    set_commands.arena,
    set_commands.export,
    upkeep.reindex,
    upkeep.doctor,
    upkeep.backup,
    upkeep.restore,
    upkeep.config,
    ui_command.ui,
    server_commands.serve,
    server_commands.mcp,
    local_models.serve_model,
    local_models.train_retriever,
):
    cli.command()(command)
# -b takes a tag, and is no option.
no_options = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
cli.command(context_settings=no_options)(collection_commands.tag)
cli.add_typer(collection_commands.collection, name="collection")
cli.add_typer(eval_command.measure)
cli.add_typer(bench.bench, name="bench")
cli.add_typer(model_command.model, name="model")


def main() -> None:
    """Run the command line; errors become one line, a remedy and an exit code."""
    prepare_streams()
    guarded(
        cli, lambda error: _fail(error, ExitCode.STOPPED if isinstance(error, Stopped) else ExitCode.FAILED)
    )


def _fail(error: CatenaError, code: ExitCode) -> None:
    say(f"error: {error.message}", is_error=True)
    if error.remedy:
        say(f"       {error.remedy}", is_error=True)
    sys.exit(code)
