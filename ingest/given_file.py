"""A document as a confined process gets it: an open descriptor, called by the name that people know."""

from __future__ import annotations

import mmap
import os
from pathlib import Path, PosixPath
from typing import BinaryIO

from catena.ingest.confinement.confinement import can_open_paths


class GivenFile(PosixPath):
    """A path to a descriptor of this process; where there is no such path, it is read through the descriptor."""

    known_as = ""
    descriptor = -1

    @property
    def name(self) -> str:
        return self.known_as

    def read_bytes(self) -> bytes:
        with self.binary() as file:
            return file.read()

    def binary(self) -> BinaryIO:
        """The file from its beginning."""
        if can_open_paths():
            return open(str(self), "rb")
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        return os.fdopen(os.dup(self.descriptor), "rb")


def given_file(descriptor: int, name: str) -> GivenFile:
    """The document that a job was sent."""
    path = GivenFile(f"/proc/self/fd/{descriptor}")
    path.known_as, path.descriptor = name, descriptor
    return path


def opened(path: Path) -> BinaryIO:
    """A file to read, whether given or on disk."""
    return path.binary() if isinstance(path, GivenFile) else path.open("rb")


def mapped(path: Path) -> memoryview | None:
    """The bytes of a given file that no path leads to; None where a path does."""
    if not isinstance(path, GivenFile) or can_open_paths():
        return None
    size = os.fstat(path.descriptor).st_size
    return memoryview(mmap.mmap(path.descriptor, size, prot=mmap.PROT_READ) if size else b"")
