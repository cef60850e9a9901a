"""Border of the command line and the terminal: letters that it does not have, ends of pipes, and errors of any kind."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import sys
import unicodedata
from collections.abc import Callable
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from catena.errors import CatenaError, OptionError
from catena.files.disk_reserve import FULL
from catena.redaction import without_secrets
from catena.render.harmless import for_json, harmless, one_line, without_codes

PLAIN = "catena-plain"
"""The name of our way to write what an encoding does not have."""
TRACEBACK = "CATENA_TRACEBACK"
"""A variable by which a fault of our own is shown with where it came from."""
_INSTEAD = {
    "✓": "+", "✗": "x", "·": ".", "…": "...", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-",
    "−": "-", "•": "*", "→": "->", "←": "<-", "€": "EUR", "£": "GBP", "×": "x", "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
"""ASCII for the marks of answers and of print."""


def prepare_streams() -> None:
    """Have what a terminal's encoding lacks written as near as it can be, never as an error."""
    codecs.register_error(PLAIN, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=PLAIN)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = (_nearest(char, error.encoding) for char in error.object[error.start : error.end])
    return "".join(found), error.end


def _nearest(char: str, encoding: str) -> str:
    for text in (_INSTEAD.get(char, ""), unicodedata.normalize("NFKD", char)):
        kept = text.encode(encoding, "ignore").decode(encoding)
        if kept.strip() or (text and text.isspace()):
            return kept
    return "?"


def print_json(data: object, *, indent: int | None = 2) -> None:
    """Print JSON that loses nothing: what the stream cannot write is escaped."""
    text = for_json(json.dumps(data, indent=indent, ensure_ascii=False))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=indent)
    print(text, flush=indent is None)


def say(text: str, *, is_error: bool = False, is_flushed: bool = False) -> None:
    """Print a line: whatever stands in it commands no terminal."""
    print(harmless(text), file=sys.stderr if is_error else sys.stdout, flush=is_flushed)


def show(text: str) -> None:
    """Print a text whose parts were made harmless one by one."""
    print(without_codes(text))


def write_file(path: Path, data: bytes) -> None:
    """Write a file that was asked for. Raises OptionError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise _not_written(path, error) from error


def make_folder_for(path: Path) -> None:
    """Make the folder that files are asked to be written to. Raises OptionError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> OptionError:
    return OptionError(f"{path} cannot be written: {error.strerror}.", "Give --render another place.")


def guarded(work: Callable[[], Any], fail: Callable[[CatenaError], None]) -> None:
    """Run the command line: every error becomes a line and an exit code, none a traceback.

    `fail` prints one of ours and exits.
    """
    try:
        _ended(work)
    except CatenaError as error:
        fail(error)
    except KeyboardInterrupt:
        _say("Stopped.")
        _exit(130)
    except BrokenPipeError:
        _exit(1)  # nobody reads on
    except OSError as error:
        _say(f"error: {_of_system(error)}")
        if error.errno in FULL:
            _say("       Free some space there, or write elsewhere.")
        _exit(1)
    except Exception as error:  # the border: what nobody foresaw
        if os.environ.get(TRACEBACK):
            raise
        _say(f"error: A fault of Catena's own: {type(error).__name__}: {_said(error)}")
        _say(f"       Please report it; {TRACEBACK}=1 shows where it is.")
        _exit(1)


def _ended(work: Callable[[], Any]) -> None:
    """Do the work, and write what is still to be written while errors can be told."""
    try:
        work()
    finally:
        sys.stdout.flush()


def _said(error: Exception) -> str:
    return " ".join(without_secrets(str(error)).split())[:300]


def _of_system(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    if error.errno in FULL and not error.filename:
        what = f"What was printed could not be written: {what}"
    where = f" ({one_line(os.fsdecode(error.filename))})" if error.filename else ""
    return f"{what}{where}."


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        say(line, is_error=True)


def _exit(code: int) -> None:
    """End with a code, though a stream can take nothing more: Python would complain of it at its end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
    sys.exit(code)


SOURCE = "catena.benchmarks"


def require_checkout() -> None:
    """Raise OptionError where Catena was installed without its measurements."""
    if find_spec(SOURCE) is None:
        raise OptionError(
            "Measurements are not installed: they are in Catena's source, and no part of the package.",
            "Get the source, and run `make test` once and then .venv/bin/catena there (CONTRIBUTING.md).",
        )
