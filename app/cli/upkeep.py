"""`catena reindex`, `doctor`, `backup`, `restore` and `config`.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from catena.app.cli.shared_options import Home, Json, PasswordFile, read_password
from catena.app.process_border import print_json, say
from catena.health import Health


def reindex(
    documents: Annotated[list[str] | None, typer.Argument(help="Documents; none: all of them.")] = None,
    password_file: PasswordFile = None,
    home: Home = None,
) -> None:
    """Parse kept originals again, after an update of the parser or another embedder."""
    from catena.app.cli.terminal import print_documents
    from catena.client import Catena

    password = read_password(password_file)
    with Catena(home) as catena:
        found = (
            [catena.document(name) for name in documents] if documents else catena.documents(versions=True)
        )
        done = [catena.reindex(document, password=password) for document in found]
    print_documents(done, {})
    if any(not document.is_readable for document in done):
        raise typer.Exit(1)


def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    backup_folder: Annotated[
        Path | None, typer.Option("--verify", help="Check this backup instead of the library.")
    ] = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Check checksums, hashes, indexes and what protects this machine from documents."""
    from catena.app.cli.terminal import print_health
    from catena.client import Catena
    from catena.healing import examine
    from catena.settings import load_settings

    if backup_folder is not None:
        from catena.library.backup import verify

        health = Health((("backup", str(backup_folder)),), tuple(verify(backup_folder)), ())
    else:
        settings = load_settings(home=home)
        health = examine(settings, lambda settings: Catena(settings=settings), repair=repair)
    if as_json:
        print_json(health.to_json())
    else:
        print_health(health)
    if health.problems:
        raise typer.Exit(1)


def backup(
    destination: Annotated[Path, typer.Argument(help="A new folder.")],
    is_copied: Annotated[bool, typer.Option("--copy", help="Share no file with the library.")] = False,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Keep the library in another folder, while others write to it."""
    from catena.library.backup import backup as keep
    from catena.settings import load_settings

    done = keep(load_settings(home=home).home, destination, is_copied=is_copied)
    if as_json:
        print_json({**asdict(done), "folder": str(done.folder)})
    else:
        linked = f", {done.num_linked} originals linked" if done.num_linked else ""
        say(f"Kept {done.num_files} files ({done.num_bytes / 1e6:.1f} MB{linked}) in {done.folder}.")
        for document_id in done.missing:
            say(f"Not kept: the original of {document_id[:12]} is damaged or gone; see catena doctor.")
    if done.missing:
        raise typer.Exit(1)


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that `catena backup` made.")],
    is_replaced: Annotated[
        bool, typer.Option("--replace", help="Put the library that is there into lost+found.")
    ] = False,
    home: Home = None,
) -> None:
    """Make a backup the library, once it is found to be whole."""
    from catena.library.backup import restore as put_back
    from catena.settings import load_settings

    done = put_back(source, load_settings(home=home).home, replace=is_replaced)
    say(f"Restored {done.num_files} files ({done.num_bytes / 1e6:.1f} MB) to {done.folder}.")


def config(as_json: Json = False, home: Home = None) -> None:
    """Show every setting with its value."""
    from catena.app.cli.terminal import print_settings
    from catena.settings import CONFIG_FILE, load_settings, public_settings

    settings = load_settings(home=home)
    if as_json:
        print_json(public_settings(settings))
    else:
        print_settings(settings, CONFIG_FILE)
