"""A model from the Hugging Face Hub: looked at, fetched in one or several goes, held against its hash, and taken.

The Hub's own client asks (huggingface_hub, extra `llm`): HF_ENDPOINT, HF_TOKEN and `hf auth login` are honoured.
Its `hf_hub_download` begins anew after a kill, so the bytes that are here already are ours to keep.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from catena.errors import MissingExtra, ModelRefused, ModelUnreachable, OptionError
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.file_lock import FileLock
from catena.local.memory_fit import gigabytes
from catena.local.model_catalogue import known
from catena.local.stored_models import LocalModel, Shelf, name_for

HUB = "https://huggingface.co"
_PATH = re.compile(r"([\w.-]+/[\w.-]+)/([\w./-]+\.gguf)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = "Check the network (HF_ENDPOINT, HTTPS_PROXY). The same command goes on where this one ended."

OnBytes = Callable[[int], None]
"""Told how many bytes are here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a repository; `sha256` where the catalogue knows it."""

    name: str
    repository: str
    file: str
    licence: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """File offered by the Hub. `num_here`: bytes of an earlier download."""

    wanted: Wanted
    url: str
    num_bytes: int
    sha256: str
    num_here: int = 0


def wanted(name: str, as_name: str = "") -> Wanted:
    """A model of the catalogue, or OWNER/REPOSITORY/FILE.gguf of the Hub. Raises OptionError."""
    if path := _PATH.fullmatch(name):
        return Wanted(as_name or name_for(Path(path[2])), path[1], path[2])
    found = known(name)
    return Wanted(as_name or found.name, found.repository, found.file, found.licence, found.sha256)


def look(shelf: Shelf, what: Wanted) -> Offer:
    """Ask the Hub for size and hash. Raises ModelRefused, ModelUnreachable, MissingExtra, OptionError."""
    hub = _hub()
    shelf.check_free(what.name)
    with _explained(what):
        url = hub.hf_hub_url(what.repository, what.file, endpoint=endpoint())
        said = hub.get_hf_file_metadata(url, token=hub.get_token(), endpoint=endpoint())
        if said.commit_hash:  # what is fetched is what was looked at
            url = hub.hf_hub_url(what.repository, what.file, revision=said.commit_hash, endpoint=endpoint())
    recorded = said.etag if said.etag and _SHA256.fullmatch(said.etag) else ""
    if not said.size or not (what.sha256 or recorded):
        raise ModelRefused(
            f"The Hub records no size or no SHA-256 of {what.file} in {what.repository}.",
            "Fetch it yourself, and take it: catena model add FILE",
        )
    if what.sha256 and recorded and what.sha256 != recorded:
        raise ModelRefused(
            f"{what.file} in {what.repository} is another file than the catalogue means.",
            "Update Catena, or take another model.",
        )
    part = _part(shelf, what, what.sha256 or recorded)
    num_here = part.stat().st_size if part.is_file() else 0
    return Offer(what, url, said.size, what.sha256 or recorded, num_here)


def fetch(shelf: Shelf, offer: Offer, on_bytes: OnBytes) -> LocalModel:
    """Fetch what is not here yet, check all of it, and put it among the local models.

    Raises ModelUnreachable where the way broke: what came is kept. Raises ModelRefused for another hash.
    """
    what = offer.wanted
    part = _part(shelf, what, offer.sha256)
    make_folder(part.parent)
    lock = FileLock(part.parent / "lock")
    if not lock.acquire_within():
        raise OptionError(f"Another process fetches {what.name}.", "Wait for it.")
    try:
        _check_room(part, offer)
        with _explained(what), os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, FILE_MODE), "r+b") as file:
            _receive(offer, file, on_bytes)
        _check_hash(part, offer)
        whole = part.with_name(what.file.rpartition("/")[2])
        os.replace(part, whole)
        source = f"{what.repository}/{what.file}"
        added = shelf.add(whole, what.name, licence=what.licence, source=source, sha256=offer.sha256)
        shutil.rmtree(part.parent)
        return added
    finally:
        lock.release()


def endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB


def _receive(offer: Offer, file: IO[bytes], on_bytes: OnBytes) -> None:
    from huggingface_hub import get_token
    from huggingface_hub.file_download import http_get

    utils: Any = import_module("huggingface_hub.utils")

    num_here = file.seek(0, os.SEEK_END)
    if num_here > offer.num_bytes:
        num_here = file.truncate(file.seek(0))
    on_bytes(num_here)
    http_get(
        offer.url,
        file,  # type: ignore[arg-type]
        resume_size=num_here,
        headers=utils.build_hf_headers(token=get_token()),
        expected_size=offer.num_bytes,
        tqdm_class=_bar(on_bytes),
    )


def _bar(on_bytes: OnBytes) -> Any:
    """The Hub's progress, told to us and not to the terminal."""
    tqdm: Any = import_module("huggingface_hub.utils").tqdm

    class Told(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})
            self.num_here = int(options.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self.num_here += int(n or 0)
            on_bytes(self.num_here)

    return Told


def _part(shelf: Shelf, what: Wanted, sha256: str) -> Path:
    """Path of one file's partial download: of another hash they are of another file."""
    return shelf.folder / ".parts" / f"{what.name}-{sha256[:16]}" / "part"


def _check_room(part: Path, offer: Offer) -> None:
    missing = offer.num_bytes - (part.stat().st_size if part.is_file() else 0)
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise OptionError(
            f"{offer.wanted.file} takes {gigabytes(missing)} more, and {gigabytes(free)} are free on the disk.",
            "Make room, or set CATENA_MODELS_FOLDER to a folder on another disk.",
        )


def _check_hash(part: Path, offer: Offer) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found == offer.sha256:
        return
    part.unlink()
    raise ModelRefused(
        f"{offer.wanted.file} came damaged, or changed on its way: its SHA-256 is {found[:12]}…, not "
        f"{offer.sha256[:12]}… It was deleted.",
        f"Fetch it again: catena model get {offer.wanted.name}",
    )


@contextmanager
def _explained(what: Wanted) -> Iterator[None]:
    """Errors of the Hub and of the way to it as ours."""
    import httpx  # the Hub's client speaks by it
    from huggingface_hub import errors

    where = endpoint()
    page = f"{where}/{what.repository}"
    try:
        yield
    except errors.GatedRepoError:
        raise ModelRefused(
            f"{what.repository} is given to those alone who accept its licence.",
            f"Accept it at {page}, and set HF_TOKEN (or: hf auth login).",
        ) from None
    except errors.RepositoryNotFoundError:
        raise ModelRefused(
            f"{where} has no repository {what.repository}, or it is private.",
            "Take another model: catena model ls. For a private one set HF_TOKEN.",
        ) from None
    except errors.EntryNotFoundError:
        raise ModelRefused(
            f"{what.repository} has no file {what.file}.",
            f"See its files at {page}, and fetch one: catena model get {what.repository}/FILE.gguf",
        ) from None
    except errors.OfflineModeIsEnabled:
        raise ModelUnreachable("HF_HUB_OFFLINE forbids to ask the Hub.", "Unset it.") from None
    except errors.HFValidationError as error:
        raise OptionError(f"The Hub takes no such name: {error}.", "See `catena model ls`.") from None
    except (httpx.HTTPError, OSError) as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelUnreachable(f"{what.file} could not be fetched from {where}: {told}", _AGAIN) from None


def _hub() -> Any:
    try:
        import huggingface_hub  # the extra `llm`
    except ImportError as error:
        raise MissingExtra("huggingface-hub", "llm") from error
    logging.getLogger("huggingface_hub").setLevel(
        logging.ERROR
    )  # each attempt would be told, with its address
    return huggingface_hub
