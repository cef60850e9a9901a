"""What a name of a model means: a folder, a GGUF file, a model that was taken in, or one of the hub."""

from __future__ import annotations

from pathlib import Path

from catena.errors import OptionError
from catena.kv.gguf.gguf_import import OnStart, import_gguf
from catena.kv.gguf.gguf_weights import OnBytes
from catena.local.imported_models import ImportedModels
from catena.local.stored_models import PREFIX, LocalModel, Shelf, files_of, name_for


def find_source(source: str, shelf: Shelf, on_start: OnStart, on_bytes: OnBytes) -> tuple[str, str]:
    """Find the model's folder, or the hub's name for it, and what to call it. A GGUF file becomes a folder.

    Raises OptionError for a local model or a file that is not there, ModelUnsupported for what cannot be turned.
    """
    if not Path(source).exists() and (source.startswith(PREFIX) or shelf.find(source)):
        model = shelf.get(source)
        if model.is_folder:
            return str(model.path.parent), model.name
        return str(make_copy(model, shelf, on_start, on_bytes)), model.name
    found = _gguf(source)
    if found is None:
        return source, Path(source).name
    path, name = found
    return str(import_gguf(path, name, ImportedModels(shelf.folder), on_start, on_bytes)), name


def make_copy(model: LocalModel, shelf: Shelf, on_start: OnStart, on_bytes: OnBytes) -> Path:
    """Turn a model that is here into a folder, by which it is served where that is faster. Raises as `import_gguf`."""
    folder = import_gguf(model.path, model.name, ImportedModels(shelf.folder), on_start, on_bytes)
    shelf.note_hash(model, folder.name)
    return folder


def _gguf(source: str) -> tuple[Path, str] | None:
    """The file of GGUF and its model's name; None for what is none."""
    path = Path(source)
    if path.is_dir():
        if (path / "config.json").is_file() or not any(path.glob("*.gguf")):
            return None
        return files_of(path)[0], name_for(path)
    if path.is_file():
        return path, name_for(path)
    if path.suffix == ".gguf":
        raise OptionError(f"There is no file {source}.", "Check its path.")
    return None
