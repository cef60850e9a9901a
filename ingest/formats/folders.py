"""Documents of a folder: files of their own, and manuals, which are one document of many web pages."""

from __future__ import annotations

import mimetypes
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from catena.errors import DocumentError
from catena.files.regular_files import leads_into, open_regular
from catena.ingest.formats.file_kind import sniff
from catena.ingest.formats.manuals import WEB_PAGES, Manual

# Parts of web pages, by the registry of media types; pictures are only where web pages or the like lie beside them.
_NO_DOCUMENTS = (
    "audio/",
    "video/",
    "font/",
    "text/css",
    "text/javascript",
    "application/javascript",
)
_MORE_NO_DOCUMENTS = frozenset((
    ".map", ".woff", ".woff2", ".eot", ".ttf", ".otf", ".ico", ".mjs", ".inv", ".scss",
))  # fmt: skip
# Documents of their own in the folder of a manual; its plain text is what it was made of.
_BESIDE_MANUALS = frozenset((".pdf", ".epub", ".docx"))
_ILLUSTRATED = frozenset((*WEB_PAGES, ".md", ".markdown", ".tex", ".ipynb"))
_MAX_NAMED = 4


@dataclass(slots=True)
class Walked:
    """Files to add, in order, with the folders of manuals, and those that cannot be listed, to be named.

    `skipped` counts by extension what is no document, `num_outside` the links that lead out of the folder.
    """

    paths: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    num_outside: int = 0

    def messages(self) -> list[str]:
        """A line for each kind of thing that was skipped."""
        return [line for line in (self._no_documents(), self._outside()) if line]

    def _outside(self) -> str:
        if not self.num_outside:
            return ""
        links = "link that leads" if self.num_outside == 1 else "links that lead"
        return f"skipped {self.num_outside:,} {links} out of the folder"

    def _no_documents(self) -> str:
        number = self.skipped.total()
        if not number:
            return ""
        named = ", ".join(f"{count:,} {suffix}" for suffix, count in self.skipped.most_common(_MAX_NAMED))
        more = len(self.skipped) - _MAX_NAMED
        what = "file that is no document" if number == 1 else "files that are no documents"
        return f"skipped {number:,} {what}: {named}{f' and {more} more kinds' if more > 0 else ''}"


def walk_folder(path: Path) -> Walked:
    """List a file, or everything of a folder and its folders but what is hidden."""
    if os.path.isdir(path):
        return _Walk(path).everything()
    return Walked([path])


class _Walk:
    """Everything of a folder once: under its own name, and by a link only where it is not listed by that."""

    def __init__(self, root: Path) -> None:
        self.walked = Walked()
        self._root = root
        self._seen: set[str] = set()
        self._links: list[Path] = []
        self._illustrated: dict[Path, bool] = {}

    def everything(self) -> Walked:
        self._enter(self._root)
        while self._links:
            link = self._links.pop(0)
            if leads_into(self._root, link):
                self._look_at(link, set())
            else:
                self.walked.num_outside += 1
        return self.walked

    def _enter(self, folder: Path) -> None:
        if self._is_known(folder):
            return
        try:
            entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        except OSError:
            self.walked.paths.append(folder)  # whoever adds it is told why
            return
        if Manual(folder).is_whole():
            self._take_manual(folder)
            return
        names = {entry.name for entry in entries}
        for entry in entries:
            if entry.is_symlink():
                self._links.append(entry)
            else:
                self._look_at(entry, names)

    def _look_at(self, entry: Path, names: set[str]) -> None:
        """Take a file, walk through a folder; a pipe, a socket or a device is taken as what it is: to be named."""
        if not os.path.isdir(entry):
            if not self._is_known(entry):
                self._take(entry)
        elif _is_of_saved_page(entry, names):
            self.walked.skipped.update(_suffix(file) for file in _files_below(entry))
        else:
            self._enter(entry)

    def _take(self, file: Path) -> None:
        if _is_no_document(file) or self._illustrates(file):
            self.walked.skipped[_suffix(file)] += 1
        else:
            self.walked.paths.append(file)

    def _illustrates(self, file: Path) -> bool:
        """Tell a picture that documents beside it, or in the folder above, show as theirs."""
        if not (mimetypes.guess_type(file.name)[0] or "").startswith("image/"):
            return False
        folders = [file.parent] if file.parent == self._root else [file.parent, file.parent.parent]
        for folder in folders:
            if folder not in self._illustrated:
                names = os.listdir(folder) if os.access(folder, os.R_OK) else []
                self._illustrated[folder] = any(Path(name).suffix.lower() in _ILLUSTRATED for name in names)
        return any(self._illustrated[folder] for folder in folders)

    def _take_manual(self, folder: Path) -> None:
        self.walked.paths.append(folder)
        for file in _files_below(folder):
            self._seen.add(os.path.realpath(file))
            if not leads_into(folder, file):
                self.walked.num_outside += 1
            elif file.suffix.lower() in _BESIDE_MANUALS:
                self.walked.paths.append(file)
            elif file.suffix.lower() not in WEB_PAGES:
                self.walked.skipped[_suffix(file)] += 1

    def _is_known(self, path: Path) -> bool:
        """Tell whether it was met before, under whatever name; from now on it was."""
        real = os.path.realpath(path)
        is_known = real in self._seen
        self._seen.add(real)
        return is_known


def _is_no_document(file: Path) -> bool:
    kind = mimetypes.guess_type(file.name)[0] or ""
    if file.suffix.lower() in _MORE_NO_DOCUMENTS or kind.startswith(_NO_DOCUMENTS):
        return True
    try:
        open_regular(file).close()
    except DocumentError:
        return False  # whoever adds it is told why
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
        if os.path.isfile(file) and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _suffix(file: Path) -> str:
    return file.suffix.lower() or "without extension"
