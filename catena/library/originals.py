"""The files that were added, by the SHA-256 of their bytes, and the folder for work in progress.

A file is *claimed* from before it gets its name until its document is committed, and from before its document is
removed until the file is gone. A claim is an empty file in the folder of its process under `tmp/`; when the process
has died, whoever opens the library next settles its claims: a file without a document goes.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from catena.errors import DocumentError
from catena.files.atomic_files import DurableFile, make_folder, unlink
from catena.files.failpoints import point
from catena.files.file_lock import FileLock
from catena.files.regular_files import check_size, read_steadily, unread
from catena.render.harmless import one_line

Known = Callable[[], Collection[str] | None]
"""The ids of the library's documents; None where that is in doubt, and nothing may go."""

_CHUNK = 1 << 20


class Originals:
    """`originals/ab/<sha256>` and `tmp/<process>/`, safe for several threads and processes."""

    def __init__(self, home: Path, known: Known) -> None:
        self.folder = home / "originals"
        self._tmp = home / "tmp"
        self._known = known
        self._own = self._tmp / uuid4().hex
        self._alive = FileLock(self._own / "alive")
        self._is_open = False
        self._claims: Counter[str] = Counter()
        self._lock = threading.RLock()

    def path(self, document_id: str) -> Path:
        return self.folder / document_id[:2] / document_id

    def ids(self) -> list[str]:
        """List the files there are."""
        return sorted(path.name for path in self.folder.glob("??/*"))

    def temporary_path(self, name: str) -> Path:
        """A path in this process's folder, which is deleted at close or, after a crash, at the next open."""
        with self._lock:
            if not self._is_open:
                self._open()
        return self._own / name

    def store(self, path: Path, max_bytes: int | None = None) -> str:
        """Copy a file in, one version of it, and claim it; return its id. The same bytes are kept once.

        Raises DocumentError when the file cannot be read, changes all the time or grows above `max_bytes`, OSError
        when the library cannot be written.
        """
        with ExitStack() as parts:
            copies: list[DurableFile] = []

            def copy(source: BinaryIO) -> str:
                copies.append(DurableFile(self.temporary_path(f"{uuid4().hex}.part")))
                parts.callback(copies[-1].discard)
                return _copy(path, source, copies[-1], max_bytes)

            document_id = read_steadily(path, copy)
            self._keep(document_id, copies[-1])
        return document_id

    def _keep(self, document_id: str, copy: DurableFile) -> None:
        target = self.path(document_id)
        self._claim(document_id)
        try:
            if not (target.is_file() and sha256(target) == document_id):
                copy.keep_as(target)
        except BaseException:
            self.release(document_id)
            raise

    def release(self, document_id: str) -> None:
        """Give up a claim; without the last one, a file that no document owns goes."""
        with self._settling():
            if self._claims[document_id] > 1:
                self._claims[document_id] -= 1
            elif self._claims.pop(document_id, 0):
                self._drop(document_id)
                (self._own / f"{document_id}.claim").unlink(missing_ok=True)

    @contextmanager
    def claimed(self, document_id: str) -> Iterator[None]:
        """Claim a file around the removal of its document; the file goes at the end if its document did."""
        self._claim(document_id)
        try:
            yield
        finally:
            self.release(document_id)

    def sweep(self) -> None:
        """Settle what dead processes left: their temporary files and claims."""
        if not self._tmp.is_dir():
            return
        with self._settling():
            for folder in self._stale():
                for claim in folder.glob("*.claim"):
                    self._drop(claim.stem)
                shutil.rmtree(folder, ignore_errors=True)

    def orphans(self) -> list[str]:
        """Files that no document owns and no living process claims."""
        if not self.folder.is_dir():
            return []
        with self._settling():
            known = self._known()
            if known is None:
                return []
            return [name for name in sorted({*self.ids()} - {*known}) if not self._is_claimed(name)]

    def checked(self, document_id: str) -> Path:
        """Return the path of a document's bytes, once found to be those that were added. Raises DocumentError."""
        path = self.path(document_id)
        try:
            found = sha256(path)
        except FileNotFoundError:
            raise DocumentError(
                "damaged", f"The kept original of {document_id[:12]} is missing.", "Add the file again."
            ) from None
        except OSError as error:
            raise DocumentError(
                "damaged",
                f"The kept original of {document_id[:12]} cannot be read: {error.strerror}.",
                "Look at the disk, or add the file again.",
            ) from error
        if found != document_id:
            raise DocumentError(
                "damaged",
                f"The kept original of {document_id[:12]} is not the file that was added.",
                "Add the file again.",
            )
        return path

    def close(self) -> None:
        """Delete the temporary files, and stored files that never became a document."""
        with self._lock:
            if not self._is_open:
                return
            with self._settling():
                for document_id in list(self._claims):
                    self._claims.pop(document_id)
                    self._drop(document_id)
                self._alive.release()
                shutil.rmtree(self._own, ignore_errors=True)
            self._is_open = False

    def _open(self) -> None:
        make_folder(self._tmp)
        with self._settling():
            make_folder(self._own)
            self._alive.acquire(wait=True)
            self._is_open = True

    def _claim(self, document_id: str) -> None:
        self.temporary_path("")
        with self._settling():
            point("before-claim")
            (self._own / f"{document_id}.claim").touch(mode=0o600)
            self._claims[document_id] += 1
            point("after-claim")

    def _drop(self, document_id: str) -> None:
        known = self._known()
        if known is not None and document_id not in known and not self._is_claimed(document_id):
            unlink(self.path(document_id))

    def _is_claimed(self, document_id: str) -> bool:
        stale = set(self._stale())
        if self._claims[document_id]:
            return True
        claims = self._tmp.glob(f"*/{document_id}.claim")
        return any(claim.parent not in stale and claim.parent != self._own for claim in claims)

    def _stale(self) -> list[Path]:
        return [
            path for path in self._tmp.iterdir() if path.is_dir() and path != self._own and _is_dead(path)
        ]

    @contextmanager
    def _settling(self) -> Iterator[None]:
        """Nobody else claims, settles or begins meanwhile."""
        make_folder(self._tmp)
        with self._lock, FileLock(self._tmp / "lock"):
            yield


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(path: Path, source: BinaryIO, copy: DurableFile, max_bytes: int | None) -> str:
    digest, num_bytes = hashlib.sha256(), 0
    for chunk in _chunks(path, source):
        num_bytes += len(chunk)
        if max_bytes is not None:  # it may have grown since it was judged
            check_size(one_line(str(path)), num_bytes, max_bytes)
        digest.update(chunk)
        copy.write(chunk)
    return digest.hexdigest()


def _chunks(path: Path, source: BinaryIO) -> Iterator[bytes]:
    """Raises DocumentError: what fails here is not the library's disk."""
    try:
        while chunk := source.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise unread(path, error) from error


def _is_dead(folder: Path) -> bool:
    lock = FileLock(folder / "alive")
    try:
        is_free = lock.acquire(wait=False)
    except OSError:
        return False
    lock.release()
    return is_free
