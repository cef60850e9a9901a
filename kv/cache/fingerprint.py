"""Fingerprint of a kept KV cache, in one hash: another model, tokenizer or text never meets it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMAT = 2
_EDGE = 1 << 20
_TEXTS = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def fingerprint_model(folder: Path) -> str:
    """SHA-256 over config, tokenizer and weights of a model folder.

    Of each weight file its name, size, first and last MiB count: hashing all of them would take longer than reading
    a book.
    """
    digest = hashlib.sha256()
    for name in _TEXTS:
        path = folder / name
        digest.update(path.read_bytes() if path.is_file() else b"-")
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            digest.update(file.read(_EDGE))
            file.seek(max(0, size - _EDGE))
            digest.update(file.read(_EDGE))
    return digest.hexdigest()


def key_of(facts: Mapping[str, Any]) -> str:
    """SHA-256 of plain facts and the format of the store."""
    return hashlib.sha256(json.dumps({"format": FORMAT, **facts}, sort_keys=True).encode()).hexdigest()
