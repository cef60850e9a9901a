"""What of a folder are documents: files of their own, and manuals, which are one document of many web pages."""

from __future__ import annotations

import mimetypes
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from catena.errors import DocumentError
from catena.ingest.manuals import WEB_PAGES, Manual
from catena.ingest.sniff import sniff

# Parts of web pages and what documents are illustrated with, by the registry of media types.
_NO_DOCUMENTS = (
    "image/",
    "audio/",
    "video/",
    "font/",
    "text/css",
    "text/javascript",
    "application/javascript",
)
_MORE_NO_DOCUMENTS = frozenset(
    (".map", ".woff", ".woff2", ".eot", ".ttf", ".otf", ".ico", ".mjs", ".inv", ".scss")
)
# Documents of their own in the folder of a manual; its plain text is what it was made of.
_BESIDE_MANUALS = frozenset((".pdf", ".epub", ".docx"))
_MAX_NAMED = 4


@dataclass(slots=True)
class Walked:
    """What to add, in order: files, and the folders of manuals; `skipped` counts by extension what is no document."""

    paths: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def message(self) -> str:
        """One line about what was skipped; "" for nothing."""
        number = self.skipped.total()
        if not number:
            return ""
        named = ", ".join(f"{count:,} {suffix}" for suffix, count in self.skipped.most_common(_MAX_NAMED))
        more = len(self.skipped) - _MAX_NAMED
        what = "file that is no document" if number == 1 else "files that are no documents"
        return f"skipped {number:,} {what}: {named}{f' and {more} more kinds' if more > 0 else ''}"


def walk_folder(path: Path) -> Walked:
    """List a file, or everything of a folder and its folders but what is hidden."""
    walked = Walked()
    if path.is_dir():
        _walk(path, walked)
    else:
        walked.paths.append(path)
    return walked


def _walk(folder: Path, walked: Walked) -> None:
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    if Manual(folder).is_whole():
        walked.paths.append(folder)
        for file in _files_below(folder):
            if file.suffix.lower() in _BESIDE_MANUALS:
                walked.paths.append(file)
            elif file.suffix.lower() not in WEB_PAGES:
                walked.skipped[_suffix(file)] += 1
        return
    names = {entry.name for entry in entries}
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            if _is_of_saved_page(entry, names):
                walked.skipped.update(_suffix(file) for file in _files_below(entry))
            else:
                _walk(entry, walked)
        elif entry.is_file():
            _take([entry], walked)


def _take(files: list[Path], walked: Walked) -> None:
    for file in files:
        if _is_no_document(file):
            walked.skipped[_suffix(file)] += 1
        else:
            walked.paths.append(file)


def _is_no_document(file: Path) -> bool:
    kind = mimetypes.guess_type(file.name)[0] or ""
    if file.suffix.lower() in _MORE_NO_DOCUMENTS or kind.startswith(_NO_DOCUMENTS):
        return True
    try:
        sniff(file)
    except DocumentError as error:
        return error.reason == "not_a_document"
    return False


def _is_of_saved_page(folder: Path, names: set[str]) -> bool:
    """Browsers save what a page shows beside it, in "NAME_files"."""
    stem = folder.name.removesuffix("_files")
    return stem != folder.name and any(f"{stem}{suffix}" in names for suffix in WEB_PAGES)


def _files_below(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _suffix(file: Path) -> str:
    return file.suffix.lower() or "without extension"
