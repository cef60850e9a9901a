"""Ids under which a KV-page server has documents: they are sent once, and go when ours go."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from catena.errors import LibraryCorrupt, ModelError, ModelUnreachable
from catena.files.atomic_files import write_file
from catena.health import Problem
from catena.kv.client.kv_client import KVServer
from catena.library.checksums import digest
from catena.library.lost_found import set_aside
from catena.local.server_record import standing_of
from catena.local.stored_models import PREFIX

IDS = "served.json"
"""Of which documents the servers have, in the library's folder."""


class Key(NamedTuple):
    """A document at a server: of which model, read with which KV-page policy, and a digest of the text that was sent.

    What is gone here and not yet there has its served id in place of the document's, and no model.
    """

    address: str
    model: str
    document: str
    policy: str
    text: str


class ServedIds:
    """A small file in the library's folder; safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, key: Key) -> str | None:
        return self._read().get(key)

    def put(self, key: Key, served_id: str) -> None:
        """Note where a document is; what the server has of an earlier text of it is to go."""
        with self._lock:
            known = self._read()
            for old in [old for old in known if old[:4] == key[:4] and old.text != key.text]:
                _mark_gone(known, old)
            known[key] = served_id
            self._write(known)

    def forget(self, document_id: str) -> int:
        """Note that a document is gone here, at every server that has it; returns how many those are."""
        with self._lock:
            known = self._read()
            gone = [key for key in known if key.document == document_id]
            for key in gone:
                _mark_gone(known, key)
            if gone:
                self._write(known)
            return len(gone)

    def settle(self, server_of: Callable[[str], KVServer]) -> int:
        """Delete at the servers what is gone here; one that is down, or refuses, is asked again another time.

        Returns how many deletions are done.
        """
        with self._lock:
            known = self._read()
            num_done = 0
            for key in [key for key in known if not key.model]:
                try:
                    server_of(key.address).delete(known[key])
                except ModelError:
                    continue
                del known[key]
                num_done += 1
            if num_done:
                self._write(known)
            return num_done

    def _read(self) -> dict[Key, str]:
        """What is known. Raises LibraryCorrupt; a file of an older version is a list without its checksum."""
        if not self._path.exists():
            return {}
        try:
            said = json.loads(self._path.read_bytes())
            rows = said["served"] if isinstance(said, dict) else said
            if isinstance(said, dict) and said["checksum"] != digest(json.dumps(rows)):
                raise ValueError("not as it was written")
            return {Key(*key): str(served_id) for *key, served_id in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise LibraryCorrupt(
                f"{self._path} was damaged on the disk: which documents KV-page servers have is not known.",
                "Run `catena doctor --repair`: it sets the file aside, and documents are sent again.",
            ) from error

    def _write(self, known: dict[Key, str]) -> None:
        rows = [[*key, served_id] for key, served_id in known.items()]
        said = {"checksum": digest(json.dumps(rows)), "served": rows}
        write_file(self._path, json.dumps(said).encode())


def check_served(home: Path, *, repair: bool) -> list[Problem]:
    """Tell whether the file is damaged; with `repair` it goes to lost+found."""
    try:
        ServedIds(home / IDS).get(Key("", "", "", "", ""))
    except LibraryCorrupt as error:
        if not repair:
            return [Problem("servers", error.message, error.remedy, can_repair=True)]
        set_aside(home, home / IDS)
    return []


def server_at(address: str, models: Path) -> KVServer:
    """The server of an address, with the key that the environment has for it; or the one of a local model that runs.

    `models` is the folder of local models. Raises ModelUnreachable for a local one that does not run.
    """
    if not address.startswith(PREFIX):
        return KVServer(address, key=os.environ.get("OPENAI_API_KEY", ""))
    record = standing_of(models, address.removeprefix(PREFIX)).running()
    if record is None:
        raise ModelUnreachable(f"The server of {address} does not run.", "Ask it something.")
    return KVServer(record.api_base, key=record.key, name=address)


def forget_served(home: Path, models: Path, document_id: str) -> int:
    """Delete a document at the servers that have it, now or when they are there again; returns how many have it."""
    if not (home / IDS).exists():
        return 0
    ids = ServedIds(home / IDS)
    num = ids.forget(document_id)
    ids.settle(lambda address: server_at(address, models))
    return num


def _mark_gone(known: dict[Key, str], key: Key) -> None:
    """Note a deletion in place of a document."""
    served_id = known.pop(key)
    known[Key(key.address, "", served_id, "", "")] = served_id
