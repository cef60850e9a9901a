"""Reads the files of public sets: JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catena.errors import OptionError

Record = dict[str, Any]
OWN = "questions.jsonl"
"""Questions of several sets in one form: set, id, docs, question, answer, answerable, evidence, and labels."""


def read_records(path: Path) -> list[Record]:
    """Read a JSON array or JSON lines. Raises OptionError for a file that is neither."""
    try:
        text = path.read_text("utf-8")
        found = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
    except (OSError, ValueError) as error:
        raise OptionError(
            f"{path} cannot be read as JSON: {error}.",
            "Give the set's official .json or .jsonl file; save Parquet as JSON first.",
        ) from error
    if not all(isinstance(record, dict) for record in found):
        raise OptionError(f"{path} holds something else than records.", "Give the set's official file.")
    return list(found)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a head line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def own_records(data: Path, name: str) -> Iterator[Record]:
    """The records of one set in `questions.jsonl`."""
    yield from (record for record in read_records(data / OWN) if record["set"] == name)


def has_own(data: Path) -> bool:
    return (data / OWN).is_file()


def first_file(data: Path, *names: str) -> Path:
    """The first of these files under `data`, which may be the file itself. Raises OptionError."""
    if data.is_file():
        return data
    for name in names:
        if (data / name).is_file():
            return data / name
    raise OptionError(
        f"There is no {' or '.join(names)} in {data}.", "Give the folder or file of the set with --data."
    )


def strings(value: object) -> tuple[str, ...]:
    """One answer or several, numbers too, as strings."""
    if isinstance(value, (list, tuple)):
        return tuple(str(one) for one in value)
    return (str(value),)


def labels(record: Record, **kinds: str) -> dict[str, tuple[str, ...]]:
    """Labels by kind, from the record's fields; what is missing or empty is left out."""
    return {kind: strings(record[key]) for kind, key in kinds.items() if record.get(key)}
