"""Folders kept in step with the library, by path: the new is added, the changed updated, the gone retired."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from catena.add_document import Added, Adder, OnPage, as_text, kept_path
from catena.errors import DocumentError, OptionError
from catena.files.regular_files import unread
from catena.ingest.formats.file_kind import shown
from catena.ingest.formats.folders import walk_folder
from catena.ingest.formats.manuals import Manual
from catena.ingest.sandbox.parse_stream import failed
from catena.library.library import Library
from catena.library.places import Place, resolved
from catena.options import AddOptions
from catena.types import Document
from catena.web_addresses import WebPath, is_address

Action = Literal["added", "updated", "known", "unchanged", "moved", "retired", "removed", "failed", "fetched"]
Wanted = Callable[[str], bool]
"""Tells of a place whether it is looked at."""
LIST_MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Synced:
    """What was done about a path, or would be in a dry run, and the document that it is about, if there is one yet.

    `known`: its bytes are in the library under another name, and stand under this one, too; `moved`: the file is gone,
    and its document stands under another name; `retired`: it stands under none, and answers only when it is named;
    `fetched`: a dry run's word for an address, which would be asked whether it changed.
    """

    path: Path
    action: Action
    document: Document | None = None


@dataclass(slots=True)
class _Tree:
    """What is there now: `paths` to add, `missing` what is listed and is not there, `roots` the places below which what
    is not there has vanished."""

    paths: list[Path] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)

    def take(self, path: Path) -> None:
        if isinstance(path, WebPath):
            self.paths.append(path)
            return
        self.roots.append(place_of(path))
        if os.path.lexists(path):
            self.paths += walk_folder(path).paths
        else:
            self.missing.append(path)

    def covers(self, place: str) -> bool:
        return any(is_at(place, root) for root in self.roots)


class FolderSync:
    """Keeps one library in step; killed, the next call goes on: each document is one transaction."""

    def __init__(
        self,
        library: Library,
        adder: Adder,
        options: AddOptions | None,
        on_page: OnPage | None,
        is_wanted: Wanted,
    ) -> None:
        self._library = library
        self._adder = adder
        self._options = options or AddOptions()
        self._on_page = on_page
        self._is_wanted = is_wanted

    def sync(self, target: Path, *, delete: bool, dry_run: bool) -> Iterator[Synced]:
        """Bring the library in step with a folder, or with what a file lists; yields each path as it is done.

        Raises DocumentError for a target that is not there, OptionError for a list that is none, and where `delete`
        would remove everything.
        """
        tree = _tree_of(target)
        paths = [path for path in tree.paths if self._is_wanted(place_of(path))]
        there = {place_of(path) for path in tree.paths}
        known = self._library.places()
        stands = {one.path for one in known if _stands(one)}
        gone = [
            one
            for one in known
            if tree.covers(one.path)
            and self._is_wanted(one.path)
            and one.path not in there
            and _is_gone(one.path, stands)
        ]
        if delete and gone and not tree.paths:
            raise OptionError(
                f"There is no document in {target} any more: all that were added from there would be removed.",
                "Look whether it is mounted; or remove them: catena rm.",
            )
        paths += [path for path in tree.missing if not any(is_at(one.path, place_of(path)) for one in known)]
        seen: set[str] = set()
        todo: dict[Path, Action] = {}
        for found in self._looked_at(paths):
            seen |= {found.document.id} if found.document else set()
            if dry_run or found.action in ("unchanged", "failed"):
                if not dry_run:
                    self._put(found)
                yield found
            else:
                todo[found.path] = found.action
        for added in self._adder.add_all([*todo], self._options, on_page=self._on_page):
            yield _outcome(added, todo[added.path])
        yield from self._without(gone, delete=delete, dry_run=dry_run, seen=seen)

    def _put(self, found: Synced) -> None:
        """Put a document that is unchanged where new ones are put."""
        if found.document and found.action == "unchanged":
            for name in self._options.collections:
                self._library.collections.put(name, [found.document.id])

    def _looked_at(self, paths: Sequence[Path]) -> Iterator[Synced]:
        """Hold the bytes of each path against what stands there; nothing is changed."""
        standing: dict[str, set[str]] = {}
        for one in self._library.places():
            if one.successor is None:
                standing.setdefault(one.path, set()).add(one.document_id)
        met: set[str] = set()
        for path in paths:
            if isinstance(path, WebPath):
                yield Synced(path, "fetched")
                continue
            try:
                own = self._adder.id_of(path)
            except DocumentError as error:
                yield Synced(
                    path,
                    "failed",
                    failed(Document("", shown(path.stem), as_text(path), None, "failed"), error),
                )
                continue
            known, before = self._library.get(own), standing.get(place_of(path), set())
            is_known = (known is not None and known.is_readable) or own in met
            met.add(own)
            action: Action = "known" if is_known else "added"
            if before - {own}:
                action = "updated"
            elif before and is_known:
                action = "unchanged"
            yield Synced(path, action, known)

    def _without(
        self, gone: Sequence[Place], *, delete: bool, dry_run: bool, seen: set[str]
    ) -> Iterator[Synced]:
        """Retire what stood where no file is any more; with `delete`, remove what stands nowhere else."""
        known = {one.id: one for one in self._library.documents(versions=True)}
        lost = {one.path for one in gone}
        others = {one.document_id for one in self._library.places() if _stands(one) and one.path not in lost}
        for place in filter(_stands, gone):
            is_elsewhere = place.document_id in others | seen
            action: Action = "moved" if is_elsewhere else "removed" if delete else "retired"
            if not dry_run:
                self._library.retire(place.path)
            if not (delete and action == "removed" and not dry_run):
                yield Synced(Path(place.path), action, known.get(place.document_id))
        if delete and not dry_run:
            yield from self._removed(gone, known)

    def _removed(self, gone: Sequence[Place], known: Mapping[str, Document]) -> Iterator[Synced]:
        """Remove documents all of whose places are gone, with the versions before them."""
        lost, places = {one.path for one in gone}, dict[str, list[Place]]()
        for one in self._library.places():
            places.setdefault(one.document_id, []).append(one)
        for document_id, own in places.items():
            if all(one.path in lost and not _stands(one) for one in own):
                self._library.remove(document_id)
                yield Synced(Path(own[-1].path), "removed", known.get(document_id))


def place_of(path: Path) -> str:
    """The place of a path, as the library keeps it."""
    return resolved(as_text(path))


def is_at(place: str, root: str) -> bool:
    """Whether a place is another, or below it."""
    return place == root or place.startswith(root.rstrip(os.sep) + os.sep)


def _stands(place: Place) -> bool:
    return place.successor is None


def _is_gone(place: str, stands: Collection[str]) -> bool:
    """Whether there is no document at a place any more; what cannot be looked at is not gone, nor what is attached to a
    mail that is there."""
    try:
        os.lstat(place)
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        return not any(str(one) in stands and one.is_file() for one in Path(place).parents)
    except OSError:
        return False
    return os.path.isdir(place) and not Manual(Path(place)).is_whole()


def _outcome(added: Added, planned: Action) -> Synced:
    if added.document.status == "failed":
        return Synced(added.path, "failed", added.document)
    if planned == "fetched":
        planned = "unchanged"
    action: Action = "updated" if added.superseded else "added" if added.is_new else planned
    return Synced(added.path, action, added.document)


def _tree_of(target: Path) -> _Tree:
    tree = _Tree()
    if os.path.isdir(target):
        tree.take(target)
    else:
        for path in _listed(target):
            tree.take(path)
    return tree


def _listed(target: Path) -> Iterable[Path]:
    """The paths and addresses that a file lists, a line each, from its own folder on; # begins a remark."""
    try:
        if os.path.getsize(target) > LIST_MAX_BYTES:
            raise OptionError(
                f"{target} is too large for a list of paths.", "Give a folder, or a shorter list."
            )
        lines = target.read_bytes().decode().splitlines()
    except UnicodeDecodeError as error:
        raise OptionError(
            f"{target} is no list of paths.",
            "Give a folder, or a text file with a path a line; one file: catena add.",
        ) from error
    except (OSError, ValueError) as error:
        raise unread(target, error) from error
    return [
        kept_path(line.strip()) if is_address(line.strip()) else target.parent / line.strip()
        for line in lines
        if line.strip() and not line.startswith("#")
    ]
