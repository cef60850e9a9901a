"""Record of a model's server on the disk: a lock that lives as long as it does, its record, its log."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from catena.files.atomic_files import FILE_MODE, make_folder, write_file
from catena.jobs.worker_start import is_held

MAX_LOG = 1 << 20
EngineKind = Literal["llama.cpp", "kv"]
"""Who computes: llama.cpp the GGUF file, or the server of KV pages the model's copy in bfloat16."""


@dataclass(frozen=True, slots=True)
class Record:
    """A server that listens; or, with a `fault`, one that could not. The key is for this machine's owner alone."""

    pid: int
    port: int = 0
    key: str = ""
    window: int = 0
    fault: str = ""
    remedy: str = ""
    engine: EngineKind = "llama.cpp"

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@dataclass(frozen=True, slots=True)
class Standing:
    """The files of one model's server."""

    folder: Path
    name: str

    @property
    def lock(self) -> Path:
        """Held by the server while it lives."""
        return self.folder / f"{self.name}.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts the server, until it listens."""
        return self.folder / f"{self.name}.start"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.name}.json"

    @property
    def lives(self) -> bool:
        return is_held(self.lock)

    def read(self) -> Record | None:
        """The record, whether or not its server still lives."""
        with suppress(OSError, ValueError, TypeError):
            return Record(**json.loads(self._record.read_text("utf-8")))
        return None

    def running(self) -> Record | None:
        """The record of a server that lives and listens: one that nobody holds the lock for is stale."""
        record = self.read()
        return record if record is not None and not record.fault and self.lives else None

    def write(self, record: Record) -> None:
        write_file(self._record, json.dumps(asdict(record)).encode())

    def forget(self) -> None:
        self._record.unlink(missing_ok=True)

    def open_log(self) -> Path:
        """The log, begun anew where it has grown."""
        make_folder(self.folder)
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > MAX_LOG:
                self.log.unlink()
        self.log.touch(FILE_MODE)
        return self.log

    def last_words(self) -> str:
        """Return the log's last error, in one line."""
        try:
            lines = self.log.read_bytes()[-16_384:].decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        told = [line.strip() for line in lines if " E " in line or "rror" in line] or [
            one.strip() for one in lines
        ]
        return " ".join(told[-1].split())[-240:] if told else ""


def standing_of(folder: Path, name: str) -> Standing:
    """The files of a model's server, beside the models."""
    return Standing(folder / ".servers", name)
