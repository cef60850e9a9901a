"""What a GGUF file says of its model: architecture, window, memory; tensors are not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catena.errors import OptionError
from catena.local.gguf_header import NotGGUF, read_keys

NO_WRITERS = ("bert", "clip", "t5encoder", "jina", "nomic", "whisper", "embedding")
"""Architectures with such a word in their name write no text."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`trained`: tokens of the window that it was trained for; `kv_bytes`: memory of one token of the window."""

    architecture: str
    trained: int
    kv_bytes: int
    has_template: bool
    licence: str = ""
    title: str = ""


def facts_of(path: Path) -> Facts:
    """Read what a model's file says of itself. Raises OptionError for one that is no model that writes."""
    try:
        return _facts(read_keys(path))
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}.", "Check its path.") from error
    except NotGGUF as problem:
        raise OptionError(
            f"{path.name} is no language model that can be used: {problem}.",
            "Give a GGUF file of an instruct model: `catena model ls` names some.",
        ) from None


def _facts(said: Mapping[str, Any]) -> Facts:
    architecture = said.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise NotGGUF("it names no architecture")
    if any(word in architecture for word in NO_WRITERS):
        raise NotGGUF(f"a model of the architecture {architecture} writes no text")
    trained = _number(said, f"{architecture}.context_length")
    if not trained:
        raise NotGGUF("it names no context length")
    return Facts(
        architecture,
        trained,
        _kv_bytes(said, architecture),
        bool(said.get("tokenizer.chat_template")),
        _text(said, "general.license"),
        _text(said, "general.name"),
    )


def _kv_bytes(said: Mapping[str, Any], architecture: str) -> int:
    """Keys and values of one token in 16 bits, over all layers and their key heads."""
    layers = _number(said, f"{architecture}.block_count")
    heads = said.get(
        f"{architecture}.attention.head_count_kv", said.get(f"{architecture}.attention.head_count")
    )
    all_heads = sum(heads) if isinstance(heads, list) else layers * _int(heads)
    queries = said.get(f"{architecture}.attention.head_count")
    most = max(queries, default=0) if isinstance(queries, list) else _int(queries)
    width = _number(said, f"{architecture}.embedding_length") // max(1, most)
    keys = _number(said, f"{architecture}.attention.key_length") or width
    values = _number(said, f"{architecture}.attention.value_length") or width
    return all_heads * (keys + values) * 2


def _number(said: Mapping[str, Any], key: str) -> int:
    return _int(said.get(key))


def _int(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""
