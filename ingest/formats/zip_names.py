"""The first names in a ZIP file, read by hand: a hostile directory of millions of entries costs nothing."""

from __future__ import annotations

import struct
from pathlib import Path

from catena.files.regular_files import open_regular

_MAX_TAIL = 22 + 65535
_MAX_DIRECTORY = 1 << 20
_ENTRY = struct.Struct("<4s24xHHH12x")
_LOCAL = struct.Struct("<4s22xHH")


def zip_names(path: Path) -> set[str]:
    """List names from the first MiB of the directory, or from the local headers when the end is cut off."""
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _MAX_TAIL))
        tail = file.read()
        end = tail.rfind(b"PK\x05\x06")
        if end >= 0 and len(tail) >= end + 22:
            directory_size, offset = struct.unpack_from("<II", tail, end + 12)
            file.seek(min(offset, size))
            names = _directory_names(file.read(min(directory_size, _MAX_DIRECTORY)))
            if names:
                return names
        file.seek(0)
        return _local_names(file.read(_MAX_DIRECTORY))


def _directory_names(data: bytes) -> set[str]:
    names, at = set(), 0
    while at + _ENTRY.size <= len(data):
        magic, name_size, extra_size, comment_size = _ENTRY.unpack_from(data, at)
        if magic != b"PK\x01\x02":
            break
        names.add(data[at + 46 : at + 46 + name_size].decode("utf-8", "replace"))
        at += 46 + name_size + extra_size + comment_size
    return names


def _local_names(data: bytes) -> set[str]:
    names, at = set(), data.find(b"PK\x03\x04")
    while 0 <= at <= len(data) - _LOCAL.size:
        _, name_size, _ = _LOCAL.unpack_from(data, at)
        names.add(data[at + 30 : at + 30 + name_size].decode("utf-8", "replace"))
        at = data.find(b"PK\x03\x04", at + 30)
    return names
