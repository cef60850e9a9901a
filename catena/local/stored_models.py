"""The models that are here: a folder each, with the file or links to it, and what is known of it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from catena.errors import OptionError
from catena.files.atomic_files import make_folder, write_file
from catena.local.gguf import Facts, facts_of
from catena.local.memory_fit import USUAL_WINDOW, needed
from catena.local.model_catalogue import known_models
from catena.local.model_folder import facts_of_folder
from catena.settings import Settings

PREFIX = "local/"
"""Before the name of a model on this machine, where LiteLLM's names have a provider."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
CARD = "model.json"
CONFIG = "config.json"
_PIECE = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True, slots=True)
class LocalModel:
    """`path`: its file of GGUF, of several the first, or the config.json of a folder of safetensors.

    `num_bytes` of all; `source` and `sha256` of what was fetched.
    """

    name: str
    path: Path
    num_bytes: int
    facts: Facts
    licence: str = ""
    source: str = ""
    sha256: str = ""

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder of safetensors."""
        return self.path.name == CONFIG

    @property
    def is_whole(self) -> bool:
        """Tell whether its file is still there: one that lies elsewhere may have been moved."""
        return self.path.is_file()

    @property
    def need(self) -> int:
        """Bytes of memory with the usual window."""
        return needed(self.num_bytes, self.facts.kv_bytes, min(self.facts.trained, USUAL_WINDOW))


class Shelf:
    """The folder of local models, in the library's own unless the settings name another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def models(self) -> list[LocalModel]:
        """All that are here, by name."""
        cards = sorted(self.folder.glob(f"*/{CARD}"))
        named = [card for card in cards if NAME.fullmatch(card.parent.name)]
        return [found for card in named if (found := _read(card)) is not None]

    def find(self, name: str) -> LocalModel | None:
        card = self.folder / name / CARD
        return _read(card) if NAME.fullmatch(name) and card.is_file() else None

    def get(self, name: str) -> LocalModel:
        """The model of this name, `local/` before it or not. Raises OptionError."""
        name = name.removeprefix(PREFIX)
        found = self.find(name)
        if found is None:
            raise OptionError(f"There is no local model {name!r}.", self._remedy(name))
        if not found.is_whole:
            raise OptionError(
                f"The file of the local model {name} is gone: {found.path}.",
                f"Put it back, or remove the model: catena model rm {name}",
            )
        return found

    def add(
        self, path: Path, name: str = "", *, licence: str = "", source: str = "", sha256: str = ""
    ) -> LocalModel:
        """Take a GGUF file, or a folder with one model's, of safetensors too; linked where that is possible.

        Raises OptionError.
        """
        files = folder_files(path) or files_of(path)
        facts = facts_of_folder(path) if files[0].name == CONFIG else facts_of(files[0])
        name = name or name_for(path if path.is_dir() else files[0])
        self.check_free(name)
        part = self.folder / f".{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        make_folder(part)
        try:
            for file in files:
                _link(file, part / file.name)
            card = {"file": files[0].name, "facts": asdict(facts), "licence": licence or facts.licence}
            write_file(
                part / CARD, json.dumps({**card, "source": source, "sha256": sha256}, indent=1).encode()
            )
            os.rename(part, self.folder / name)
        except OSError as error:
            raise OptionError(f"{path} cannot be taken: {error.strerror}.", "Is there room?") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return self.get(name)

    def note_hash(self, model: LocalModel, sha256: str) -> None:
        """Keep the hash of a model's file, by which its copy as a folder is found."""
        if model.sha256 != sha256:
            card = self.folder / model.name / CARD
            write_file(
                card, json.dumps({**json.loads(card.read_text("utf-8")), "sha256": sha256}, indent=1).encode()
            )

    def rm(self, name: str) -> LocalModel:
        """Forget a model; a file that lies elsewhere stays there. Raises OptionError."""
        name = name.removeprefix(PREFIX)
        found = self.find(name)
        if found is None:
            raise OptionError(f"There is no local model {name!r}.", self._remedy(name))
        shutil.rmtree(self.folder / name)
        return found

    def check_free(self, name: str) -> None:
        """Raises OptionError for a name that is taken, or none at all."""
        if not NAME.fullmatch(name):
            raise OptionError(
                f"{name!r} cannot be a model's name.",
                "Take small letters, digits, dots and dashes: --name NAME",
            )
        if (self.folder / name).exists():
            raise OptionError(
                f"There is a local model {name} already.",
                f"Give another --name, or remove it: catena model rm {name}",
            )

    def _remedy(self, name: str) -> str:

        here = ", ".join(one.name for one in self.models())
        if name in known_models():
            return f"Fetch it: catena model get {name}"
        return (
            f"Here: {here}. More: catena model ls"
            if here
            else "See `catena model ls`, and `catena model get NAME`."
        )


def name_for(path: Path) -> str:
    """A name made of a file's: without endings, in small letters."""
    stem = _PIECE.sub("", path.name).removesuffix(".gguf").casefold()
    return re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:64]


def _read(card: Path) -> LocalModel | None:
    """A model by its card; None for a folder that was damaged by hand."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads(card.read_text("utf-8"))
        path = card.parent / said["file"]
        kind = "*.safetensors" if path.name == CONFIG else "*.gguf"
        files = [one for one in card.parent.glob(kind) if one.exists()]
        return LocalModel(
            card.parent.name,
            path,
            sum(one.stat().st_size for one in files),
            Facts(**said["facts"]),
            said["licence"],
            said["source"],
            said["sha256"],
        )
    return None


def folder_files(path: Path) -> Sequence[Path]:
    """The files of a folder of safetensors as `save_pretrained` writes it, its config first; none for anything else."""
    if not (path / CONFIG).is_file() or not any(path.glob("*.safetensors")):
        return []
    beside = (one for kind in ("*.safetensors", "*.json", "*.jinja") for one in sorted(path.glob(kind)))
    return [path / CONFIG, *(one for one in beside if one.name not in (CONFIG, CARD))]


def files_of(path: Path) -> Sequence[Path]:
    """The files of one model, in order. Raises OptionError."""
    if path.is_dir():
        found = sorted(one for one in path.glob("*.gguf") if not one.name.startswith("mmproj"))
        firsts = [one for one in found if not (piece := _PIECE.search(one.name)) or int(piece[1]) == 1]
        if len(firsts) != 1:
            what = "has no GGUF file" if not firsts else f"has {len(firsts)} models"
            raise OptionError(f"{path} {what}.", "Give the path of one GGUF file.")
        path = firsts[0]
    if not path.is_file():
        raise OptionError(f"There is no file {path}.", "Give the path of a GGUF file.")
    return _pieces(path)


def _pieces(path: Path) -> Sequence[Path]:
    piece = _PIECE.search(path.name)
    if piece is None:
        return [path]
    number, last = int(piece[1]), int(piece[2])
    stem = path.name[: piece.start()]
    files = [path.with_name(f"{stem}-{one:05d}-of-{last:05d}.gguf") for one in range(1, last + 1)]
    gone = [one.name for one in files if not one.is_file()]
    if gone or not number:
        raise OptionError(
            f"Of a model in {last} files, {', '.join(gone[:3])} is not here.", "Fetch all of them."
        )
    return files


def _link(file: Path, target: Path) -> None:
    """A second name for the file; on another disk a link, where there are none a copy."""
    file = file.resolve()
    for way in (os.link, os.symlink, shutil.copyfile):
        with suppress(OSError, NotImplementedError):
            way(file, target)
            return
    raise OSError(None, f"{file} can neither be linked nor copied")


def shelf_of(settings: Settings) -> Shelf:
    """Return the store of the local models of these settings."""
    return Shelf(settings.local.folder or settings.home / "models")
