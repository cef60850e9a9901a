"""GGUF's header (ggml's docs/gguf.md): magic, version, keys with values, and where each tensor lies."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_KEYS = 65_536
MAX_TENSORS = 65_536
MAX_TEXT = 8 << 20
"""Bytes of one text: chat templates have thousands."""
MAX_ITEMS = 16_777_216
"""Entries of an array: vocabularies have a few 100,000."""
MAX_AXES = 4
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
_ALIGNMENT = 32


class NotGGUF(Exception):
    """Why a file is none, or none that can be read."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """`shape` with rows first, as PyTorch has it; `kind` is ggml's type, `start` a byte of the file."""

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int


@dataclass(frozen=True, slots=True)
class Header:
    keys: Mapping[str, Any]
    tensors: tuple[TensorInfo, ...]


def read_keys(path: Path) -> dict[str, Any]:
    """Keys and values but for long arrays, which are None. Raises NotGGUF, OSError."""
    with path.open("rb") as file:
        return _keys(file, _begin(file)[1], is_whole=False)


def read_header(path: Path) -> Header:
    """All keys, vocabularies too, and all tensors. Raises NotGGUF, OSError."""
    with path.open("rb") as file:
        num_tensors, num_keys = _begin(file)
        keys = _keys(file, num_keys, is_whole=True)
        found = [_tensor(file) for _ in range(num_tensors)]
        size = keys.get("general.alignment", _ALIGNMENT)
        if not isinstance(size, int) or not 0 < size <= 1 << 20:
            raise NotGGUF("its header is damaged")
        begin = -(-file.tell() // size) * size
    return Header(keys, tuple(TensorInfo(one.name, one.shape, one.kind, begin + one.start) for one in found))


def _begin(file: BinaryIO) -> tuple[int, int]:
    """Return the numbers of tensors and of keys."""
    if file.read(4) != MAGIC:
        raise NotGGUF("it does not begin with GGUF")
    version, num_tensors, num_keys = struct.unpack("<IQQ", _bytes(file, 20))
    if version not in VERSIONS:
        raise NotGGUF(f"it is of GGUF version {version}")
    if num_keys > MAX_KEYS or num_tensors > MAX_TENSORS:
        raise NotGGUF("its header is damaged")
    return num_tensors, num_keys


def _keys(file: BinaryIO, number: int, *, is_whole: bool) -> dict[str, Any]:
    return {_string(file): _value(file, _u32(file), is_whole) for _ in range(number)}


def _tensor(file: BinaryIO) -> TensorInfo:
    name, num_axes = _string(file), _u32(file)
    if not 0 < num_axes <= MAX_AXES:
        raise NotGGUF("its header is damaged")
    axes = [int(_unpacked(file, "<Q")) for _ in range(num_axes)]
    return TensorInfo(name, tuple(reversed(axes)), _u32(file), int(_unpacked(file, "<Q")))


def _value(file: BinaryIO, kind: int, is_whole: bool) -> Any:
    if kind == _TEXT:
        return _string(file)
    if kind == _ARRAY:
        return _array(file, is_whole)
    if kind not in _STRUCTS:
        raise NotGGUF("its header is damaged")
    return _unpacked(file, _STRUCTS[kind])


def _array(file: BinaryIO, is_whole: bool) -> list[Any] | None:
    """Texts and long arrays are skipped unless all of it is wanted."""
    kind, length = _u32(file), _unpacked(file, "<Q")
    if length > MAX_ITEMS or (kind != _TEXT and kind not in _STRUCTS):
        raise NotGGUF("its header is damaged")
    if kind == _TEXT and is_whole:
        return [_string(file) for _ in range(length)]
    if kind == _TEXT:
        for _ in range(length):
            _skip(file, _length(_unpacked(file, "<Q")))
        return None
    size = struct.calcsize(_STRUCTS[kind])
    if length > _FEW and not is_whole:
        _skip(file, length * size)
        return None
    return list(struct.unpack(f"<{length}{_STRUCTS[kind][1:]}", _bytes(file, length * size)))


def _string(file: BinaryIO) -> str:
    return _bytes(file, _length(_unpacked(file, "<Q"))).decode("utf-8", "replace")


def _length(value: int) -> int:
    if value > MAX_TEXT:
        raise NotGGUF("its header is damaged")
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
        raise NotGGUF("it ends in its header")
    return found
