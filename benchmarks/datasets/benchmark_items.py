"""One question of a public set, with what the set knows of its answer and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """Source of a question: a file, whose units are its pages, or text in units.

    The units (sections, passages, sentences) put together are the text; they are numbered from 1.
    """

    name: str
    path: Path | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """`key` names the question within its set; `gold` are the units of its evidence, empty if not known.

    `labels` are what scores are broken down by: the set's own types, formats, modalities; a question may have
    several of a kind, or none. `record` is the official record, and `file` the name of its file
    without ending, for predictions in the official form.
    """

    key: str
    question: str
    answers: tuple[str, ...]
    source: Source
    gold: frozenset[int] = frozenset()
    is_answerable: bool = True
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Answer in the terms of the set: each statement with the units of each of its citations.

    `short` and `score` are there where a short answer was scored.
    """

    text: str
    statements: Sequence[tuple[str, Sequence[Sequence[int]]]]
    short: str = ""
    score: float = 0.0
