"""The data card beside an exported set: what is in it, where from, what was filtered, and what leaks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catena.bookqa.export import Format
from catena.bookqa.item_filters import REASONS
from catena.bookqa.items import Item
from catena.bookqa.rule_judge import gives_away

UNKNOWN = "not stated: check each book before you publish"
NOTES: dict[Format, str] = {
    "messages": "A chat a record: the question, then the answer with its quotes and pages.",
    "dpo": "A pair a record: the responses of the winner and of the loser of a game; ties are left out. Where the "
    "winner was wrong, the right answer is chosen (`chosen_system` is `item`).",
    "squad": "SQuAD 2.0: pages of the evidence as context. `answer_start` points into the evidence; where that does "
    "not hold the answer word for word, the quotes are the answers.",
    "ragas": "Ragas' single-turn samples.",
    "lciteeval": "L-CiteEval's form: the book as passages; `evidence` has the numbers of those with the quotes.",
    "longbench": "LongBench's form: the whole book in `context`.",
}


@dataclass(frozen=True, slots=True)
class Leaks:
    """Items whose question gives its answer away, whose question another item of the book has, and whose quotes
    another item of the book uses: such must not be on both sides of a split."""

    given_away: int
    repeated: int
    shared_evidence: int


def leaks(items: Sequence[Item]) -> Leaks:
    """Count what a split or a test would be spoilt by."""
    asked = Counter((item.book, " ".join(item.question.casefold().split())) for item in items)
    quoted = Counter((item.book, citation.quote) for item in items for citation in item.citations)
    return Leaks(
        sum(gives_away(item.question, item.answer) for item in items),
        sum(count - 1 for count in asked.values()),
        sum(any(quoted[item.book, one.quote] > 1 for one in item.citations) for item in items),
    )


def data_card(
    items: Sequence[Item],
    format: Format,
    file: str,
    num_records: int,
    *,
    licences: Mapping[str, str] | None = None,
    rejected: Mapping[str, int] | None = None,
) -> str:
    """Markdown with the head that the Hugging Face hub reads. `licences` by book id; `rejected` counts by filter."""
    found = leaks(items)
    titles = {item.book: item.title for item in items}
    of_book, kinds = Counter(item.book for item in items), Counter(item.kind for item in items)
    made_by = sorted({(one.provenance.model, one.provenance.prompts, one.provenance.seed) for one in items})
    lines = [
        *("---", "task_categories:", "- question-answering", "configs:", "- config_name: default"),
        *("  data_files:", "  - split: train", f"    path: {json.dumps(file)}", "---", ""),
        f"# {len(items)} questions about {len(titles)} books ({format})",
        *(
            "",
            f"{num_records} records. {NOTES[format]} Made with Catena; every quote was found in its book by code.",
        ),
        *("", "## Books", "", "| book | questions | SHA-256 | licence |", "| --- | ---: | --- | --- |"),
        *(
            f"| {_cell(title)} | {of_book[book]} | `{book[:16]}` | {_cell((licences or {}).get(book, UNKNOWN))} |"
            for book, title in sorted(titles.items(), key=lambda pair: pair[1])
        ),
        *("", "## Questions", "", "| kind | questions |", "| --- | ---: |"),
        *(f"| {kind} | {count} |" for kind, count in sorted(kinds.items())),
        *("", "Written by: " + "; ".join(f"{m} (prompts {p}, seed {s})" for m, p, s in made_by) + ".", ""),
        *("## Filters", "", *_filters(rejected)),
        *("", "## Leak check", ""),
        f"- {found.given_away} questions hold most words of their answer",
        f"- {found.repeated} questions are asked twice of the same book",
        f"- {found.shared_evidence} items share a quote with another item: keep a book on one side of a split",
        "",
    ]
    return "\n".join(lines)


def _filters(rejected: Mapping[str, int] | None) -> list[str]:
    if rejected is None:
        return ["Not known: the work file of the set (`SET.jsonl.db`) is not beside it."]
    return [
        "| thrown away because | items |",
        "| --- | ---: |",
        *(f"| {about} | {rejected.get(reason, 0)} |" for reason, about in REASONS.items()),
    ]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
