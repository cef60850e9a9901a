"""Ids under which a KV-page server has documents: they are sent once, and go when ours go."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from catena.errors import ModelError
from catena.files.atomic_files import write_file
from catena.kv.client.kv_client import KVServer

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
        if not self._path.exists():
            return {}
        return {Key(*key): served_id for *key, served_id in json.loads(self._path.read_text("utf-8"))}

    def _write(self, known: dict[Key, str]) -> None:
        write_file(self._path, json.dumps([[*key, served_id] for key, served_id in known.items()]).encode())


def server_at(api_base: str) -> KVServer:
    """The server of an address, with the key that the environment has for it."""
    return KVServer(api_base, key=os.environ.get("OPENAI_API_KEY", ""))


def forget_served(home: Path, document_id: str) -> int:
    """Delete a document at the servers that have it, now or when they are there again; returns how many have it."""
    if not (home / IDS).exists():
        return 0
    ids = ServedIds(home / IDS)
    num = ids.forget(document_id)
    ids.settle(server_at)
    return num


def _mark_gone(known: dict[Key, str], key: Key) -> None:
    """Note a deletion in place of a document."""
    served_id = known.pop(key)
    known[Key(key.address, "", served_id, "", "")] = served_id
