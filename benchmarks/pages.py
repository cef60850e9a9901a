"""Questions whose evidence pages are known, and what was found for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from catena.library.library import Library

SETS = ("financebench", "mmlongbench-doc")
READABLE = {"Pure-text (Plain-text)", "Table"}

Search = Callable[[str, str], list[int]]
"""Question and document id to page numbers, best first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a data set; `gold` are its evidence pages."""

    question: str
    file: str
    gold: frozenset[int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one question: the pages found, and the pages that count."""

    asked: Asked
    found: tuple[int, ...]

    def any_at(self, k: int, slack: int = 0) -> bool:
        return any(abs(page - gold) <= slack for page in self.found[:k] for gold in self.asked.gold)

    def all_at(self, k: int, slack: int = 0) -> bool:
        return all(any(abs(page - gold) <= slack for page in self.found[:k]) for gold in self.asked.gold)


def questions(data: Path, name: str) -> list[Asked]:
    """The answerable questions of a set whose evidence is text or a table on known pages."""
    found = []
    for line in (data / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["set"] != name or not row["answerable"]:
            continue
        gold = frozenset(one["page"] for one in row["evidence"] if "page" in one)
        if gold and (name != "mmlongbench-doc" or READABLE & set(row.get("modality") or ())):
            found.append(Asked(row["question"], row["docs"][0], gold))
    return found


def with_text(asked: Sequence[Asked], ids: Mapping[str, str], library: Library) -> list[Asked]:
    """The questions with a word to be found on a gold page; no retriever can find the others."""
    pages = {
        file: {passage.ref.number for passage in library.passages(document_id)}
        for file, document_id in ids.items()
    }
    return [one for one in asked if one.gold & pages.get(one.file, set())]


def measure(asked: Sequence[Asked], ids: Mapping[str, str], search: Search) -> list[Outcome]:
    """Ask every question of its own document."""
    return [Outcome(one, tuple(search(one.question, ids[one.file]))) for one in asked]
