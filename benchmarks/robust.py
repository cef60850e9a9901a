"""Parses every file of a folder of broken, locked and hostile documents, and says what became of each.

    catena eval robust [FOLDER] [--alone N] [--list]

FOLDER: by default `robust` of the development data ($CATENA_DATA or ../shared/data).
Exit code 1 when a file crashed or hung the parser, was left without a reason, or read otherwise than alone.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import Settings, load_settings
from catena.types import Document

# What the parser must not do to us; `timeout`, `out_of_memory` and `too_big` are limits that held.
_TROUBLE = ("crashed",)


@dataclass(frozen=True, slots=True)
class Result:
    """One file's outcome; `text` is a digest of all its pages."""

    path: Path
    document: Document
    text: str
    seconds: float

    @property
    def complaint(self) -> str:
        """Return the fault of the outcome, or nothing."""
        document = self.document
        if document.reason in _TROUBLE:
            return document.message
        if document.status == "failed" and not (document.reason and document.message and document.remedy):
            return "failed without reason, message and remedy"
        if document.status == "partial" and not document.message:
            return "partial, but what is missing is not said"
        return ""


def data_folder() -> Path:
    """The folder of hostile files in the development data."""
    return Path(os.environ.get("CATENA_DATA", "../shared/data")) / "robust"


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def parse_all(
    paths: Sequence[Path], settings: Settings, *, on_result: Callable[[Result], None] | None = None
) -> list[Result]:
    """Parse all files through one pool, several at once, as `catena add` does."""
    with (
        ParserPool(settings) as pool,
        ThreadPoolExecutor(settings.parser.processes) as executor,
    ):
        results = []
        for result in executor.map(lambda path: _parse(pool, path), paths):
            results.append(result)
            if on_result is not None:
                on_result(result)
        return results


def _parse(pool: ParserPool, path: Path) -> Result:
    started = time.monotonic()
    document, pages = pool.parse(path, document_id=_digest(path))
    seconds = time.monotonic() - started
    text = hashlib.sha256()
    for page in pages:
        text.update(f"{page.ref.number}\0{page.label}\0{page.text}\0".encode())
    return Result(path, document, text.hexdigest(), seconds)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differing(results: Sequence[Result], settings: Settings, count: int) -> list[Path]:
    """Parse a sample of the good files again, each in a pool of its own; name those whose text differs."""
    good = [result for result in results if result.document.status != "failed"]
    sample = good[:: max(1, len(good) // count)][:count] if count else []
    return [result.path for result in sample if parse_all([result.path], settings)[0].text != result.text]


def table_of(results: Sequence[Result], folder: Path) -> Table:
    """Files by family and outcome."""
    table = Table("family", "files", "ready", "partial", "failed", "reasons", "seconds")
    families: dict[str, list[Result]] = {}
    for result in results:
        families.setdefault(result.path.relative_to(folder).parts[0], []).append(result)
    for family, members in [*families.items(), ("all", list(results))]:
        states = Counter(result.document.status for result in members)
        reasons = Counter(result.document.reason for result in members if result.document.reason)
        table.add_row(
            family,
            str(len(members)),
            *(str(states[status]) for status in ("ready", "partial", "failed")),
            ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())),
            f"{sum(result.seconds for result in members):.1f}",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=data_folder())
    parser.add_argument("--alone", type=int, default=20, help="good files to parse again, each alone")
    parser.add_argument("--list", action="store_true", help="print a line for every file")
    options = parser.parse_args(arguments)
    console = Console()
    paths = files_of(options.folder)
    if not paths:
        console.print(f"There are no files in {options.folder}; set CATENA_DATA.", markup=False)
        return 2
    settings = load_settings(ocr=False)  # the parser is meant, not Tesseract
    started = time.monotonic()
    results = parse_all(paths, settings, on_result=_print if options.list else None)
    console.print(table_of(results, options.folder))
    slowest = max(results, key=lambda result: result.seconds)
    console.print(
        f"{len(results)} files in {time.monotonic() - started:.0f} s; slowest: {slowest.path.name}, "
        f"{slowest.seconds:.1f} s",
        markup=False,
    )
    complaints = [f"{result.path}: {result.complaint}" for result in results if result.complaint]
    complaints += [f"{path}: other text than alone" for path in differing(results, settings, options.alone)]
    for complaint in complaints:
        console.print(complaint, markup=False, soft_wrap=True)
    return 1 if complaints else 0


def _print(result: Result) -> None:
    document = result.document
    state = f"{document.status} {document.reason or ''}".strip()
    print(f"{state:24} {result.seconds:6.2f} {document.num_pages:5} {result.path.name}  {document.message}")


if __name__ == "__main__":
    sys.exit(main())
