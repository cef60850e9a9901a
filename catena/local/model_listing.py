"""All local models in one list: those that are here, then the catalogue; and what the doctor says of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from shutil import which

from catena.local.memory_fit import PROGRAM, USUAL_WINDOW, Fit, available_memory, fit, needed, total_memory
from catena.local.model_catalogue import known_models
from catena.local.server_record import standing_of
from catena.local.stored_models import Shelf


@dataclass(frozen=True, slots=True)
class Row:
    """`memory_gigabytes`: with the usual window."""

    name: str
    gigabytes: float
    memory_gigabytes: float
    fit: Fit
    window: int
    licence: str
    note: str
    is_here: bool
    is_running: bool = False

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def rows(shelf: Shelf) -> list[Row]:
    """List the models that are here first, smallest first."""
    available, total = available_memory(), total_memory()
    here = shelf.models()
    found = []
    for one in sorted(here, key=lambda model: model.num_bytes):
        is_running = standing_of(shelf.folder, one.name).running() is not None
        entry = known_models().get(one.name)
        note = "its server runs" if is_running else "" if one.is_whole else "its file is gone"
        found.append(
            Row(
                one.name,
                one.num_bytes / 1e9,
                one.need / 1e9,
                "fits" if is_running else fit(one.need, available=available, total=total),
                one.facts.trained,
                one.licence or "unknown",
                note or (entry.good_for if entry else one.facts.title),
                is_here=True,
                is_running=is_running,
            )
        )
    names = {one.name for one in here}
    for entry in known_models().values():
        if entry.name not in names:
            need = needed(entry.num_bytes, entry.kv_bytes, min(entry.window, USUAL_WINDOW))
            mark = fit(need, available=available, total=total)
            found.append(
                Row(
                    entry.name,
                    entry.gigabytes,
                    need / 1e9,
                    mark,
                    entry.window,
                    entry.licence,
                    entry.good_for,
                    is_here=False,
                )
            )
    return found


def engine() -> str:
    """Name the engine that would run a model; empty where nothing is installed."""
    if program := which(PROGRAM):
        return program
    return "xllamacpp" if find_spec("xllamacpp") else ""


def described(shelf: Shelf) -> str:
    """One line for the doctor: which are here, which run, and by what."""
    here = shelf.models()
    if not here:
        return "none: catena model ls"
    named = []
    for one in here:
        record = standing_of(shelf.folder, one.name).running()
        state = (
            f" (its server runs, window {record.window:,})"
            if record
            else ""
            if one.is_whole
            else " (file gone)"
        )
        named.append(one.name + state)
    return f"{', '.join(named)}; by {engine() or 'nothing: the extra llm is not installed'}"
