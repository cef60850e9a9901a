"""Does the answer name the one number asked for, with unit and scale? Real tables whose cell is known.

A question counts as answered from one cell by this rule alone: its gold answer is one number of three digits or
more, and a table row of a gold page (or of its neighbour, where a set's page labels may be one off) prints that
number, rounded as the gold answer is, in thousands or millions as the table has it. Nothing that judges here
shares code with the reader.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from catena.agents.context import Deps
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.graph import run
from catena.client import Catena
from catena.errors import DocumentError
from catena.retrieval.protocols import Retriever
from catena.types import Answer, Document, Page, PageHit, PageRef

SETS = ("financebench", "mmlongbench-doc")
MIN_DIGITS = 3
"""Shorter numbers stand on a page full of numbers by chance."""
ONE_OFF = {"mmlongbench-doc"}
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_FACTORS = (1.0, 1e3, 1e6, 1e-3, 1e-6)
_GOLD = re.compile(r"(?P<sign>-?)(?P<currency>[$€£]?)(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<percent>\s?%?)\s*")
_NAMED = re.compile(
    r"(?P<sign>[-−]?)(?P<currency>[$€£¥₹]?)(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)(?P<percent>\s?%)?"
    r"(?:\s(?P<scale>thousand|million|billion))?(?![\w.,]\d)"
)
_PRINTED = re.compile(r"\d[\d,]*(?:\.\d+)?")
_ASKED_SCALE = re.compile(r"\b(?:in|of) (?:usd )?(thousand|million|billion)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """`value` as printed; `scale` 0 where none is stated; half of the last digit is the `tolerance`.

    `unit` "" leaves the currency open, "bare" forbids one.
    """

    value: float
    unit: str = ""
    scale: float = 0.0
    tolerance: float = 1e-9

    def is_named_by(self, text: str) -> bool:
        """Tell whether `text` opens with this number; a scale or currency that was not asked for may be added."""
        found = _NAMED.match(text)
        if found is None:
            return False
        value = float(found["digits"].replace(",", "")) * (-1 if found["sign"] else 1)
        if self.scale:
            value *= _SCALES.get(found["scale"] or "", 1.0) / self.scale
        return abs(value - self.value) <= self.tolerance and self._allows(
            "%" if found["percent"] else found["currency"]
        )

    def _allows(self, unit: str) -> bool:
        if self.unit == "":
            return unit != "%"
        return unit == self.unit or (self.unit == "bare" and unit == "")


@dataclass(frozen=True, slots=True)
class FigureQuestion:
    """`pages` are those whose table holds the cell."""

    id: str
    text: str
    file: str
    number: Number
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Counts of one way of answering: `named` opened with a number, `right` with the one asked for."""

    name: str
    num: int
    named: int
    right: int
    failures: tuple[str, ...] = ()


class GivenPages:
    """A retriever that brings the pages it was given: what the reader does when retrieval is perfect."""

    def __init__(self, catena: Catena, pages: Iterable[int]) -> None:
        self._library, self._pages = catena.library, frozenset(pages)

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        passages = [one for one in self._library.passages(document_ids[0]) if one.ref.number in self._pages]
        refs = sorted({one.ref for one in passages})
        return [PageHit(ref, 1.0, "given", tuple(p for p in passages if p.ref == ref)) for ref in refs]


def read_figure_questions(data: Path, catena: Catena, name: str) -> Iterator[FigureQuestion]:
    """The questions of a set that one cell answers; adds their documents, skips those without text."""
    for line in (data / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["set"] != name or not row["answerable"] or not _is_of_tables(row):
            continue
        number = gold_number(row["question"], row["answer"])
        if number is None:
            continue
        try:
            document = catena.add(data / row["docs"][0])
        except DocumentError:  # images only: nothing to read without text recognition
            continue
        near = (0, -1, 1) if name in ONE_OFF else (0,)
        listed = [one["page"] + step for one in row["evidence"] for step in near]
        pages = tuple(n for n in dict.fromkeys(listed) if _has_cell(catena, document, n, number))
        if pages:
            yield FigureQuestion(row["id"], row["question"], row["docs"][0], number, pages)


def _is_of_tables(row: dict[str, object]) -> bool:
    if row["set"] != "mmlongbench-doc":
        return True
    return row["format"] in ("Int", "Float") and "Table" in (row["modality"] or ())  # type: ignore[operator]


def gold_number(question: str, answer: object) -> Number | None:
    """Read a gold answer that is one number of enough digits; its scale is the one the question asks for."""
    found = _GOLD.fullmatch(str(answer).strip())
    if found is None or len(re.sub(r"\D", "", found["digits"]).lstrip("0")) < MIN_DIGITS:
        return None
    digits = found["digits"].replace(",", "")
    decimals = len(digits.partition(".")[2].rstrip("0"))
    scale = _ASKED_SCALE.search(question)
    return Number(
        float(found["sign"] + digits),
        found["percent"].strip() or found["currency"],
        _SCALES[scale[1].lower()] if scale else 0.0,
        0.5 * 10**-decimals + 1e-9,
    )


def _has_cell(catena: Catena, document: Document, number: int, wanted: Number) -> bool:
    if not 1 <= number <= document.num_pages:
        return False
    page = catena.library.page(PageRef(document.id, number))
    return any(_equals(float(cell), wanted) for row in _rows(page) for cell in row)


def _rows(page: Page) -> Iterator[list[str]]:
    for line in page.lines:
        if line.kind == "row":
            yield [one.replace(",", "") for one in _PRINTED.findall(page.text, line.start, line.end)]


def _equals(cell: float, wanted: Number) -> bool:
    factors = _FACTORS if abs(wanted.value) >= 1 and wanted.unit != "%" else (1.0,)
    return any(abs(cell * factor - abs(wanted.value)) <= wanted.tolerance for factor in factors)


def ask_with(catena: Catena, retriever: Retriever, question: str, document_id: str) -> Answer:
    """Ask the embedded reader with another retriever than Catena's own."""
    reasoner = ExtractiveReasoner(catena.embedder)
    deps = Deps(catena.library, retriever, catena.embedder, reasoner)
    return asyncio.run(run(deps, question, [document_id]))


def measure_figures(
    name: str, asked: Sequence[FigureQuestion], answer: Callable[[FigureQuestion], Answer]
) -> Named:
    """Ask all questions one way."""
    num_named = num_right = 0
    failures = []
    for question in asked:
        text = answer(question).text
        is_right = question.number.is_named_by(text)
        num_named += _NAMED.match(text) is not None
        num_right += is_right
        if not is_right:
            failures.append(f"{question.id}: {question.text.strip()} -> {text[:120]!r}")
    return Named(name, len(asked), num_named, num_right, tuple(failures))


def to_markdown(rows: Sequence[Named]) -> str:
    lines = ["| | questions | a number named | the right one |", "| --- " * 4 + "|"]
    lines += [f"| {row.name} | {row.num} | {row.named} | {row.right} |" for row in rows]
    return "\n".join(lines)
