"""Arguments and options that several sub-commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catena.errors import OptionError

Home = Annotated[
    Path | None, typer.Option(help="Folder of the library (default: $CATENA_HOME).", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PasswordFile = Annotated[Path | None, typer.Option(help="File whose first line is the password.")]
DocumentName = Annotated[str, typer.Argument(help="Id, unique prefix, title or path.")]
Documents = Annotated[
    list[str] | None,
    typer.Option("--doc", help="Id, unique prefix, title or path (a path is added first); repeatable."),
]


def read_password(file: Path | None) -> str | None:
    """Read the first line of a password file. Raises OptionError."""
    if file is None:
        return None
    try:
        return file.read_text().split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"The password file {file} cannot be read: {error}.", "Check its path.") from error
