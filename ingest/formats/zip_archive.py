"""A ZIP file that nobody trusts: bytes are counted while they inflate, nothing is written anywhere."""

from __future__ import annotations

import contextlib
import io
import posixpath
import unicodedata
import weakref
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

from catena.errors import DocumentError
from catena.ingest.given_file import opened

_MAX_MEMBER, _MAX_TOTAL = 64 << 20, 512 << 20
_MAX_MEMBERS = 20_000
_CHUNK = 1 << 18


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
        info = self._zip.getinfo(self._aliases.get(_plain(name), name))
        if info.flag_bits & 1:
            raise DocumentError(
                "unsupported", f"{self.name} is encrypted inside.", "Add a copy without protection."
            )
        pieces: list[bytes] = []
        size = 0
        try:
            with self._zip.open(info) as member:
                while piece := member.read(_CHUNK):
                    size += len(piece)
                    self._read += len(piece)
                    if size > _MAX_MEMBER or self._read > _MAX_TOTAL:
                        raise _too_big(self.name, f"{name} inflates without end")
                    pieces.append(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise damaged(self.name, f"{name} is broken ({error})") from error
        return b"".join(pieces)

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
