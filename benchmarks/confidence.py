"""Does the reader know when its answer is right, and when a document does not say? On sets left out of the fitting.

catena eval confidence --home FOLDER [--data ../shared/data] [--again] [--every N] [--write]

What the reader would say to every question is kept in FOLDER/seen.jsonl and not asked again but with --again, so that
a fit takes a minute. --write puts the models fitted on all sets into agents/extractive/confidence.toml.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catena.agents import state as codec
from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.extractive.answer_features import Seen, measure
from catena.agents.extractive.answer_reading import AnswerReading
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.graph import run
from catena.agents.reasoner import Draft
from catena.benchmarks.absent import Item, read_items
from catena.benchmarks.confidence_fit import (
    Data,
    Flags,
    Observed,
    Verdicts,
    auroc,
    groups_of,
    left_out,
    shipped_models,
    to_toml,
)
from catena.benchmarks.rightness import is_right
from catena.benchmarks.told import written_out
from catena.client import Catena
from catena.errors import DocumentError
from catena.settings import load_settings
from catena.types import Confidence, Evidence, PageRef


class Recorder(ExtractiveReasoner):
    """The embedded reader, which answers whatever it finds and keeps what it was judged by."""

    seen: Seen | None = None

    def _how_sure(self, seen: Seen, view: DocumentView) -> Confidence:
        self.seen = seen
        return "possible"


def ask_all(catena: Catena, data: Path, items: Iterable[Item], kept: Path) -> None:
    """Ask every question that is not in the file yet; a line each. What the reader finds nothing for is left out."""
    done = (
        {json.loads(line)["id"] for line in kept.read_text("utf-8").splitlines()} if kept.exists() else set()
    )
    with kept.open("a", encoding="utf-8") as file:
        for item in items:
            if item.id in done:
                continue
            try:
                document = catena.add(data / item.file)
            except DocumentError:  # images only: nothing to read without text recognition
                continue
            with_text = {passage.ref.number for passage in catena.library.passages(document.id)}
            if item.gold and not with_text & set(item.gold):
                continue
            recorder = Recorder(catena.embedder)
            deps = Deps(catena.library, catena.retriever, catena.embedder, recorder)
            asyncio.run(run(deps, item.question, [document.id]))
            line = {"id": item.id, "document": document.id, "seen": _to_json(recorder.seen)}
            file.write(json.dumps(line) + "\n")
            file.flush()


def _to_json(seen: Seen | None) -> Any:
    if seen is None or not seen.draft.statements:
        return None
    scores = [[ref.document_id, ref.number, score] for ref, score in seen.page_scores.items()]
    found = [codec.plain(one) for one in seen.found]
    return {
        "question": seen.question,
        "draft": codec.plain(seen.draft),
        "found": found,
        "pages": scores,
    }


def _from_json(data: Mapping[str, Any]) -> Seen:
    scores = {PageRef(document, number): score for document, number, score in data["pages"]}
    found = tuple(codec.value_of(Evidence, one) for one in data["found"])
    return Seen(data["question"], codec.value_of(Draft, data["draft"]), found, scores)


def observe(catena: Catena, items: Iterable[Item], kept: Path) -> Iterator[Observed]:
    """Measure and judge what was kept."""
    by_id = {item.id: item for item in items}
    for line in kept.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["id"] in by_id and row["seen"]:
            view = DocumentView(catena.library, [row["document"]])
            seen = _from_json(row["seen"])
            seen = replace(seen, reading=AnswerReading.of(seen.question, seen.found, view))
            yield Observed(
                by_id[row["id"]], measure(seen, view, catena.embedder), _judge(by_id[row["id"]], seen)
            )


def _judge(item: Item, seen: Seen) -> bool | None:
    lead = seen.draft.statements[0]
    quotes = " ".join(one.text for one in lead.evidence)
    said = lead.text if lead.support is None else f"{lead.text} {quotes}"
    pages = [span.ref.number for one in lead.evidence for span in one.spans]
    return is_right(item, said, pages, seen.draft.short)


def report(data: Data) -> str:
    """A row a set left out, then all of them together; then how right each tenth of the chance is."""
    groups = groups_of(data)
    found = left_out(data, groups)
    rows = [_row(name, data, groups[name], found[name]) for name in groups]
    everyone = np.concatenate([np.flatnonzero(groups[name]) for name in groups])
    joined = Verdicts(
        *(
            np.concatenate([getattr(found[name], part) for name in groups])
            for part in ("there", "right", "is_answered", "is_likely")
        )
    )
    rows.append(_row("all, each set left out in turn", data, everyone, joined))
    head = "| set left out | there | refused | absent | refused | answered, judged | right | likely: share | right |"
    return "\n".join(
        [
            head,
            "| --- " * 9 + "|",
            *rows,
            "",
            *_reliability(data, everyone, joined),
            "",
            _aurocs(data, everyone, joined),
        ]
    )


def _row(name: str, data: Data, rows: NDArray[Any], found: Verdicts) -> str:
    there, right, judged = data.is_there[rows], data.is_right[rows], data.is_judged[rows]
    answered = found.is_answered & judged
    likely = found.is_likely & judged
    return (
        f"| {name} | {there.sum()} | {_share(~found.is_answered[there])} | {(~there).sum()} "
        f"| {_share(~found.is_answered[~there])} | {answered.sum()} | {_share(right[answered])} "
        f"| {_share(found.is_likely[found.is_answered])} | {_share(right[likely])} ({likely.sum()}) |"
    )


def _share(flags: Flags) -> str:
    return f"{flags.mean():.2f}" if len(flags) else "–"


def _reliability(data: Data, rows: NDArray[Any], found: Verdicts) -> Iterator[str]:
    """By fifths of the answered ones, surest first."""
    keep = found.is_answered & data.is_judged[rows]
    order = np.argsort(-found.right[keep], kind="stable")
    right = data.is_right[rows][keep][order]
    yield "| answered, surest first | right |"
    yield "| --- | --- |"
    for part, chunk in enumerate(np.array_split(right, 10)):
        yield f"| {10 * part}–{10 * part + 10}% | {_share(chunk)} |"


def _aurocs(data: Data, rows: NDArray[Any], found: Verdicts) -> str:
    judged = data.is_judged[rows]
    return (
        f"AUROC, there: {auroc(found.there, data.is_there[rows]):.3f}; "
        f"right: {auroc(found.right[judged], data.is_right[rows][judged]):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True, help="keep the documents and what was seen here")
    parser.add_argument("--again", action="store_true", help="ask all questions anew")
    parser.add_argument("--every", type=int, default=1, help="take every N-th question only")
    parser.add_argument("--write", action="store_true", help="write agents/extractive/confidence.toml")
    options = parser.parse_args()
    kept = options.home / "seen.jsonl"
    if options.again:
        kept.unlink(missing_ok=True)
    with Catena(settings=load_settings(home=options.home, background=False, ocr=False)) as catena:
        items = [*read_items(options.data), *written_out(options.data, options.home / "texts")]
        items = items[:: options.every]
        ask_all(catena, options.data, items, kept)
        data = Data.of(list(observe(catena, items, kept)))
    print(report(data))
    if options.write:
        path = Path(str(files("catena.agents.extractive") / "confidence.toml"))
        path.write_text(to_toml(*shipped_models(data)), "utf-8")


if __name__ == "__main__":
    main()
