"""Which documents a KV-page server has, under which ids: so that they are sent once, and go when ours go."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from catena.durable import write_file
from catena.errors import ModelError
from catena.serving.remote import KVServer

Key = tuple[str, str, str]
"""Address of the server, model, document."""
DELETED = ""
"""Stands in place of a document that is gone here and not yet there."""


class ServedIds:
    """A small file in the library's folder; safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, key: Key) -> str | None:
        return self._read().get(key)

    def put(self, key: Key, served_id: str) -> None:
        with self._lock:
            self._write({**self._read(), key: served_id})

    def forget(self, document_id: str) -> int:
        """Note that a document is gone here, at every server that has it; returns how many those are."""
        with self._lock:
            known = self._read()
            gone = [key for key in known if key[2] == document_id]
            for key in gone:
                served_id = known.pop(key)
                known[key[0], DELETED, served_id] = served_id
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
            for key in [key for key in known if key[1] == DELETED]:
                try:
                    server_of(key[0]).delete(known[key])
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
        rows = json.loads(self._path.read_text("utf-8"))
        return {(address, model, document): served_id for address, model, document, served_id in rows}

    def _write(self, known: dict[Key, str]) -> None:
        write_file(self._path, json.dumps([[*key, served_id] for key, served_id in known.items()]).encode())
