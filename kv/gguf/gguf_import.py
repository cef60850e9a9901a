"""Turn a GGUF file into a model folder, once: safetensors in bfloat16, config, tokenizer, chat template.

A folder that has its name is whole: it is made under another one, put on the disk, and renamed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from catena.errors import MissingExtra, ModelUnsupported, OptionError
from catena.files.atomic_files import make_folder, sync_folder
from catena.files.disk_reserve import free_bytes
from catena.files.file_lock import FileLock
from catena.kv.gguf.gguf_config import ROPE_FACTORS, config_of
from catena.kv.gguf.gguf_tokenizer import ends_of, tokenizer_of
from catena.kv.gguf.gguf_weights import OnBytes, check_tensors, num_written, read_rows, write_weights
from catena.local.gguf_header import Header, NotGGUF, read_header
from catena.local.imported_models import PART, ImportedModel, ImportedModels, write_card
from catena.local.memory_fit import gigabytes

_BESIDE = 64 << 20
"""Bytes for a tokenizer."""

OnStart = Callable[[int, Path], None]
"""Told, before the work, how many bytes will be written, and where."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """All of a GGUF file but its weights, in Hugging Face's form."""

    header: Header
    config: Any
    tokenizer: Any
    ends: list[int]


def import_gguf(
    path: Path, name: str, imported: ImportedModels, on_start: OnStart, on_bytes: OnBytes
) -> Path:
    """Find the folder that this file was turned into, or make it.

    Raises ModelUnsupported for a file that is damaged or no model for KV pages, OptionError where the disk is full.
    """
    sha256 = _hash(path)
    if found := imported.find(sha256):
        return found
    make_folder(imported.folder)
    with FileLock(imported.folder / "lock"):  # who comes second finds the folder of the first
        if found := imported.find(sha256):
            return found
        for left in imported.folder.glob(f".*{PART}"):
            shutil.rmtree(left)
        parts = _read(path)
        _check_room(imported.folder, num_written(parts.header))
        on_start(num_written(parts.header), imported.folder)
        half, whole = imported.folder / f".{sha256}{PART}", imported.folder / sha256
        try:
            _write(parts, path, half, on_bytes)
            num_bytes = sum(one.stat().st_size for one in half.iterdir())
            write_card(half, ImportedModel(name, path.name, sha256, num_bytes))
            _sync(half)
            shutil.rmtree(whole, ignore_errors=True)  # without a card it was damaged by hand
            os.rename(half, whole)
        except OSError as error:
            raise OptionError(
                f"{path.name} cannot be turned into a model folder: {error.strerror}.", "Is there room?"
            ) from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
        sync_folder(imported.folder)
        return whole


def _read(path: Path) -> _Parts:
    """Read and check everything but the weights' numbers."""
    try:
        header = read_header(path)
        _refuse_pieces(header, path)
        names = [one.name for one in header.tensors]
        config = config_of(header.keys, names, _rope_factors(header, path))
        check_tensors(header, path, _shapes(config))
        return _Parts(header, config, tokenizer_of(path, header.keys), ends_of(header.keys))
    except NotGGUF as problem:
        raise ModelUnsupported(f"{path.name} is damaged: {problem}.", "Fetch it again.") from None
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        why = f"it lacks {error}" if isinstance(error, KeyError) else str(error).partition("\n")[0][:200]
        raise ModelUnsupported(
            f"{path.name} is damaged, or of a kind that is not known: {why}.",
            "Fetch it again, or take another.",
        ) from error
    except ImportError as error:
        raise MissingExtra("gguf", "local") from error


def _write(parts: _Parts, path: Path, folder: Path, on_bytes: OnBytes) -> None:
    make_folder(folder)
    parts.config.save_pretrained(folder)
    parts.tokenizer.save_pretrained(folder)
    ends = GenerationConfig(eos_token_id=parts.ends, bos_token_id=parts.config.bos_token_id)
    ends.save_pretrained(folder)
    config = parts.config
    heads = (
        {"q": config.num_attention_heads, "k": config.num_key_value_heads}
        if config.model_type == "llama"
        else {}
    )
    write_weights(parts.header, path, folder / "model.safetensors", heads, on_bytes)


def _shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """What the model has, by name."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if config.tie_word_embeddings:
        del shapes["lm_head.weight"]
    return shapes


def _rope_factors(header: Header, path: Path) -> list[float]:
    found = next((one for one in header.tensors if one.name == ROPE_FACTORS), None)
    if found is None:
        return []
    with path.open("rb") as file:
        return [float(one) for one in read_rows(file, found).view("<f4").ravel()]


def _refuse_pieces(header: Header, path: Path) -> None:
    if (count := header.keys.get("split.count", 0)) > 1:
        raise ModelUnsupported(
            f"{path.name} is one of {count} files of a model.",
            "Join them: llama-gguf-split --merge FIRST.gguf WHOLE.gguf",
        )


def _check_room(folder: Path, num_bytes: int) -> None:
    free = free_bytes(folder)
    if num_bytes + _BESIDE > free:
        raise OptionError(
            f"The model takes {gigabytes(num_bytes)} as safetensors, and {gigabytes(free)} are free on the disk.",
            "Make room, or set CATENA_MODELS_FOLDER to a folder on another disk.",
        )


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}.", "Check its path.") from error


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
