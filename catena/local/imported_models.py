"""GGUF files that were turned into model folders: a folder each, named by the file's SHA-256."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from catena.files.atomic_files import write_file

FOLDER = ".safetensors"
CARD = "imported.json"
PART = ".part"
"""At the end of the name of one that is being made, or was left half made by a kill."""


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """`name` and `file` as they were called when it was made."""

    name: str
    file: str
    sha256: str
    num_bytes: int


class ImportedModels:
    """Those beside one folder of local models."""

    def __init__(self, models: Path) -> None:
        self.folder = models / FOLDER

    def all(self) -> list[ImportedModel]:
        cards = sorted(self.folder.glob(f"[!.]*/{CARD}"))
        return [found for card in cards if (found := _read(card)) is not None]

    def find(self, sha256: str) -> Path | None:
        """The folder that a file with this hash was turned into."""
        return self.folder / sha256 if self.get(sha256) else None

    def get(self, sha256: str) -> ImportedModel | None:
        """What is known of that folder; an empty hash has none."""
        return _read(self.folder / sha256 / CARD) if sha256 else None

    def rm(self, name: str) -> list[ImportedModel]:
        """Remove those of this name."""
        found = [one for one in self.all() if one.name == name]
        for one in found:
            half = self.folder / f".{one.sha256}{PART}"  # a folder that is half removed is none
            (self.folder / one.sha256).rename(half)
            shutil.rmtree(half)
        return found


def write_card(folder: Path, model: ImportedModel) -> None:
    write_file(folder / CARD, json.dumps(asdict(model), indent=1).encode())


def _read(card: Path) -> ImportedModel | None:
    with suppress(OSError, ValueError, TypeError):
        return ImportedModel(**json.loads(card.read_text("utf-8")))
    return None
