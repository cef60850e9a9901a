"""`catena sync` and `catena watch`: folders and the library in step.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.cli.shared_options import Collections, Home, Json
from catena.app.process_border import print_json, say
from catena.options import AddOptions

if TYPE_CHECKING:
    from catena.folder_sync import Action, Synced

Delete = Annotated[
    bool, typer.Option("--delete", help="Remove what vanished, with its versions and the answers about it.")
]


def sync(
    target: Annotated[Path, typer.Argument(help="A folder, or a text file with a path or address a line.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    delete: Delete = False,
    collections: Collections = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Bring the library in step with a folder: add what is new, take changes as versions, retire what vanished."""
    from catena.app.cli.progress_bars import StatusLine
    from catena.client import Catena

    with Catena(home) as catena, StatusLine("Looking at the files", is_shown=not as_json) as line:

        def on_page(path: Path, done: int, total: int) -> None:
            line.say(f"{path.name}: {done:,} of {max(done, total):,} pages")

        options = AddOptions(collections=tuple(collections or ()))
        done = catena.sync(target, options=options, delete=delete, dry_run=dry_run, on_page=on_page)
        counts = _told(done, as_json=as_json)
    if not as_json:
        _say_counts(counts, target, dry_run=dry_run)
    if counts["failed"]:
        raise typer.Exit(1)


def watch(
    folder: Annotated[Path, typer.Argument(help="A folder.")],
    delete: Delete = False,
    collections: Collections = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Sync a folder whenever its files change, until Ctrl-C; what is being written is waited for."""
    from catena.client import Catena
    from catena.folder_watch import rested_changes

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends a service ends it as Ctrl-C does
    options = AddOptions(collections=tuple(collections or ()))
    with Catena(home) as catena:
        try:
            for is_wanted in rested_changes(folder):
                done = catena.sync(folder, options=options, delete=delete, is_wanted=is_wanted)
                counts = _told(done, as_json=as_json)
                if not as_json and any(counts.values()):
                    _say_counts(counts, folder)
        except KeyboardInterrupt:
            say("Stopped watching; what was done is kept.", is_error=True)


def _told(done: Iterable[Synced], *, as_json: bool) -> Counter[Action]:
    """Say what is done to each path, as it is done, and count."""
    from catena.app.cli.terminal import print_synced

    counts: Counter[Action] = Counter()
    for one in done:
        counts[one.action] += 1
        if as_json:
            print_json(_synced_json(one), indent=None)
        elif one.action != "unchanged":
            print_synced(one)
    return counts


def _say_counts(counts: Counter[Action], target: Path, *, dry_run: bool = False) -> None:
    said = ", ".join(f"{number:,} {action}" for action, number in counts.items()) or "nothing there"
    say(f"{target}: {said}.{' Nothing was done.' if dry_run else ''}")


def _synced_json(synced: Synced) -> dict[str, object]:
    from catena.add_document import as_text
    from catena.app.cli.document_commands import document_json

    document = document_json(synced.document) if synced.document else {"document_id": None}
    return {**document, "path": as_text(synced.path), "action": synced.action}
