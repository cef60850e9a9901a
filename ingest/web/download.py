"""The parent's end of a download: it starts the process that asks the web, waits for it, and judges what it tells."""

from __future__ import annotations

import json
import mimetypes
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from catena.errors import DISTRIBUTION, DocumentError, FailureReason
from catena.ingest.confinement.confinement import clean_environment
from catena.web_addresses import file_name

SECONDS = 300.0
"""Most wall clock for one document."""
TESTED_PORTS: frozenset[int] = frozenset()
"""Ports of loopback that are let through. Code alone can set it: no variable, no setting, no option."""
_COMMAND = (sys.executable, "-P", "-m", "catena.ingest.web.web_request")
_REASONS = frozenset(get_args(FailureReason))
_MAX_TOLD = 64 << 10
_FILE_NAME = re.compile(r"filename\*?=(?:UTF-8'[^']*')?\"?([^\";]+)", re.I)
_OWN_KINDS = (".pdf", ".epub", ".docx")


@dataclass(frozen=True, slots=True)
class Download:
    """What an address led to: a file, and what the server said of it; `file` is None where nothing has changed."""

    file: Path | None
    url: str
    etag: str = ""
    modified: str = ""


def download(
    url: str, folder: Path, *, max_bytes: int, etag: str = "", modified: str = "", seconds: float = SECONDS
) -> Download:
    """Fetch an address into a file of `folder`, or learn that it is as it was. Raises DocumentError."""
    request = {
        "url": url,
        "etag": etag,
        "modified": modified,
        "max_bytes": max_bytes,
        "seconds": seconds,
        "tested": sorted(TESTED_PORTS),
        "agent": f"{DISTRIBUTION} (a reader that a person asked to fetch this)",
        "wants_pdf": url.startswith("https://doi.org/"),
    }
    body = folder / "body"
    told = _asked(request, body, seconds)
    if told["status"] == 304:
        return Download(None, told["url"], etag, modified)
    named = folder / _name(told)
    body.rename(named)
    return Download(named, told["url"], told["etag"], told["modified"])


def _asked(request: dict[str, Any], body: Path, seconds: float) -> dict[str, Any]:
    """Run the process; it has no secrets, and is ended when its time is up."""
    with body.open("wb") as out, tempfile.TemporaryFile() as news:
        process = subprocess.Popen(
            [*_COMMAND, str(out.fileno())],
            env=clean_environment(os.environ),
            stdin=subprocess.PIPE,
            stdout=news,
            stderr=subprocess.DEVNULL,
            pass_fds=[out.fileno()],
            start_new_session=True,
        )
        try:
            process.communicate(json.dumps(request).encode(), timeout=seconds + 5)
        except subprocess.TimeoutExpired:
            raise DocumentError(
                "timeout",
                f"{request['url']} took more than {seconds:.0f} s.",
                "Download it, and add the file.",
            ) from None
        finally:
            process.kill()
            process.wait()
        news.seek(0)
        return _judged(news.read(_MAX_TOLD), str(request["url"]))


def _judged(data: bytes, url: str) -> dict[str, Any]:
    """What the process told, checked: it has listened to strangers."""
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("reason") in _REASONS:
        raise DocumentError(
            told["reason"], str(told.get("message", ""))[:2000], str(told.get("remedy", ""))[:500]
        )
    texts = ("url", "type", "etag", "modified", "name")
    if (
        not isinstance(told, dict)
        or told.get("status") not in (200, 304)
        or not all(isinstance(told.get(one), str) for one in texts)
    ):
        raise DocumentError(
            "unreachable", f"{url} could not be fetched: the process that asks ended.", "Try again."
        )
    return told


def _name(told: dict[str, Any]) -> str:
    """A name for the file: the server's, else the address's, with an ending that says what the server says it is."""
    given = _FILE_NAME.search(told["name"])
    name = file_name(f"https://x/{given[1]}") if given else file_name(told["url"])
    kind = told["type"].split(";")[0].strip().lower()
    ending = Path(name).suffix.lower()
    if kind in ("text/html", "application/xhtml+xml") and ending not in _OWN_KINDS:
        return name if ending in (".html", ".htm", ".xhtml") else f"{name}.html"
    guessed = mimetypes.guess_extension(kind) or ""
    return name if mimetypes.guess_type(name)[0] or guessed in ("", ".bin") else f"{name}{guessed}"
