"""Quality of the code's check: true statements made false in known ways, and true ones said otherwise.

catena eval statements --data ../shared/data [--seen] [--misses KIND]

Sentences of fairy tales, a novel and SEC filings are altered by rules, each in one place; the sentence itself is
the quote. Half of the sources (`--seen`) were looked at while the check was written; the other half, which is
measured without it, was not.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pymupdf

from catena.agents.citations.quantities import quantities
from catena.agents.citations.support_check import support
from catena.benchmarks.altered import RULES, Made, Source, make
from catena.retrieval.sentences import sentence_spans
from catena.types import Support

MARKS: tuple[Support, ...] = ("supported", "partial", "unsupported", "contradicted", "unchecked")
PER_SOURCE = 60
"""Sentences taken of each source, half of them with a number where there are so many."""
MAX_PAGES = 80


def sources(data: Path) -> Iterator[Source]:
    """Fairy tales, novels, and the SEC filings of FinanceBench."""
    for path in sorted(data.glob("fairytaleqa/data-by-train-split/section-stories/val/*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield fair_source(path.stem, " ".join(row["text"] for row in csv.DictReader(file)))
    for path in sorted(data.glob("english-novels-100/corpus/*.txt"))[:4]:
        yield fair_source(path.stem, " ".join(path.read_text(encoding="utf-8", errors="replace").split()))
    for path in sorted(data.glob("financebench/pdfs/*.pdf")):
        with pymupdf.open(path) as document:
            pages = [document[number].get_text() for number in range(min(MAX_PAGES, len(document)))]
        yield fair_source(path.stem, " ".join(" ".join(pages).split()))


def fair_source(title: str, text: str) -> Source:
    """Whole sentences of prose, an even draw."""
    found = [text[start:end] for start, end in sentence_spans(text)]
    fair = [
        one
        for one in dict.fromkeys(found)
        if 8 <= len(one.split()) <= 45 and one[0].isupper() and one.endswith(".") and _is_prose(one)
    ]
    random.Random(title).shuffle(fair)
    counted = [one for one in fair if quantities(one)][: PER_SOURCE // 2]
    others = [one for one in fair if one not in counted][: PER_SOURCE - len(counted)]
    return Source(title, (*counted, *others))


def _is_prose(text: str) -> bool:
    words = text.split()
    return sum(word[:1].isalpha() and word.islower() for word in words) > 0.5 * len(words)


def measure(made: Sequence[Made]) -> dict[str, Counter[str]]:
    """Count the verdicts of the check by kind."""
    table: dict[str, Counter[str]] = {alter.__name__: Counter() for alter, _ in RULES}
    for one in made:
        table[one.kind][support(one.text, [one.quote])] += 1
    return table


def report(table: dict[str, Counter[str]]) -> str:
    """A row a kind with the share of each mark; precision and recall of each mark, kinds weighing the same."""
    expected = {alter.__name__: mark for alter, mark in RULES}
    lines = ["| kind | number | expected | " + " | ".join(MARKS) + " |", "| --- " * 7 + "|"]
    shares = {}
    for kind, counts in table.items():
        total = counts.total()
        shares[kind] = {mark: counts[mark] / max(1, total) for mark in MARKS}
        row = " | ".join(f"{shares[kind][mark]:.2f}" for mark in MARKS)
        lines.append(f"| {kind} | {total} | {expected[kind]} | {row} |")
    lines += ["", "| mark | precision | recall |", "| --- | --- | --- |"]
    present = [kind for kind, counts in table.items() if counts]
    for mark in MARKS:
        hit = sum(shares[kind][mark] for kind in present if expected[kind] == mark)
        said = sum(shares[kind][mark] for kind in present)
        want = sum(expected[kind] == mark for kind in present)
        lines.append(f"| {mark} | {hit / max(1e-9, said):.3f} | {hit / max(1, want):.3f} |")
    false = [kind for kind in present if expected[kind] in ("unsupported", "contradicted")]
    passed = sum(shares[kind]["supported"] for kind in false) / max(1, len(false))
    lines += ["", f"False statements marked as supported: {passed:.3f}"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seen", action="store_true", help="the sources that were looked at instead")
    parser.add_argument("--misses", metavar="KIND", help="print what is marked otherwise than expected")
    args = parser.parse_args()
    chosen = [source for source in sources(args.data) if source.is_held_out != args.seen]
    made = [one for source in chosen for one in make(source)]
    for one in made:
        mark = support(one.text, [one.quote])
        if args.misses == one.kind and mark != one.expected:
            print(f"{mark}: {one.text}\n    quote: {one.quote}")
    print(f"{len(chosen)} sources, {len(made)} statements\n\n{report(measure(made))}")


if __name__ == "__main__":
    main()
