"""GGUF header (ggml's docs/gguf.md): magic, version, and keys with values; tensors are not read."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from catena.errors import OptionError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_KEYS = 65_536
MAX_TEXT = 8 << 20
"""Bytes of one text: chat templates have thousands."""
MAX_ITEMS = 16_777_216
"""Entries of an array: vocabularies have a few 100,000."""
_STRUCTS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_TEXT, _ARRAY = 8, 9
_FEW = 4096
"""An array of numbers that is longer is skipped: of layers there are fewer."""
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


class _NotGGUF(Exception):
    pass


def facts_of(path: Path) -> Facts:
    """Read what a model's file says of itself. Raises OptionError for one that is no model that writes."""
    try:
        with path.open("rb") as file:
            said = _keys(file)
        return _facts(said)
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}.", "Check its path.") from error
    except _NotGGUF as problem:
        raise OptionError(
            f"{path.name} is no language model that can be used: {problem}.",
            "Give a GGUF file of an instruct model: `catena model ls` names some.",
        ) from None


def _facts(said: Mapping[str, Any]) -> Facts:
    architecture = said.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _NotGGUF("it names no architecture")
    if any(word in architecture for word in NO_WRITERS):
        raise _NotGGUF(f"a model of the architecture {architecture} writes no text")
    trained = _number(said, f"{architecture}.context_length")
    if not trained:
        raise _NotGGUF("it names no context length")
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


def _keys(file: BinaryIO) -> dict[str, Any]:
    if file.read(4) != MAGIC:
        raise _NotGGUF("it does not begin with GGUF")
    version, _, num_keys = struct.unpack("<IQQ", _bytes(file, 20))
    if version not in VERSIONS:
        raise _NotGGUF(f"it is of GGUF version {version}")
    if num_keys > MAX_KEYS:
        raise _NotGGUF("its header is damaged")
    return {_string(file): _value(file, _u32(file)) for _ in range(num_keys)}


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _TEXT:
        return _string(file)
    if kind == _ARRAY:
        return _array(file)
    if kind not in _STRUCTS:
        raise _NotGGUF("its header is damaged")
    return _unpacked(file, _STRUCTS[kind])


def _array(file: BinaryIO) -> list[Any] | None:
    """An array of a few numbers; None for others, which are skipped."""
    kind, length = _u32(file), _unpacked(file, "<Q")
    if length > MAX_ITEMS or (kind != _TEXT and kind not in _STRUCTS):
        raise _NotGGUF("its header is damaged")
    if kind == _TEXT:
        for _ in range(length):
            _skip(file, _unpacked(file, "<Q"))
        return None
    if length > _FEW:
        _skip(file, length * struct.calcsize(_STRUCTS[kind]))
        return None
    return [_unpacked(file, _STRUCTS[kind]) for _ in range(length)]


def _string(file: BinaryIO) -> str:
    return _bytes(file, _length(_unpacked(file, "<Q"))).decode("utf-8", "replace")


def _length(value: int) -> int:
    if value > MAX_TEXT:
        raise _NotGGUF("its header is damaged")
    return value


def _skip(file: BinaryIO, num_bytes: int) -> None:
    file.seek(num_bytes, 1)


def _u32(file: BinaryIO) -> int:
    return int(_unpacked(file, "<I"))


def _unpacked(file: BinaryIO, form: str) -> Any:
    return struct.unpack(form, _bytes(file, struct.calcsize(form)))[0]


def _bytes(file: BinaryIO, number: int) -> bytes:
    found = file.read(number)
    if len(found) != number:
        raise _NotGGUF("it ends in its header")
    return found
