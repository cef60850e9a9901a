"""A ZIP file that nobody trusts: bytes are counted while they inflate, nothing is written anywhere.

Its first names are read by hand: a hostile directory of millions of entries costs nothing.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import struct
import unicodedata
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from catena.errors import DocumentError
from catena.files.regular_files import open_regular
from catena.ingest.given_file import opened

_MAX_MEMBER, _MAX_TOTAL = 64 << 20, 512 << 20
_MAX_MEMBERS = 20_000
_CHUNK = 1 << 18
_MAX_TAIL = 22 + 65535
_MAX_DIRECTORY = 1 << 20
_ENTRY = struct.Struct("<4s24xHHH12x")
_LOCAL = struct.Struct("<4s22xHH")


class Archive:
    """Reads members by name. Raises DocumentError for what is damaged, locked or too big."""

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        """Open a file, or `data` that stood in another one, which `path` names."""
        self.name = path.name
        self._read = 0
        try:
            file = opened(path) if data is None else io.BytesIO(data)
            weakref.finalize(self, file.close)
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise damaged(self.name, f"its ZIP container is broken ({error})") from error
        if len(self._zip.infolist()) > _MAX_MEMBERS:
            raise _too_big(self.name, f"more than {_MAX_MEMBERS:,} members")
        self.names = frozenset(self._zip.namelist())
        self._aliases = {_plain(name): name for name in self.names}

    def read(self, name: str) -> bytes:
        """Inflate one member. Raises KeyError when there is none."""
        return b"".join(self.chunks(name, _MAX_MEMBER))

    def chunks(self, name: str, most: int = _MAX_TOTAL) -> Iterator[bytes]:
        """Inflate one member piece by piece. Raises KeyError when there is none."""
        info = self._zip.getinfo(self._aliases.get(_plain(name), name))
        if info.flag_bits & 1:
            raise DocumentError(
                "unsupported", f"{self.name} is encrypted inside.", "Add a copy without protection."
            )
        size = 0
        try:
            with self._zip.open(info) as member:
                while piece := member.read(_CHUNK):
                    size += len(piece)
                    self._read += len(piece)
                    if size > most or self._read > _MAX_TOTAL:
                        raise _too_big(self.name, f"{name} inflates without end")
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise damaged(self.name, f"{name} is broken ({error})") from error

    def read_if_there(self, name: str) -> bytes | None:
        return self.read(name) if _plain(name) in self._aliases else None


def _plain(name: str) -> str:
    """Make names comparable: many tools write UTF-8 without saying so, and accents in two ways."""
    with contextlib.suppress(UnicodeError):
        name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def resolve(base: str, href: str) -> str:
    """Name the member that `href` means, seen from the folder of the member `base`; never leaves the archive."""
    target = unquote(href.split("#")[0].split("?")[0])
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), target))
    return joined.lstrip("/").removeprefix("../") if not joined.startswith("../..") else ""


def damaged(name: str, what: str) -> DocumentError:
    return DocumentError(
        "damaged", f"{name} cannot be read: {what}.", "Get the file again, or export it anew."
    )


def _too_big(name: str, what: str) -> DocumentError:
    return DocumentError(
        "too_big",
        f"{name} is too big when unpacked: {what}.",
        f"Catena reads up to {_MAX_MEMBER >> 20} MiB in one part and {_MAX_TOTAL >> 20} MiB in all; split it.",
    )


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
