"""Arguments and options that several sub-commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from catena.errors import OptionError


def _home(given: str) -> Path:
    if not given.strip():
        raise typer.BadParameter("It names no folder; leave it out for $CATENA_HOME.")
    return Path(given)


Home = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the library (default: $CATENA_HOME).",
        show_default=False,
        parser=_home,
        metavar="PATH",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PasswordFile = Annotated[Path | None, typer.Option(help="File whose first line is the password.")]
DocumentName = Annotated[str, typer.Argument(help="Id, unique prefix, title or path.")]
Documents = Annotated[
    list[str] | None,
    typer.Option("--doc", help="Id, unique prefix, title or path (a path is added first); repeatable."),
]
Version = Annotated[
    int | None,
    typer.Option(
        "--version", min=1, help="Version of the document, 1 the first (see `catena ls --versions`)."
    ),
]

Within = Annotated[
    str | None,
    typer.Option(
        "--in",
        metavar="NAME",
        help='Of a collection, or a filter, as "title:10-K year:2022"; not with --doc.',
    ),
]
Collections = Annotated[
    list[str] | None, typer.Option("--in", metavar="NAME", help="Put it into a collection; repeatable.")
]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Give it a tag; repeatable.")]

Model = Annotated[str | None, typer.Option(help="LiteLLM model (default: the embedded reader).")]
SmallModel = Annotated[
    str | None, typer.Option(help="Model for workers and demonstrations (default: the answering one).")
]
ApiBase = Annotated[
    str | None, typer.Option(metavar="URL", help="OpenAI-compatible server that serves the model.")
]
MaxCost = Annotated[
    float | None, typer.Option(metavar="USD", min=0.0, help="Stop before model calls cost more.")
]
MaxCalls = Annotated[int | None, typer.Option(min=0, help="Stop before more model calls.")]
MaxTokens = Annotated[int | None, typer.Option(min=0, help="Stop before models read and write more tokens.")]
MaxReplyTokens = Annotated[
    int | None,
    typer.Option(min=64, help="Room for each reply of a model; one that thinks first needs 4000 or more."),
]
MaxSeconds = Annotated[float | None, typer.Option(min=0.0, help="Stop after so long.")]
Paths = Annotated[
    Literal["1", "2", "5"], typer.Option(help="In how many orders a chain reads, at the same time.")
]

Demos = Annotated[
    Literal["0", "3", "5"], typer.Option(help="Questions about other passages that are shown answered first.")
]
Rewrite = Annotated[bool, typer.Option("--rewrite", help="Let the model search in other words, too.")]
KVPolicy = Annotated[
    str,
    typer.Option("--kv-policy", help="Strategy kv: which KV pages the model sees, as quest, retro, full."),
]
KVBudget = Annotated[
    float | None,
    typer.Option(
        "--kv-budget", min=0.0, max=1.0, help="Strategy kv: the share of the document that it sees."
    ),
]
Check = Annotated[
    Literal["code", "model"], typer.Option(help="Who marks how far each statement is supported.")
]
Words = Annotated[
    int, typer.Option(min=1, metavar="N", help="Words that the embedded reader quotes at most.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what the question will take, and call no model.")
]
CiteStyle = Literal["apa", "mla", "chicago", "bibtex", "csl"]
Cite = Annotated[
    CiteStyle | None, typer.Option(help="Print the references of what is quoted, too (extra `references`).")
]
Thread = Annotated[str | None, typer.Option(metavar="NAME", help="Conversation to begin or go on with.")]
Follow = Annotated[bool, typer.Option("--follow", help="Go on with the last conversation.")]
Stream = Annotated[
    bool, typer.Option("--stream", help="Show what is done as it is done; with --json, a line an event.")
]


def read_password(file: Path | None) -> str | None:
    """Read the first line of a password file. Raises OptionError."""
    if file is None:
        return None
    try:
        return file.read_text().split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"The password file {file} cannot be read: {error}.", "Check its path.") from error
