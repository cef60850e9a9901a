"""Text recognition as the parent sees it: what is installed, what the parser is told, and what it has recognised.

Tesseract comes with the extra `ocr` (tesserocr, a wheel with the program inside, and the English data); data for other
languages from the system's packages. Only the parser's process ever loads it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from catena.errors import LibraryError, OptionError, install_line
from catena.ingest.frames import BadFrame, FrameDecoder, encode
from catena.settings import Settings

INSTALL = install_line("ocr")
_FOLDER = "recognised"
_SUFFIX = ".traineddata"
# The wheel of the extra, Debian and Ubuntu, Fedora and Arch, Homebrew, MacPorts.
_TESSDATA = (
    f"{sys.prefix}/share/tessdata",
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/opt/homebrew/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/local/share/tessdata",
)


def engine() -> str:
    """Name and version of the recogniser; empty where it is not installed."""
    try:
        return f"tesserocr {version('tesserocr')}"
    except PackageNotFoundError:
        return ""


def languages() -> list[str]:
    """The installed languages, by Tesseract's codes; "osd" is none."""
    found = {file.name.removesuffix(_SUFFIX) for folder in _folders() for file in folder.glob(f"*{_SUFFIX}")}
    return sorted(found - {"osd"})


def describe(settings: Settings) -> str:
    """Describe text recognition for `catena doctor`."""
    if not engine():
        return f"not installed: {INSTALL}"
    state = (
        f"{engine()}, reads {settings.scans.languages}, installed: {', '.join(languages()) or 'no language'}"
    )
    return state if settings.scans.is_read else f"off (CATENA_OCR); {state}"


def picture_remedy(settings: Settings) -> str:
    """Return the remedy for pages that are pictures and stayed without text."""
    if not engine():
        return f"Pages that are images need text recognition: {INSTALL}, then `catena reindex` the document."
    if not settings.scans.is_read:
        return "Text recognition is switched off: set CATENA_OCR=true, then `catena reindex` the document."
    return (
        f"Text recognition ({settings.scans.languages}) found none on them. For another language set "
        "CATENA_OCR_LANGUAGES, then `catena reindex` the document."
    )


def order_for(settings: Settings, pages: RecognisedPages) -> dict[str, Any] | None:
    """Return the parser's order for recognition; None where there is none. Raises OptionError, LibraryError."""
    if not (settings.scans.is_read and engine()):
        return None
    pages.mend()
    return {
        "languages": settings.scans.languages,
        "tessdata": str(_folder_of(settings.scans.languages)),
        "seconds": settings.scans.seconds,
        "processes": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
    }


class RecognisedPages:
    """The recognised pages of one document on disk, page by page: an interrupted run goes on where it was.

    They are kept until the document is removed, so that a better layout does not cost hours of recognition again.
    """

    def __init__(self, settings: Settings, document_id: str) -> None:
        how = hashlib.sha256(f"{engine()} {settings.scans.languages}".encode()).hexdigest()
        self.path = settings.home / _FOLDER / f"{document_id}-{how[:12]}"

    def mend(self) -> None:
        """Cut off a page that a killed run wrote in part. Raises LibraryError."""
        with self._translated():
            if not self.path.is_file():
                return
            decoder, data = FrameDecoder(), self.path.read_bytes()
            try:
                num_whole = sum(1 for _ in decoder.feed(data))
            except BadFrame:
                num_whole = 0
            if num_whole == 0:
                self.path.unlink()
            elif decoder.num_waiting:
                os.truncate(self.path, len(data) - decoder.num_waiting)

    def add(self, number: int, recognised: bytes, *, in_part: bool = False) -> None:
        """Append a page, or what stands in some places of it. Raises LibraryError."""
        with self._translated():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(encode({"number": number, "in_part": in_part}, recognised))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LibraryError(
                f"Recognised pages cannot be kept in {self.path}: {error.strerror}.",
                "Is there room on the disk?",
            ) from error


def forget_recognised(home: Path, document_id: str) -> None:
    """Delete what was recognised of a document, in every language."""
    for path in (home / _FOLDER).glob(f"{document_id}-*"):
        path.unlink(missing_ok=True)


def _folder_of(wanted: str) -> Path:
    """The first folder that has all of "eng+deu"; Tesseract reads from one alone."""
    names = wanted.split("+")
    for folder in _folders():
        if all((folder / f"{name}{_SUFFIX}").is_file() for name in names):
            return folder
    missing = [name for name in names if name not in languages()]
    if not missing:
        raise OptionError(
            f"The data for {wanted} is spread over several folders, and Tesseract reads from one.",
            "Copy it together and name the folder in TESSDATA_PREFIX.",
        )
    raise OptionError(
        f"Text recognition has no data for {', '.join(missing)}; installed: {', '.join(languages()) or 'none'}.",
        f"Install it (Debian: apt install tesseract-ocr-{missing[0]}; English: {INSTALL}), change "
        "CATENA_OCR_LANGUAGES, or go without: --no-ocr.",
    )


def _folders() -> Iterator[Path]:
    named = os.environ.get("TESSDATA_PREFIX")
    for folder in ([named] if named else []) + list(_TESSDATA):
        if Path(folder).is_dir():
            yield Path(folder)
