"""`catena model`: local language models: which there are, fetch one, take one that is here, remove it.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.cli.shared_options import Home, Json
from catena.app.process_border import print_json, say
from catena.errors import ModelUnsupported, OptionError
from catena.local.imported_models import ImportedModels

if TYPE_CHECKING:
    from catena.local.hub_download import Offer
    from catena.local.model_listing import Row
    from catena.local.stored_models import LocalModel, Shelf

model = typer.Typer(
    help="Local language models: they write answers on this machine, without a key or a network.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Its name, as `catena model ls` has it.")]
NoCopy = Annotated[
    bool,
    typer.Option("--no-copy", help="Make no copy in bfloat16, even where the processor reads that faster."),
]
OtherName = Annotated[str, typer.Option("--name", help="Call it so (default: made of the file's name).")]


@model.command("ls")
def list_models(as_json: Json = False, home: Home = None) -> None:
    """List the models that are here and those that can be fetched, and what fits this machine's memory."""
    from catena.local.memory_fit import available_memory, gigabytes, total_memory
    from catena.local.model_listing import rows

    shelf = _shelf(home)
    found = rows(shelf)
    if as_json:
        print_json([row.to_json() for row in found])
        return
    _print_rows(found)
    for one in ImportedModels(shelf.folder).all():
        say(
            f"{one.name} is here as a folder for serve-model, too: {gigabytes(one.num_bytes)}, of {one.file}."
        )
    memory = f"{gigabytes(available_memory())} of {gigabytes(total_memory())} of memory are free"
    say(f"\n{memory}. Fetch one: catena model get NAME. Then: catena ask … --model local/NAME")


@model.command("get")
def get_model(
    name: Annotated[
        str, typer.Argument(help="Name in the catalogue, or OWNER/REPOSITORY/FILE.gguf of the Hub.")
    ],
    as_name: OtherName = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is fetched.")] = False,
    no_copy: NoCopy = False,
    home: Home = None,
) -> None:
    """Fetch a model from the Hugging Face Hub; a fetch that broke goes on where it ended."""
    from catena.app.cli.progress_bars import FetchProgress
    from catena.local.hub_download import fetch, look, wanted

    shelf = _shelf(home)
    offer = look(shelf, wanted(name, as_name))
    say(_described(offer), is_error=True)
    if not yes and not _is_confirmed():
        raise OptionError("Nothing was fetched.", "To fetch without a question: --yes")
    with FetchProgress(offer.wanted.file, offer.num_bytes) as progress:
        added = fetch(shelf, offer, progress.on_bytes)
    _print_added(shelf, added, is_copied=not no_copy)


@model.command("add")
def add_model(
    path: Annotated[
        Path, typer.Argument(help="A GGUF file, or a folder with one model's, of safetensors too.")
    ],
    name: OtherName = "",
    no_copy: NoCopy = False,
    home: Home = None,
) -> None:
    """Take a model that is on this machine already; its files are linked where that is possible."""
    shelf = _shelf(home)
    _print_added(shelf, shelf.add(path, name), is_copied=not no_copy)


@model.command("rm")
def remove_model(name: Name, home: Home = None) -> None:
    """Remove a model, and what serve-model made of it; a file that was linked stays where it lies."""
    from catena.local.memory_fit import gigabytes
    from catena.local.server_start import stop

    shelf = _shelf(home)
    for one in ImportedModels(shelf.folder).rm(name.removeprefix("local/")):
        say(f"Removed the folder made of {one.file}, {gigabytes(one.num_bytes)}.")
        if shelf.find(one.name) is None:  # it was served from its file, and never taken
            return
    removed = shelf.rm(name)
    stop(shelf.folder, removed.name)
    say(f"Removed {removed.name}.")


@model.command("stop")
def stop_models(
    name: Annotated[str | None, typer.Argument(help="Its name; none: all that run.")] = None,
    home: Home = None,
) -> None:
    """End the server of a model now; it ends by itself when nobody asks it for ten minutes."""
    from catena.local.server_start import stop

    shelf = _shelf(home)
    names = [shelf.get(name).name] if name else [one.name for one in shelf.models()]
    stopped = [one for one in names if stop(shelf.folder, one)]
    say(f"Stopped {', '.join(stopped)}." if stopped else "No server runs.")


def _shelf(home: Path | None) -> Shelf:
    from catena.local.stored_models import shelf_of
    from catena.settings import load_settings

    return shelf_of(load_settings(home=home))


def _described(offer: Offer) -> str:
    from catena.local.memory_fit import gigabytes

    what = offer.wanted
    licence = what.licence or "see its page"
    here = f", {gigabytes(offer.num_here)} of them here" if offer.num_here else ""
    return f"{what.repository}/{what.file}: {gigabytes(offer.num_bytes)}{here}; licence: {licence}"


def _is_confirmed() -> bool:
    try:
        return typer.confirm("Fetch it?", default=True, err=True)
    except typer.Abort:  # nobody there to answer
        return False


def _print_added(shelf: Shelf, added: LocalModel, *, is_copied: bool) -> None:
    facts = added.facts
    say(
        f"{added.name}: {facts.architecture}, window of {facts.trained:,} tokens, {added.num_bytes / 1e9:.2f} GB."
    )
    if not facts.has_template:
        say(
            "It has no chat template: it may be no instruct model, and go on with a text instead of answering."
        )
    if is_copied:
        _make_copy(shelf, added)
    say(f"Ask with it: catena ask … --model local/{added.name}")


def _make_copy(shelf: Shelf, added: LocalModel) -> None:
    """Turn a model into bfloat16, once, where it is read faster so and fits; llama.cpp serves any other."""
    from catena.app.cli.local_models import Conversion
    from catena.local.engine_choice import may_copy

    if not may_copy(added):
        return
    from catena.kv.gguf.model_source import make_copy

    try:
        with Conversion(added.name) as shown:
            make_copy(added, shelf, shown.on_start, shown.on_bytes)
    except (ModelUnsupported, OptionError) as error:
        say(f"It has no copy in bfloat16: {error.message} llama.cpp serves its file.", is_error=True)
        return
    say("This processor reads its copy in bfloat16 several times as fast as its file.")


def _print_rows(found: list[Row]) -> None:
    """One line a model, which a narrow terminal may wrap."""
    say(f"  {'name':18} {'size':>7} {'memory':>7}  {'':9} {'window':>7}  {'licence':10}  good for")
    for row in found:
        sizes = f"{row.gigabytes:4.1f} GB {row.memory_gigabytes:4.1f} GB  {row.fit:9} {row.window:7,}"
        say(f"{'*' if row.is_here else ' '} {row.name:18} {sizes}  {row.licence:10}  {row.note}")
    say("* is here" if any(row.is_here for row in found) else "None is here yet.")
